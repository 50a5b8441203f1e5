import { describe, expect, test } from 'vitest';
import { typeName } from '#core/dns/codec/registry.ts';
import {
  readMasterFile,
  TROUBLES_MAX,
  type MasterFile,
  type MasterFileOptions,
} from '#core/dns/zone/master-file.ts';

const HEAD = `$ORIGIN example.test.
$TTL 300
`;

const read = (text: string, options: Partial<MasterFileOptions> = {}): MasterFile =>
  readMasterFile(text, { file: 'z', ...options });

/** `owner ttl type data` of each record, data as JSON without its kind. */
function records(text: string): string[] {
  const { records: found, troubles } = read(HEAD + text);
  expect(troubles).toEqual([]);
  return found.map(({ name, ttlS, type, rdata: { kind, ...data } }) => {
    const json = JSON.stringify(data, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    );
    return `${name} ${ttlS} ${typeName(type)}${kind === typeName(type) ? '' : `=${kind}`} ${json}`;
  });
}

/** `line: message` of each trouble. */
function troubles(text: string, options: Partial<MasterFileOptions> = {}): string[] {
  return read(text, options).troubles.map(({ line, message }) => `${line}: ${message}`);
}

const only = (text: string): string => {
  const [record = '', ...more] = records(text);
  expect(more).toEqual([]);
  return record;
};

describe('data of each type', () => {
  test.each([
    ['a A 192.0.2.1', 'a.example.test 300 A {"address":"192.0.2.1"}'],
    ['a AAAA 2001:DB8::0:1', 'a.example.test 300 AAAA {"address":"2001:db8::1"}'],
    ['@ NS ns1', 'example.test 300 NS {"target":"ns1.example.test"}'],
    ['w CNAME other.example.', 'w.example.test 300 CNAME {"target":"other.example"}'],
    ['d DNAME other.example.', 'd.example.test 300 DNAME {"target":"other.example"}'],
    ['p PTR @', 'p.example.test 300 PTR {"target":"example.test"}'],
    ['@ MX 10 mail', 'example.test 300 MX {"preference":10,"exchange":"mail.example.test"}'],
    ['@ MX 0 .', 'example.test 300 MX {"preference":0,"exchange":"."}'],
    ['t TXT "v=spf1 -all" plain', 't.example.test 300 TXT {"strings":["v=spf1 -all","plain"]}'],
    ['t TXT "a;b" ("c d")', 't.example.test 300 TXT {"strings":["a;b","c d"]}'],
    ['t TXT ""', 't.example.test 300 TXT {"strings":[""]}'],
    [
      '_s._tcp SRV 1 2 443 api',
      '_s._tcp.example.test 300 SRV {"priority":1,"weight":2,"port":443,"target":"api.example.test"}',
    ],
    [
      '@ SOA ns1 host.master (2026112201 1h 15m 4w 1d12h)',
      'example.test 300 SOA {"primary":"ns1.example.test","mailbox":"host.master.example.test","serial":2026112201,"refreshS":3600,"retryS":900,"expireS":2419200,"minimumS":129600}',
    ],
    [
      '@ CAA 128 issue "ca.example"',
      'example.test 300 CAA {"critical":true,"tag":"issue","value":"ca.example"}',
    ],
    [
      '@ HTTPS 1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1,192.0.2.2',
      'example.test 300 HTTPS {"priority":1,"target":".","params":[{"key":"alpn","ids":["h2","h3"]},{"key":"port","port":8443},{"key":"ipv4hint","addresses":["192.0.2.1","192.0.2.2"]}]}',
    ],
    [
      '@ SVCB 16 foo ( ipv6hint="2001:db8::1" alpn="f\\\\\\\\oo\\\\,bar,h2" mandatory=alpn )',
      'example.test 300 SVCB {"priority":16,"target":"foo.example.test","params":[{"key":"mandatory","keys":["alpn"]},{"key":"alpn","ids":["f\\\\\\\\oo,bar","h2"]},{"key":"ipv6hint","addresses":["2001:db8::1"]}]}',
    ],
    ['@ HTTPS 0 pool', 'example.test 300 HTTPS {"priority":0,"target":"pool.example.test","params":[]}'],
    [
      'sub DS 60485 ECDSAP256SHA256 1 2BB183AF5F22588179A53B0A 98631FAD1A292118',
      'sub.example.test 300 DS {"keyTag":60485,"algorithm":13,"digestType":1,"digest":"2bb183af5f22588179a53b0a98631fad1a292118"}',
    ],
    [
      // RFC 6605 section 6.1, whose key tag is 55648.
      '@ DNSKEY 257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==',
      'example.test 300 DNSKEY {"flags":257,"protocol":3,"algorithm":13,"key":"1a88c88615d437fbb8bf9e1942a1929f28562706ae6c2bd399e7b1bfb6d1e9e75b92b4aa42917ae1c61b701ef035c3fe7be3009cbafe5a2f71316c902dcf0d00","keyTag":55648}',
    ],
    [
      'w RRSIG A 13 3 3600 20261231235959 20261201000000 55648 @ qx6w',
      'w.example.test 300 RRSIG {"covered":1,"algorithm":13,"labels":3,"originalTtlS":3600,"expirationS":1798761599,"inceptionS":1796083200,"keyTag":55648,"signer":"example.test","signature":"ab1eb0"}',
    ],
    ['a NSEC b A TYPE1234 LOC', 'a.example.test 300 NSEC {"next":"b.example.test","types":[1,29,1234]}'],
    [
      '@ NSEC3PARAM 1 0 0 -',
      'example.test 300 NSEC3PARAM {"algorithm":1,"flags":0,"iterations":0,"salt":""}',
    ],
    [
      'h NSEC3 1 1 12 aabb 2t7b4g4vsa5smi47k61mv5bv1a22bojr A',
      'h.example.test 300 NSEC3 {"algorithm":1,"flags":1,"iterations":12,"salt":"aabb","nextHashed":"174eb2409fe28bcb4887a1836f957f0a8425e27b","types":[1]}',
    ],
    [
      '_443._tcp TLSA 3 1 1 0123 4567',
      '_443._tcp.example.test 300 TLSA {"usage":3,"selector":1,"matching":1,"data":"01234567"}',
    ],
    ['h SSHFP 4 2 abcd', 'h.example.test 300 SSHFP {"algorithm":4,"fingerprintType":2,"fingerprint":"abcd"}'],
    [
      'n NAPTR 100 50 "s" "http" "" _http',
      'n.example.test 300 NAPTR {"order":100,"preference":50,"flags":"s","services":"http","regexp":"","replacement":"_http.example.test"}',
    ],
    ['u TYPE731 \\# 6 abcdef 012345', 'u.example.test 300 TYPE731=unknown {"data":"abcdef012345"}'],
    ['u LOC \\# 0', 'u.example.test 300 TYPE29=unknown {"data":""}'],
    ['a A \\# 4 0a000001', 'a.example.test 300 A {"address":"10.0.0.1"}'],
  ])('%s', (text, expected) => {
    expect(only(text)).toBe(expected);
  });
});

describe('how a file is put together', () => {
  test('owners are inherited, relative and escaped; origins change', () => {
    expect(
      records(`a A 192.0.2.1
  A 192.0.2.2 ; another of a
\tTXT x
$ORIGIN sub
b.c A 192.0.2.3
$ORIGIN other.example.
@ A 192.0.2.4
a\\.b A 192.0.2.5
A\\066 A 192.0.2.6`).map((record) => record.split(' ')[0]),
    ).toEqual([
      'a.example.test',
      'a.example.test',
      'a.example.test',
      'b.c.sub.example.test',
      'other.example',
      'a\\.b.other.example',
      'AB.other.example',
    ]);
  });

  test('TTL and class stand in either order, and TTLs have units', () => {
    expect(
      records(`a 1h30m IN A 192.0.2.1
a IN 60 A 192.0.2.1
a CLASS1 A 192.0.2.1
$TTL 1w
a A 192.0.2.1`).map((record) => record.split(' ')[1]),
    ).toEqual(['5400', '60', '300', '604800']);
  });

  test('without $TTL the last TTL goes on, and the SOA record’s minimum is taken for itself, with a warning', () => {
    const { records: found, troubles: told } = read(`$ORIGIN example.test.
@ SOA ns1 hostmaster 1 2 3 4 77
a A 192.0.2.1
b 5 A 192.0.2.1
c A 192.0.2.1`);
    expect(found.map(({ ttlS }) => ttlS)).toEqual([77, 77, 5, 5]);
    expect(told).toEqual([expect.objectContaining({ line: 2, severity: 'warn' })]);
  });

  test('a record in parentheses has the line of its first word, and an error in it the line of its own', () => {
    const text = `@ SOA ns1 hostmaster (
      1   ; serial; with "odd ( things
      3600
      900
      oops
      60 )
a A 192.0.2.1
`;
    const { records: found, troubles: told } = read(HEAD + text);
    expect(told).toEqual([
      expect.objectContaining({
        line: 7,
        message: 'expire: expected seconds up to 2147483647, such as 3600 or 1h, got “oops”',
      }),
    ]);
    expect(found).toEqual([expect.objectContaining({ line: 9, name: 'a.example.test' })]);
    expect(read(HEAD + text.replace('oops', '7d')).records.map(({ line }) => line)).toEqual([3, 9]);
  });

  test('octets of a text stay what they are: é in UTF-8 is two', () => {
    const text = Buffer.from('t TXT "é\\"\\\\\\233"').toString('latin1');
    expect(only(text)).toBe('t.example.test 300 TXT {"strings":["\\\\195\\\\169\\\\\\"\\\\\\\\\\\\233"]}');
  });

  test('lines may end as on Windows', () => {
    expect(records('a A 192.0.2.1\r\n  TXT x\r\n')).toHaveLength(2);
  });

  test('$GENERATE', () => {
    const names = records(`$GENERATE 1-5/2 a$ A 192.0.2.$
$GENERATE 9-10 h\${1,3,x}-\\$ 60 IN CNAME host$.other.example.
$GENERATE 1-1 @ MX "10 mail$"`);
    expect(names.map((record) => record.replaceAll(/[{}"]/g, ''))).toEqual([
      'a1.example.test 300 A address:192.0.2.1',
      'a3.example.test 300 A address:192.0.2.3',
      'a5.example.test 300 A address:192.0.2.5',
      'h00a-$.example.test 60 CNAME target:host9.other.example',
      'h00b-$.example.test 60 CNAME target:host10.other.example',
      'example.test 300 MX preference:10,exchange:mail1.example.test',
    ]);
  });

  test('$INCLUDE is read by whoever can; its origin and its last owner end with it', () => {
    const include = (path: string) =>
      path === 'more'
        ? { text: '$ORIGIN deep\nx A 192.0.2.2', file: path }
        : { error: `${path} is not there` };
    const file = read(`${HEAD}a A 192.0.2.1\n$INCLUDE more sub\n  A 192.0.2.3\n$INCLUDE none`, { include });
    expect(file.records.map(({ name, file, line }) => [name, file, line])).toEqual([
      ['a.example.test', 'z', 3],
      ['x.deep.sub.example.test', 'more', 2],
      ['a.example.test', 'z', 5],
    ]);
    expect(file.troubles).toEqual([
      { file: 'z', line: 6, severity: 'fail', message: '$INCLUDE: none is not there' },
    ]);
  });

  test('a file that includes itself comes to an end', () => {
    const include = () => ({ text: '$INCLUDE z', file: 'z' });
    expect(troubles('$INCLUDE z', { include })).toEqual([
      '1: $INCLUDE: expected at most 10 files within each other',
    ]);
  });
});

describe('what is wrong is told with its line, and the rest is read', () => {
  test.each([
    ['a A 192.0.2.256', 'expected an IPv4 address, got “192.0.2.256”'],
    ['a A 192.0.2.1 192.0.2.2', 'expected nothing more in the record, got “192.0.2.2”'],
    ['a A', 'expected an IPv4 address, got the end of the record'],
    ['a A "192.0.2.1"', 'expected an IPv4 address, got “192.0.2.1”'],
    ['a AAAA 192.0.2.1', 'expected an IPv6 address, got “192.0.2.1”'],
    ['a MX mail', 'preference: expected a number of 0 to 65535, got “mail”'],
    ['a MX 65536 mail', 'preference: expected a number of 0 to 65535, got “65536”'],
    ['a TXT "open', 'the quote opened here is not closed in this line'],
    ['a TXT "x"y" z', 'expected a space before the quote in y"'],
    [
      `a TXT ${'x'.repeat(256)}`,
      'a text: expected at most 255 octets in one string, got 256; split it into several',
    ],
    ['a TXT "\\256"', 'expected \\000 to \\255, got \\256 in "\\\\256"'],
    [
      'a LOC 52 22 23.000 N',
      'the data of LOC cannot be read here: write it as \\# LENGTH HEX (RFC 3597 section 5)',
    ],
    ['a FROG 1', 'expected a record type such as A or TYPE65280, got “FROG”'],
    ['a 300', 'expected a record type such as A or TYPE65280, got the end of the record'],
    ['a OPT \\# 0', 'expected a type that a zone can hold, got “OPT”'],
    ['a ANY \\# 0', 'expected a record type such as A or TYPE65280, got “ANY”'],
    ['a TYPE255 \\# 0', 'expected a type that a zone can hold, got “TYPE255”'],
    ['a CH TXT x', 'expected class IN, got “CH”'],
    ['a 2147483648 A 192.0.2.1', 'expected a TTL below 2147483648 seconds, got “2147483648”'],
    ['a..b A 192.0.2.1', 'expected a domain name, got "a..b.example.test" with an empty label'],
    ['"a" A 192.0.2.1', 'expected a domain name, got “a”'],
    ['a A \\# 3 0a0000', 'the data does not fit its type: '],
    ['a TYPE1234 \\# 3 0a00', 'expected 3 octets after \\#, got 2'],
    ['a TYPE1234 \\# 1 0', 'data: expected pairs of hexadecimal digits, got “0”'],
    [
      'a HTTPS 1 . alpn=h2 alpn=h3',
      'the data does not fit its type: expected each SvcParam once, got alpn twice',
    ],
    ['a HTTPS 1 . frog=1', 'expected a parameter such as alpn=h2 or key65280=…, got “frog=1”'],
    ['a HTTPS 1 . ipv4hint=2001:db8::1', 'ipv4hint: expected IPv4 addresses, got “2001:db8::1”'],
    ['a HTTPS 1 . alpn=h2,,h3', 'expected no empty value in “h2,,h3”'],
    ['a DNSKEY 257 3 13 abc', 'key: expected base64, got “abc”'],
    [
      'a RRSIG A 13 3 60 20261301000000 0 1 @ qx6w',
      'expiration: expected a time such as 20261231235959, got “20261301000000”',
    ],
    ['a A 192.0.2.1 )', 'expected “(” somewhere before this “)”'],
    ['$TTL', '$TTL: expected one duration, got 0'],
    ['$TTL soon', '$TTL: expected seconds or 1h30m, got “soon”'],
    ['$FROG 1', 'expected $ORIGIN, $TTL, $INCLUDE or $GENERATE, got “$FROG”'],
    ['$INCLUDE more', '$INCLUDE is not read here: put the records into this file'],
    ['$GENERATE 5-1 a$ A 192.0.2.$', '$GENERATE: expected a range such as 1-40, got “5-1”'],
    ['$GENERATE 0-99999999 a$ A 192.0.2.$', '$GENERATE: expected at most 65536 records, got 0-99999999'],
    ['$GENERATE 1-2 a${frog} A 192.0.2.$', '$GENERATE: expected a form such as ${0,3,d}, got “${frog}”'],
  ])('%s', (text, expected) => {
    const { records: found, troubles: told } = read(`${HEAD}${text}\nlast A 192.0.2.9`);
    const unlike = told.filter(({ line, message }) => line !== 3 || !message.startsWith(expected));
    expect(told.length).toBeGreaterThan(0);
    expect(unlike).toEqual([]);
    expect(found.at(-1)?.name).toBe('last.example.test');
  });

  test('no origin, no owner, no TTL', () => {
    expect(troubles('a 60 A 192.0.2.1')).toEqual([
      '1: the name “a” is relative to an origin that is not given: end it with a dot, or begin the file with $ORIGIN',
    ]);
    expect(troubles('$ORIGIN a.\n  60 A 192.0.2.1')).toEqual(['2: the first record has no owner']);
    expect(troubles('a. A 192.0.2.1')).toEqual(['1: the record has no TTL: begin the file with $TTL']);
    expect(troubles('a 60 A 192.0.2.1', { origin: 'example.test' })).toEqual([]);
  });

  test('a parenthesis that is never closed', () => {
    expect(troubles(`${HEAD}a TXT (\n"x"\nb A 192.0.2.1`)).toEqual([
      '3: the “(” opened here is never closed',
    ]);
  });

  test('a byte order mark', () => {
    const text = Buffer.from(`\ufeff${HEAD}`).toString('latin1');
    expect(troubles(text)).toEqual(['1: the file begins with a byte order mark: save it without one']);
  });
});

describe('bounds', () => {
  test('reading ends after so many lines that cannot be read', () => {
    const told = troubles(HEAD + 'a A frog\n'.repeat(TROUBLES_MAX + 50));
    expect(told).toHaveLength(TROUBLES_MAX + 1);
    expect(told.at(-1)).toContain('reading ends here');
  });

  test('a line of any length is refused, and one just below is read', () => {
    expect(troubles(`${HEAD}a TXT ${' '.repeat(100_000)}x`)).toEqual([
      '3: expected at most 100000 characters in a line, got 100007',
    ]);
    expect(troubles(`${HEAD}a TXT ${' '.repeat(90_000)}x`)).toEqual([]);
  });

  test('a zone of more records than can be handled', () => {
    const { records: found, troubles: told } = read(`${HEAD}$GENERATE 0-65535 a$ TXT $\nb TXT x`, {
      recordsMax: 1_000,
    });
    expect(found).toHaveLength(1_000);
    expect(told).toEqual([
      expect.objectContaining({ line: 3, message: 'expected at most 1000 records in a zone' }),
    ]);
  });
});
