import { describe, expect, it } from 'vitest';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { encodeQuery, encodeResponse, type RecordFields } from '#core/dns/codec/encode.ts';
import { keyTagOf } from '#core/dns/codec/rdata-reader.ts';
import type { Rdata, SvcParam } from '#core/dns/codec/rdata.ts';
import { RR_TYPES, type RrTypeName } from '#core/dns/codec/registry.ts';
import { octetsOfHex } from '#test/fixtures/dns/octets.ts';
import { QUESTION_NAME } from './crafted.ts';

const QUERY = { id: 0xabcd, name: 'a.test', type: RR_TYPES.A, recursionDesired: true };

function record(name: string, rdata: Extract<Rdata, { kind: RrTypeName }>): RecordFields {
  return { name, type: RR_TYPES[rdata.kind], ttlS: 60, rdata };
}

function answering(...answers: RecordFields[]): Uint8Array {
  return encodeResponse({ ...QUERY, answers });
}

describe('a query', () => {
  it('is a header and a question', () => {
    expect(encodeQuery(QUERY)).toEqual(
      octetsOfHex(`abcd 0100 0001 0000 0000 0000 ${QUESTION_NAME} 0001 0001`),
    );
  });

  it('says how it wants to be answered', () => {
    const flags = (fields: object) =>
      encodeQuery({ ...QUERY, recursionDesired: false, ...fields }).subarray(2, 4);
    expect(flags({})).toEqual(octetsOfHex('0000'));
    expect(flags({ checkingDisabled: true })).toEqual(octetsOfHex('0010'));
    expect(flags({ authenticData: true })).toEqual(octetsOfHex('0020'));
    expect(flags({ opcode: 15 })).toEqual(octetsOfHex('7800'));
    expect(encodeQuery({ ...QUERY, type: 65_535, class: 3 }).slice(-4)).toEqual(octetsOfHex('ffff 0003'));
  });

  it('carries EDNS as its last record', () => {
    const options = [
      { code: 3, data: new Uint8Array(0) },
      { code: 65_001, data: Uint8Array.of(1, 2) },
    ];
    const edns = { udpBytes: 1_232, dnssecOk: true, version: 100, z: 0x40, options };
    expect(encodeQuery({ ...QUERY, edns }).slice(24)).toEqual(
      octetsOfHex('00 0029 04d0 00 64 8040 000a 0003 0000 fde9 0002 0102'),
    );
    expect(encodeQuery({ ...QUERY, edns }).slice(10, 12)).toEqual(octetsOfHex('0001'));
  });

  it('is refused when a number does not fit', () => {
    expect(() => encodeQuery({ ...QUERY, id: 65_536 })).toThrow('expected id from 0 to 65535, got 65536');
    expect(() => encodeQuery({ ...QUERY, type: -1 })).toThrow('expected type from 0 to 65535, got -1');
    expect(() => encodeQuery({ ...QUERY, opcode: 16 })).toThrow('expected opcode from 0 to 15, got 16');
    expect(() => encodeQuery({ ...QUERY, name: 'a..b' })).toThrow('with an empty label');
    const edns = (fields: object) => () =>
      encodeQuery({ ...QUERY, edns: { udpBytes: 512, dnssecOk: false, ...fields } });
    expect(edns({ udpBytes: 1.5 })).toThrow('expected EDNS size from 0 to 65535, got 1.5');
    expect(edns({ z: 0x8000 })).toThrow('expected EDNS flags from 0 to 32767, got 32768');
    expect(edns({ version: 256 })).toThrow('expected EDNS version from 0 to 255, got 256');
    const huge = [{ code: 1, data: new Uint8Array(65_536) }];
    expect(edns({ options: huge })).toThrow('expected octets of EDNS option 1 from 0 to 65535');
  });
});

describe('a response', () => {
  it('says what it is, and the rcode in two places', () => {
    const response = {
      ...QUERY,
      authoritative: true,
      truncated: true,
      recursionAvailable: true,
      rcode: 16,
      edns: { udpBytes: 512, dnssecOk: false },
    };
    const message = decodeMessage(encodeResponse(response));
    expect(message).toMatchObject({
      response: true,
      authoritative: true,
      truncated: true,
      recursionDesired: true,
      recursionAvailable: true,
      rcode: 16,
      errors: [],
    });
    expect(() => encodeResponse({ ...QUERY, rcode: 16 })).toThrow(
      'expected rcode 0 to 15 without EDNS, got 16',
    );
  });

  it('of 40 addresses is as long as those of BIND, Knot and NSD (reference: dns, section 4.1)', () => {
    const name = 'a40.example.test';
    const of = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        record(name, { kind: 'A', address: `198.51.100.${index % 256}` }),
      );
    const bytes = (count: number, edns?: { udpBytes: number; dnssecOk: boolean }) =>
      encodeResponse({ ...QUERY, name, edns, answers: of(count) }).length;
    expect(bytes(40)).toBe(674);
    expect(bytes(40, { udpBytes: 1_232, dnssecOk: false })).toBe(685);
    expect(bytes(29)).toBe(498);
  });

  it('points at owners and at names in the data of RFC 1035, whatever their case', () => {
    const bytes = answering(
      record('A.TEST', { kind: 'MX', preference: 10, exchange: 'mail.a.test' }),
      record('Mail.a.test', { kind: 'CNAME', target: 'x.mail.A.test' }),
      record('test', { kind: 'NS', target: 'test' }),
      record('.', { kind: 'PTR', target: '.' }),
    );
    expect(bytes.subarray(24)).toEqual(
      octetsOfHex(
        [
          'c00c 000f 0001 0000003c 0009 000a 046d61696c c00c',
          'c026 0005 0001 0000003c 0004 0178 c026',
          'c00e 0002 0001 0000003c 0002 c00e',
          '00 000c 0001 0000003c 0001 00',
        ].join(' '),
      ),
    );
  });

  it('spells names out in the data of later types (RFC 3597 section 4), where nothing points either', () => {
    const bytes = answering(
      record('a.test', { kind: 'SRV', priority: 1, weight: 2, port: 3, target: 'srv.a.test' }),
      record('srv.a.test', { kind: 'DNAME', target: 'a.test' }),
    );
    expect(bytes.subarray(24)).toEqual(
      octetsOfHex(
        [
          `c00c 0021 0001 0000003c 0012 0001 0002 0003 03737276 ${QUESTION_NAME}`,
          `03737276 c00c 0027 0001 0000003c 0008 ${QUESTION_NAME}`,
        ].join(' '),
      ),
    );
  });

  it('points no further than 14 bits reach', () => {
    const txt = (name: string) =>
      record(name, { kind: 'TXT', strings: Array.from({ length: 64 }, () => 'x'.repeat(255)) });
    const far = record('far.test', { kind: 'A', address: '192.0.2.1' });
    const message = decodeMessage(answering(txt('a.test'), txt('b.test'), far, far));
    expect(message.errors).toEqual([]);
    expect(message.answers.map(({ name }) => name)).toEqual(['a.test', 'b.test', 'far.test', 'far.test']);
    // Both are beyond 16,383, so the second one cannot point at the first.
    expect(message.answers.slice(2).map(({ start, end }) => end - start)).toEqual([4 + 2 + 14, 4 + 2 + 14]);
  });

  it('puts SvcParams and types in order', () => {
    const params: SvcParam[] = [
      { key: 'key65000', data: Uint8Array.of(1) },
      { key: 'port', port: 443 },
      { key: 'mandatory', keys: ['port', 'alpn'] },
      { key: 'alpn', ids: ['h2'] },
    ];
    const { answers, errors } = decodeMessage(
      answering(
        record('a.test', { kind: 'HTTPS', priority: 1, target: '.', params }),
        record('a.test', { kind: 'NSEC', next: 'b.test', types: [1_234, 47, 1, 46, 15] }),
      ),
    );
    expect(errors).toEqual([]);
    expect(answers[0]?.rdata).toMatchObject({
      params: [
        { key: 'mandatory', keys: ['alpn', 'port'] },
        { key: 'alpn' },
        { key: 'port' },
        { key: 'key65000' },
      ],
    });
    expect(answers[1]?.rdata).toMatchObject({ types: [1, 15, 46, 47, 1_234] });
  });

  it('is refused with what is wrong in a record', () => {
    const writing = (rdata: Extract<Rdata, { kind: RrTypeName }>) => () => answering(record('a.test', rdata));
    expect(writing({ kind: 'A', address: '192.0.2.256' })).toThrow('an IPv4 address in A, got "192.0.2.256"');
    expect(writing({ kind: 'AAAA', address: '192.0.2.1' })).toThrow(
      'an IPv6 address in AAAA, got "192.0.2.1"',
    );
    expect(writing({ kind: 'TXT', strings: [] })).toThrow('one string or more in TXT, got none');
    expect(writing({ kind: 'TXT', strings: ['x'.repeat(256)] })).toThrow(
      'octets of a string of TXT from 0 to 255',
    );
    expect(writing({ kind: 'MX', preference: 65_536, exchange: '.' })).toThrow(
      'preference of MX from 0 to 65535',
    );
    const https = (...params: SvcParam[]) => writing({ kind: 'HTTPS', priority: 1, target: '.', params });
    expect(https({ key: 'port', port: 1 }, { key: 'port', port: 2 })).toThrow(
      'each SvcParam once, got port twice',
    );
    expect(https({ key: 'key70000', data: new Uint8Array(0) })).toThrow('got "key70000"');
    expect(https({ key: 'ipv4hint', addresses: ['::1'] })).toThrow('an address in ipv4hint, got "::1"');
    const malformed = {
      name: 'a.test',
      type: 1,
      ttlS: 1,
      rdata: { kind: 'malformed', why: 'cut off' },
    } as const;
    expect(() => answering(malformed)).toThrow('got a malformed one: cut off');
    expect(() =>
      answering({ ...record('a.test', { kind: 'A', address: '192.0.2.1' }), ttlS: 2 ** 32 }),
    ).toThrow('TTL in seconds from 0 to 4294967295');
    const long = record('a.test', {
      kind: 'TXT',
      strings: Array.from({ length: 250 }, () => 'x'.repeat(255)),
    });
    expect(() => answering(long, long)).toThrow('octets of the message from 0 to 65535');
  });

  it('keeps keys as they are, and their tags with them', () => {
    const rdata = {
      kind: 'DNSKEY',
      flags: 257,
      protocol: 3,
      algorithm: 13,
      key: Uint8Array.of(1, 2, 3),
      keyTag: 0,
    } as const;
    const [answer] = decodeMessage(answering(record('a.test', rdata))).answers;
    expect(answer?.rdata).toEqual({ ...rdata, keyTag: keyTagOf(octetsOfHex('0101 03 0d 010203'), 0, 7) });
  });
});
