import { expect, test } from 'vitest';
import { zoneBreaches } from '#core/dns/zone/zone-rules.ts';
import { aZone, HEAD, pool } from './a-zone.ts';

/** `line rule severity` of each breach. */
const breaches = (lines: string, head = HEAD): string[] =>
  zoneBreaches(aZone(lines, head)).map(({ line, rule, severity }) => `${line} ${rule} ${severity}`);

test('a good zone breaks no rule', () => {
  expect(
    breaches(`a A 192.0.2.1
@ MX 10 a
@ MX 0 .
_s._tcp SRV 1 1 443 a
b CNAME a
b RRSIG CNAME 13 3 60 20261231235959 20261201000000 1 @ qx6w
b NSEC @ CNAME RRSIG NSEC
c CNAME www.elsewhere.example.
sub NS ns.sub
sub NS ns.elsewhere.example.
sub DS 1 13 2 abcd
ns.sub A 192.0.2.2
@ MX 20 mail.wild
*.wild A 192.0.2.3
`),
  ).toEqual([]);
});

test.each([
  ['CNAME beside other data', 'b CNAME a\nb A 192.0.2.1\na A 192.0.2.1\n', ['7 zone-cname fail']],
  ['two CNAMEs', 'b CNAME ns1\nb CNAME a\na A 192.0.2.1\n', ['8 zone-cname fail']],
  ['two SOA', '@ SOA ns1 hostmaster 2 3600 900 604800 300\n', ['7 zone-apex fail']],
  ['an SOA below the top', 'a SOA ns1 hostmaster 2 3600 900 604800 300\n', ['7 zone-apex fail']],
  ['outside the zone', 'www.example.com. A 192.0.2.1\nb A 192.0.2.1\n', ['7 zone-owner fail']],
  ['differing TTLs', 'a 60 A 192.0.2.1\na 61 A 192.0.2.2\n', ['8 zone-ttl warn']],
  ['a record twice', 'a TXT "x"\nA TXT x\n', ['8 zone-repeated warn']],
  ['a server without an address', '@ NS ns2\n', ['7 zone-glue fail']],
  ['a delegation without glue', 'sub NS ns.sub\n', ['7 zone-glue fail']],
  // Its parent need not know the address: another delegation of this zone does.
  ['a server below another cut', 'sub NS ns.other\nother NS ns1\n', []],
  ['a server that is an alias', '@ NS ns2\nns2 CNAME ns1\n', ['7 zone-target fail']],
  ['mail to an alias', '@ MX 10 mail\nmail CNAME ns1\n', ['7 zone-target warn']],
  ['mail to nowhere', '@ MX 10 mail\n', ['7 zone-target warn']],
  ['a service that is an alias', '_s._tcp SRV 1 1 1 s\ns CNAME ns1\n', ['7 zone-target warn']],
  [
    'below a delegation',
    'sub NS ns1\nx.sub TXT x\nsub TXT x\ny.sub A 192.0.2.1\n',
    ['9 zone-occluded warn', '8 zone-occluded warn'],
  ],
])('%s', (_what, lines, expected) => {
  expect(breaches(lines)).toEqual(expected);
});

test('no SOA, no NS', () => {
  expect(breaches('a A 192.0.2.1\n', '$ORIGIN example.test.\n$TTL 1\n')).toEqual(['3 zone-apex fail']);
  expect(breaches('', '$ORIGIN example.test.\n$TTL 1\n@ SOA a b 1 2 3 4 5\n')).toEqual(['3 zone-apex fail']);
});

test('a hundred records of a type load into BIND, one more and the whole zone does not', () => {
  expect(breaches(pool('a', 100))).toEqual([]);
  expect(breaches(pool('a', 101))).toEqual(['7 zone-load critical']);
});
