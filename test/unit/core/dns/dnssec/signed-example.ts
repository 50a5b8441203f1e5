/**
 * `example.test` as BIND's dnssec-signzone signed it on one day in November 2026, with a key-signing key 59348 and a
 * zone-signing key 27063 of ECDSA P-256. Its signatures hold from 14 November to 12 December 2026, noon UTC.
 */
export const SIGNED_ZONE = `example.test. 300 IN SOA ns1.example.test. hostmaster.example.test. 7 3600 900 604800 300
example.test. 300 IN RRSIG SOA 13 2 300 20261212120000 20261114120000 27063 example.test. Qh3N9nJ2to6NxhR85gU2+KdPMFPfBKriyI8m0SER7F+VOFM2I/VwajXl ud8wQSV2Xe1QQWuh9vblOX87rbEh9A==
example.test. 300 IN NS ns1.example.test.
example.test. 300 IN NS ns2.example.test.
example.test. 300 IN RRSIG NS 13 2 300 20261212120000 20261114120000 27063 example.test. uT55yrwoGhSnUQBU0ZLeY2SHlw6fll9p/Iy8dMKKbxnQUHD03tfjFaKJ 1T9idYsq7GmBE+MDT2q00k3tyYk7lQ==
example.test. 300 IN NSEC Mixed.example.test. NS SOA RRSIG NSEC DNSKEY
example.test. 300 IN RRSIG NSEC 13 2 300 20261212120000 20261114120000 27063 example.test. TSfQDuM5MAcMxz9y3KWLxO1GcaEJH06Z0OT5MYkyx6x3k5bzoCkFf7J4 toQ74jgeMn9JDJA2ASF33lb7LOquQA==
example.test. 300 IN DNSKEY 256 3 13 mTWter/ENhyGXq94ywTICI5pAMDsSmQZDBTl/gYrQl9vee74ZoLWlw3h gxBxzJFznQoeSw/ZaU3X8OnB30FA2g==
example.test. 300 IN DNSKEY 257 3 13 4FJAwHo/3cp92YSADlqtO+yr3UXoOoSGpm178Y/m5PT4lMEKGYhoVnG0 AoE58SzKXL4bS60wUc5F3n1BXTsw+Q==
example.test. 300 IN RRSIG DNSKEY 13 2 300 20261212120000 20261114120000 27063 example.test. +aaNaqSPbBGWBnprWGt4UsAb4KYUGybhUsFNiSa4w5uYeA140u4cb6zR 6+EDu730gg9EOgLh4R+H/mH/zRnpDg==
example.test. 300 IN RRSIG DNSKEY 13 2 300 20261212120000 20261114120000 59348 example.test. f2qawn1S14qzL/PziimWr0DSKRYiKxRVLvcz9u3C6DNAypC3kzApe9ev 6BjNphdpYrRC4+ZCB9k/ClBWAqErfQ==
Mixed.example.test. 300 IN MX 10 WWW.example.test.
Mixed.example.test. 300 IN RRSIG MX 13 3 300 20261212120000 20261114120000 27063 example.test. j6a4y5EpcpNWQqFPRIjQfTQJiQ6VhEQx/ay9psoC9OkCX1VIfsw8NXQ9 mLcmN/dkPIeBV9thx6vFj0oAo9WWEQ==
Mixed.example.test. 300 IN NSEC ns1.example.test. MX RRSIG NSEC
Mixed.example.test. 300 IN RRSIG NSEC 13 3 300 20261212120000 20261114120000 27063 example.test. 66NqRCx+1+8oBIbtrwNMABZE0Y+3gJuHJQsuWzeOWEOazbv7GSJuR/dy 3hYPKR+DXYklhkY/bqeUeBfoSTc+wQ==
ns1.example.test. 300 IN A 127.0.0.4
ns1.example.test. 300 IN RRSIG A 13 3 300 20261212120000 20261114120000 27063 example.test. OMPbUkGPpJqhVuspfy/rseUYrV3E3dIOxn9/80T+vA+LNnQEEzY1GfOO 2YLycKZKMM6hQxcAHgDG8S36qBZaDw==
ns1.example.test. 300 IN NSEC ns2.example.test. A RRSIG NSEC
ns1.example.test. 300 IN RRSIG NSEC 13 3 300 20261212120000 20261114120000 27063 example.test. 2KwqN/eTg3KtXXHjLbsR7AAsvoEtCraxjcqjmJPKBSDVAKIoH4KrEE8J NcnFLDNDO5MUn+dZMixC+V13L8jbCQ==
*.wild.example.test. 300 IN A 198.51.100.7
*.wild.example.test. 300 IN RRSIG A 13 3 300 20261212120000 20261114120000 27063 example.test. IwbbxFbsq2b2+lkAz13Wi35odCgPoHPiGB7kw8Zfi2rkH290qUITtF6n C5NuENPKRJtKf0tRg+X9Hz728HD2Gg==
*.wild.example.test. 300 IN NSEC www.example.test. A RRSIG NSEC
*.wild.example.test. 300 IN RRSIG NSEC 13 3 300 20261212120000 20261114120000 27063 example.test. yaYVJ7orszq3UgpN/lmmftFenryhkiqPEchGrzawXho1W8deqVBFrHak 9LutTGEnXPYNUpKsVahC8U8EdFyLng==
ns2.example.test. 300 IN A 127.0.0.5
ns2.example.test. 300 IN RRSIG A 13 3 300 20261212120000 20261114120000 27063 example.test. ZdbHkxKH9Ev2ZKFQ2j4poFESChZI1UOZ8/qINPmwwiYoZ8gdLJAXJDBV qOqUV7N2Cvh4mh7PljnvcDbUQ4nYWA==
ns2.example.test. 300 IN NSEC *.wild.example.test. A RRSIG NSEC
ns2.example.test. 300 IN RRSIG NSEC 13 3 300 20261212120000 20261114120000 27063 example.test. yY4ZQWReq6HXvXOm8SIVymoML9/tpK/hbUxo0Tz7gFxDchy23lRpY1R/ hO8EddGpymPNzO6Ia74zH/c7q+4qBg==
www.example.test. 300 IN A 198.51.100.1
www.example.test. 300 IN A 198.51.100.2
www.example.test. 300 IN RRSIG A 13 3 300 20261212120000 20261114120000 27063 example.test. SIcvdtyqvWRETBRMXZp3njvUPmrpuX8yPWpDQiCWst2HfavBSuwth0QX PDT6j3cfwMPR6SLx105Gsti7FmxkgQ==
www.example.test. 300 IN NSEC example.test. A RRSIG NSEC
www.example.test. 300 IN RRSIG NSEC 13 3 300 20261212120000 20261114120000 27063 example.test. PLgWBkaArbdm8oLmJbvO0UBh+W8K16TgbL2HivJlplYUS2tEZzRvxOl7 27iyiSKN7hKAOOxoKp/VnfCanZh3qw==
`;

/** What its parent says of it. */
export const DS =
  'example 300 IN DS 59348 13 2 37AB2A6009F07ADC5E03171F7D03CA699D92314A3579B15EC8112D9F4685813B';

export const SIGNED_FROM_MS = Date.UTC(2026, 10, 14, 12);
export const SIGNED_TO_MS = Date.UTC(2026, 11, 12, 12);
