import { describe, expect, test } from 'vitest';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { floorBytes, headroomOf, uncompressedBytes, wireBytes } from '#core/dns/measure/size.ts';
import { truncationOf } from '#core/dns/measure/truncation.ts';
import { addresses, aReply, ipv6Addresses, nameServer } from '../answers.ts';

const EDNS = { udpBytes: 1_232, dnssecOk: false };

describe('sizes of an answer', () => {
  test('40 addresses: 674 octets of answer, 685 with OPT, 1314 with names spelt out (reference: dns, 0.3 and B4)', () => {
    const message = aReply({ answers: addresses(40), edns: EDNS });
    expect(floorBytes(message)).toBe(674);
    expect(wireBytes(message)).toBe(685);
    expect(uncompressedBytes(message)).toBe(1_314);
  });

  test('the floor does not move with what a server adds behind the answer', () => {
    const more = aReply({ answers: addresses(40), authorities: [nameServer('example.test')], edns: EDNS });
    expect(wireBytes(more)).toBeGreaterThan(685);
    expect(floorBytes(more)).toBe(674);
    expect(uncompressedBytes(more)).toBe(1_314);
  });

  test('without records the floor is the question', () => {
    expect(floorBytes(aReply())).toBe(34);
    expect(uncompressedBytes(aReply())).toBe(34);
  });
});

describe('headroom', () => {
  test('29 addresses leave 14 octets of 512 and no record; with EDNS 723 of 1232 and 45 records', () => {
    const message = aReply({ answers: addresses(29) });
    expect(headroomOf(message, RR_TYPES.A, 512, { edns: false })).toEqual({ bytes: 14, records: 0 });
    expect(headroomOf(message, RR_TYPES.A, 1_232, { edns: true })).toEqual({ bytes: 723, records: 45 });
  });

  test('an AAAA takes 28 octets', () => {
    const message = aReply({ type: RR_TYPES.AAAA, answers: ipv6Addresses(15) });
    expect(headroomOf(message, RR_TYPES.AAAA, 512, { edns: false })).toEqual({ bytes: 58, records: 2 });
  });

  test('records of another type are as large as the last one', () => {
    const message = aReply({
      type: RR_TYPES.TXT,
      answers: [
        {
          name: 'a40.example.test',
          type: RR_TYPES.TXT,
          ttlS: 60,
          rdata: { kind: 'TXT', strings: ['x'.repeat(99)] },
        },
      ],
    });
    expect(headroomOf(message, RR_TYPES.TXT, 512, { edns: false })).toEqual({ bytes: 366, records: 3 });
  });

  test('past a limit it is negative: so many records must go', () => {
    const message = aReply({ answers: addresses(40) });
    expect(headroomOf(message, RR_TYPES.A, 512, { edns: false })).toEqual({ bytes: -162, records: -11 });
  });
});

describe('how many records fit (reference: dns, section 1.4)', () => {
  test.each([
    { qnameBytes: 14, plainA: 30, ednsA: 74, plainAaaa: 17, ednsAaaa: 42 },
    { qnameBytes: 18, plainA: 29, ednsA: 74, plainAaaa: 17, ednsAaaa: 42 },
    { qnameBytes: 33, plainA: 28, ednsA: 73, plainAaaa: 16, ednsAaaa: 41 },
    { qnameBytes: 64, plainA: 27, ednsA: 71, plainAaaa: 15, ednsAaaa: 40 },
  ])('of a name of $qnameBytes octets', ({ qnameBytes, plainA, ednsA, plainAaaa, ednsAaaa }) => {
    const name = 'a'.repeat(qnameBytes - 2);
    const type = RR_TYPES.AAAA;
    const forty = aReply({ name, answers: addresses(40, name) });
    const fortyOfIpv6 = aReply({ name, type, answers: ipv6Addresses(40, name) });
    expect(40 + headroomOf(forty, RR_TYPES.A, 512, { edns: false }).records).toBe(plainA);
    expect(40 + headroomOf(forty, RR_TYPES.A, 1_232, { edns: true }).records).toBe(ednsA);
    expect(40 + headroomOf(fortyOfIpv6, type, 512, { edns: false }).records).toBe(plainAaaa);
    expect(40 + headroomOf(fortyOfIpv6, type, 1_232, { edns: true }).records).toBe(ednsAaaa);
  });
});

describe('truncation', () => {
  test('none, a part left, or nothing left', () => {
    expect(truncationOf(aReply({ answers: addresses(3) }))).toEqual({ style: 'none', records: 3 });
    expect(truncationOf(aReply({ truncated: true, answers: addresses(29) }))).toEqual({
      style: 'partial',
      records: 29,
    });
    expect(truncationOf(aReply({ truncated: true }))).toEqual({ style: 'empty', records: 0 });
  });
});
