import { describe, expect, test } from 'vitest';
import { RR_TYPES, type RrTypeName } from '#core/dns/codec/registry.ts';
import { floorBytes, wireBytes } from '#core/dns/measure/size.ts';
import { plannedAnswer, plannedReferral } from '#core/dns/zone/planned-answer.ts';
import { aZone, pool } from './a-zone.ts';

const ZONE = aZone(`a A 192.0.2.1
a A 192.0.2.2
b CNAME a
c CNAME b
away CNAME www.elsewhere.example.
loop1 CNAME loop2
loop2 CNAME loop1
gone CNAME nothing
notxt CNAME a
deep.empty A 192.0.2.3
*.wild A 192.0.2.4
*.wild TXT w
sub.wild A 192.0.2.5
*.alias CNAME a
old DNAME new
old TXT beside
sub NS ns.sub
sub NS ns1
sub DS 1 13 2 abcd
ns.sub A 192.0.2.6
`);

/** `kind: records of the answer section` of what the zone would answer. */
function answer(name: string, type: RrTypeName = 'A'): string {
  const { kind, message } = plannedAnswer(ZONE, `${name}.example.test`, RR_TYPES[type]);
  const shown = message?.answers.map(({ name: owner, rdata }) =>
    [owner.replace('.example.test', ''), 'address' in rdata ? rdata.address : rdata.kind].join(' '),
  );
  return `${kind}: ${shown?.join(', ')}`;
}

describe('what a server of the zone would answer', () => {
  test.each([
    ['a', 'A', 'answer: a 192.0.2.1, a 192.0.2.2'],
    ['A', 'A', 'answer: A 192.0.2.1, A 192.0.2.2'],
    ['c', 'A', 'answer: c CNAME, b CNAME, a 192.0.2.1, a 192.0.2.2'],
    ['c', 'CNAME', 'answer: c CNAME'],
    ['notxt', 'TXT', 'nodata: notxt CNAME'],
    ['a', 'TXT', 'nodata: '],
    ['empty', 'A', 'nodata: '],
    ['nothing', 'A', 'nxdomain: '],
    ['x.a', 'A', 'nxdomain: '],
    ['gone', 'A', 'nxdomain: gone CNAME'],
    ['away', 'A', 'outside: away CNAME'],
    ['loop1', 'A', 'loop: loop1 CNAME, loop2 CNAME'],
    ['x.wild', 'A', 'answer: x.wild 192.0.2.4'],
    ['x.y.wild', 'TXT', 'answer: x.y.wild TXT'],
    ['x.wild', 'MX', 'nodata: '],
    // RFC 4592 section 2.2.1: a wildcard does not stand for a name that exists, nor for what is below one.
    ['sub.wild', 'TXT', 'nodata: '],
    ['x.sub.wild', 'A', 'nxdomain: '],
    ['*.wild', 'A', 'answer: *.wild 192.0.2.4'],
    ['x.alias', 'A', 'answer: x.alias CNAME, a 192.0.2.1, a 192.0.2.2'],
    ['old', 'TXT', 'answer: old TXT'],
    ['x.old', 'A', 'dname: '],
    ['sub', 'A', 'referral: '],
    ['x.sub', 'A', 'referral: '],
    ['ns.sub', 'A', 'referral: '],
    ['sub', 'DS', 'answer: sub DS'],
  ] as const)('%s %s → %s', (name, type, expected) => {
    expect(answer(name, type)).toBe(expected);
  });

  test('negative answers carry the SOA record, referrals the NS records', () => {
    const authorities = (name: string) =>
      plannedAnswer(ZONE, name, RR_TYPES.A).message?.authorities.map(({ rdata }) => rdata.kind);
    expect(authorities('nothing.example.test')).toEqual(['SOA']);
    expect(authorities('empty.example.test')).toEqual(['SOA']);
    expect(plannedAnswer(ZONE, 'nothing.example.test', RR_TYPES.A).message?.rcode).toBe(3);
    expect(authorities('x.sub.example.test')).toEqual(['NS', 'NS']);
  });

  test.each([
    [20, 354],
    [29, 498],
    [40, 674],
    [101, 1_650],
  ])('%i addresses of a40.example.test take %i octets, as five servers measured', (count, floor) => {
    const { message } = plannedAnswer(aZone(pool('a40', count)), 'a40.example.test', RR_TYPES.A);
    expect(message && floorBytes(message)).toBe(floor);
    expect(message && wireBytes(message)).toBe(floor);
  });

  test('signatures of the file come with the answer that asks for them', () => {
    const zone = aZone(`b 60 CNAME a
b RRSIG CNAME 13 3 60 20261231235959 20261201000000 1 @ qx6w
a A 192.0.2.1
a RRSIG A 13 3 300 20261231235959 20261201000000 1 @ qx6w
a RRSIG TXT 13 3 300 20261231235959 20261201000000 1 @ qx6w
`);
    const { message, signed } = plannedAnswer(zone, 'b.example.test', RR_TYPES.A);
    const kinds = (one: typeof message) => one?.answers.map(({ rdata }) => rdata.kind);
    expect(kinds(message)).toEqual(['CNAME', 'A']);
    expect(kinds(signed)).toEqual(['CNAME', 'A', 'RRSIG', 'RRSIG']);
    expect(signed?.opt?.dnssecOk).toBe(true);
    expect(plannedAnswer(zone, 'ns1.example.test', RR_TYPES.A).signed).toBeUndefined();
  });

  test('what no message has room for is no message', () => {
    const strings = Array.from({ length: 300 }, (_, at) => `big TXT "${at}${'x'.repeat(250)}"\n`).join('');
    const found = plannedAnswer(aZone(strings), 'big.example.test', RR_TYPES.TXT);
    expect(found.records).toHaveLength(300);
    expect(found.message).toBeUndefined();
  });

  test('a referral is of the longest name below the cut, with the addresses the zone has', () => {
    const message = plannedReferral(ZONE, 'sub.example.test');
    expect(message?.questions[0]?.end).toBe(12 + 255 + 4);
    expect(message?.additionals.map(({ name }) => name)).toEqual(['ns.sub.example.test', 'ns1.example.test']);
  });
});
