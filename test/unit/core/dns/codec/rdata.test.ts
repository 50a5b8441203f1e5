import { describe, expect, it } from 'vitest';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { presentRdata, presentRecord } from '#core/dns/codec/present.ts';
import type { Rdata } from '#core/dns/codec/rdata.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { craftedRecord, craftedReply, hexOf } from './crafted.ts';

/** The data of the only record of a reply that is sound. */
function read(type: number, rdata: string): Rdata {
  const { answers, errors } = decodeMessage(craftedReply([craftedRecord(type, rdata)]));
  expect(errors).toEqual([]);
  const [answer] = answers;
  if (!answer) throw new Error('expected an answer, got none');
  return answer.rdata;
}

const FOO_EXAMPLE_COM = `03 ${hexOf('foo')} 07 ${hexOf('example')} 03 ${hexOf('com')} 00`;
const FOO_EXAMPLE_ORG = `03 ${hexOf('foo')} 07 ${hexOf('example')} 03 ${hexOf('org')} 00`;

describe('SVCB and HTTPS', () => {
  it('read the test vectors of RFC 9460 appendix D', () => {
    const vectors: [type: number, wire: string, text: string][] = [
      [65, `0000 ${FOO_EXAMPLE_COM}`, '0 foo.example.com.'],
      [64, '0001 00', '1 .'],
      [64, `0010 ${FOO_EXAMPLE_COM} 0003 0002 0035`, '16 foo.example.com. port=53'],
      [64, `0001 ${FOO_EXAMPLE_COM} 029b 0005 68656c6c6f`, '1 foo.example.com. key667="hello"'],
      [
        64,
        `0001 ${FOO_EXAMPLE_COM} 029b 0009 68656c6c6fd2716f6f`,
        '1 foo.example.com. key667="hello\\210qoo"',
      ],
      [
        64,
        `0001 ${FOO_EXAMPLE_COM} 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001`,
        '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1',
      ],
      [
        64,
        `0001 ${FOO_EXAMPLE_COM} 0006 0010 20010db8012203440000 0000 c0000221`,
        '1 foo.example.com. ipv6hint=2001:db8:122:344::c000:221',
      ],
      [
        64,
        `0010 ${FOO_EXAMPLE_ORG} 0000 0004 0001 0004 0001 0009 02 6832 05 68332d3139 0004 0004 c0000201`,
        '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1',
      ],
      [
        64,
        `0010 ${FOO_EXAMPLE_ORG} 0001 000c 08 665c6f6f2c626172 02 6832`,
        '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
      ],
    ];
    for (const [type, wire, text] of vectors) expect(presentRdata(read(type, wire))).toBe(text);
  });

  it('tell parameters apart', () => {
    const wire = `0001 00 0001 0003 02 6832 0002 0000 0003 0002 20fb 0005 0002 abcd 0007 0003 ${hexOf('/{?')} fde8 0000`;
    expect(read(65, wire)).toEqual({
      kind: 'HTTPS',
      priority: 1,
      target: '.',
      params: [
        { key: 'alpn', ids: ['h2'] },
        { key: 'no-default-alpn' },
        { key: 'port', port: 8_443 },
        { key: 'ech', data: Uint8Array.of(0xab, 0xcd) },
        { key: 'dohpath', path: '/{?' },
        { key: 'key65000', data: new Uint8Array(0) },
      ],
    });
  });
});

describe('DNSSEC', () => {
  it('gives a key the tag that RFC 4034 section 5.4 gives it', () => {
    const key =
      'AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==';
    const rdata = read(RR_TYPES.DNSKEY, `0100 03 05 ${Buffer.from(key, 'base64').toString('hex')}`);
    expect(rdata).toMatchObject({ flags: 256, protocol: 3, algorithm: 5, keyTag: 60_485 });
    expect(presentRdata(rdata)).toBe(`256 3 5 ${key}`);
  });

  it('tags a key of algorithm 1 by its modulus (RFC 4034 appendix B.1)', () => {
    expect(read(RR_TYPES.DNSKEY, '0101 03 01 03 010001 aabbccddee')).toMatchObject({ keyTag: 0xccdd });
  });

  it('reads the types of RFC 4034 section 4.3', () => {
    const next = `04 ${hexOf('host')} 07 ${hexOf('example')} 03 ${hexOf('com')} 00`;
    const rdata = read(RR_TYPES.NSEC, `${next} 0006 400100000003 041b ${'00'.repeat(26)} 20`);
    expect(rdata).toEqual({ kind: 'NSEC', next: 'host.example.com', types: [1, 15, 46, 47, 1_234] });
    expect(presentRdata(rdata)).toBe('host.example.com. A MX RRSIG NSEC TYPE1234');
  });

  it('reads the times of the signature in RFC 4034 section 3.3', () => {
    const wire = `0001 05 03 00015180 3e7c9dd7 3e5510d7 0a52 07 ${hexOf('example')} 03 ${hexOf('com')} 00 a5 b6`;
    const rdata = read(RR_TYPES.RRSIG, wire);
    expect(rdata).toEqual({
      kind: 'RRSIG',
      covered: 1,
      algorithm: 5,
      labels: 3,
      originalTtlS: 86_400,
      expirationS: 0x3e7c_9dd7,
      inceptionS: 0x3e55_10d7,
      keyTag: 2_642,
      signer: 'example.com',
      signature: Uint8Array.of(0xa5, 0xb6),
    });
    expect(presentRdata(rdata)).toBe('A 5 3 86400 20030322173103 20030220173103 2642 example.com. pbY=');
  });

  it('reads hashed owners, with and without salt', () => {
    const rdata = read(RR_TYPES.NSEC3, '01 01 000c 04 aabbccdd 03 010203 0001 40');
    expect(presentRdata(rdata)).toBe('1 1 12 AABBCCDD 04106 A');
    expect(read(RR_TYPES.NSEC3, '01 00 0000 00 01 ff')).toMatchObject({ salt: new Uint8Array(0), types: [] });
    expect(presentRdata(read(RR_TYPES.NSEC3PARAM, '01 00 0000 00'))).toBe('1 0 0 -');
  });

  it('reads a digest', () => {
    expect(read(RR_TYPES.DS, 'ec45 05 01 2bb183af')).toEqual({
      kind: 'DS',
      keyTag: 60_485,
      algorithm: 5,
      digestType: 1,
      digest: Uint8Array.of(0x2b, 0xb1, 0x83, 0xaf),
    });
  });
});

describe('other data', () => {
  it('is read by its type', () => {
    expect(read(15, '000a 04 6d61696c c00c')).toEqual({
      kind: 'MX',
      preference: 10,
      exchange: 'mail.a.test',
    });
    expect(read(16, '01 61 00 03 22 5c ff')).toEqual({ kind: 'TXT', strings: ['a', '', '\\"\\\\\\255'] });
    expect(read(257, `80 05 ${hexOf('issue')} ${hexOf('ca.test')}`)).toEqual({
      kind: 'CAA',
      critical: true,
      tag: 'issue',
      value: 'ca.test',
    });
    expect(read(6, `c00c 01 68 c00c ffffffff 00000e10 00000384 00093a80 0000003c`)).toEqual({
      kind: 'SOA',
      primary: 'a.test',
      mailbox: 'h.a.test',
      serial: 4_294_967_295,
      refreshS: 3_600,
      retryS: 900,
      expireS: 604_800,
      minimumS: 60,
    });
    expect(read(35, `0064 000a 01 55 07 ${hexOf('E2U+sip')} 00 00`)).toEqual({
      kind: 'NAPTR',
      order: 100,
      preference: 10,
      flags: 'U',
      services: 'E2U+sip',
      regexp: '',
      replacement: '.',
    });
    expect(presentRdata(read(52, '03 01 01 abcd'))).toBe('3 1 1 ABCD');
    expect(presentRdata(read(44, '04 02 abcd'))).toBe('4 2 ABCD');
    expect(presentRdata(read(12, 'c00c'))).toBe('a.test.');
    expect(presentRdata(read(39, '01 62 00'))).toBe('b.');
    expect(presentRdata(read(28, '20010db8000000000001000000000001'))).toBe('2001:db8::1:0:0:1');
  });

  it('of an unknown type is kept as it is (RFC 3597)', () => {
    expect(presentRdata(read(65_280, '0a000001'))).toBe('\\# 4 0A000001');
    expect(presentRdata(read(65_280, ''))).toBe('\\# 0');
    const [record] = decodeMessage(craftedReply([craftedRecord(65_280, '0a')])).answers;
    expect(record && presentRecord(record)).toBe('a.test. 60 IN TYPE65280 \\# 1 0A');
  });
});
