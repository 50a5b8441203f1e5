import { describe, expect, test } from 'vitest';
import { OUTCOME_CLASSES, type OutcomeClass } from '#core/dns/asking/outcome.ts';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import type { RecordFields, ResponseFields } from '#core/dns/codec/encode.ts';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import { classify, lameOutcome } from '#core/dns/measure/classify.ts';
import { chainOf } from '#core/dns/measure/rrset.ts';
import { addresses, aliases, aReply, NAME, nameServer, SOA } from '../answers.ts';

const QUERY: { name: string; type: number } = { name: NAME, type: RR_TYPES.A };
const classOf = (over: Partial<ResponseFields>, query = QUERY) => classify(query, aReply(over), undefined);

const loop: RecordFields[] = [
  { name: NAME, type: RR_TYPES.CNAME, ttlS: 60, rdata: { kind: 'CNAME', target: 'b.example.test' } },
  { name: 'b.example.test', type: RR_TYPES.CNAME, ttlS: 60, rdata: { kind: 'CNAME', target: NAME } },
];

const replies: [string, Partial<ResponseFields>, OutcomeClass][] = [
  ['records of the type', { answers: addresses(3) }, 'ANSWER'],
  ['records behind aliases', { answers: [...aliases(2), ...addresses(3, 'c2.example.test')] }, 'ANSWER'],
  ['records whose owner is spelt in capitals', { answers: addresses(1, NAME.toUpperCase()) }, 'ANSWER'],
  ['records and TC', { truncated: true, answers: addresses(29) }, 'PARTIAL'],
  ['TC alone', { truncated: true }, 'EMPTY_TRUNCATED'],
  ['NODATA type 1: SOA and NS', { authorities: [SOA, nameServer('example.test')] }, 'NODATA'],
  ['NODATA type 2: SOA', { authorities: [SOA] }, 'NODATA'],
  ['NODATA type 3: nothing', {}, 'NODATA'],
  ['NODATA at the end of a chain', { answers: aliases(2), authorities: [SOA] }, 'NODATA'],
  ['NXDOMAIN', { rcode: RCODE.NXDOMAIN, authorities: [SOA] }, 'NXDOMAIN'],
  ['NXDOMAIN at the end of a chain', { rcode: RCODE.NXDOMAIN, answers: aliases(1) }, 'NXDOMAIN'],
  ['a chain without an end', { answers: aliases(1) }, 'DANGLING_CNAME'],
  [
    'a chain that the asked server leaves',
    { answers: aliases(5), authorities: [nameServer('test')] },
    'DANGLING_CNAME',
  ],
  ['a loop', { answers: loop, authorities: [SOA] }, 'DANGLING_CNAME'],
  ['SERVFAIL within a chain', { rcode: RCODE.SERVFAIL, answers: aliases(12) }, 'CHAIN_LIMIT'],
  ['SERVFAIL', { rcode: RCODE.SERVFAIL }, 'SERVFAIL'],
  ['a referral', { authorities: [nameServer('example.test')] }, 'REFERRAL'],
  ['a referral to the root', { authorities: [nameServer('.')] }, 'UPWARD_REFERRAL'],
  ['REFUSED', { rcode: RCODE.REFUSED }, 'REFUSED'],
  ['FORMERR', { rcode: RCODE.FORMERR }, 'FORMERR'],
  ['NOTIMP', { rcode: RCODE.NOTIMP }, 'NOTIMP'],
  [
    'BADVERS, most of it in OPT',
    { rcode: RCODE.BADVERS, edns: { udpBytes: 1_232, dnssecOk: false } },
    'BADVERS',
  ],
  ['another code', { rcode: RCODE.NOTAUTH }, 'OTHER_RCODE'],
  ['records of other names only', { answers: addresses(2, 'other.example.test') }, 'MALFORMED'],
  [
    'records of another class',
    { answers: addresses(1).map((record) => ({ ...record, class: 3 })) },
    'MALFORMED',
  ],
  ['a referral to somewhere else', { authorities: [nameServer('elsewhere.test')] }, 'MALFORMED'],
  ['an address among the authority records', { authorities: addresses(1) }, 'MALFORMED'],
  ['another question', { name: 'other.example.test', answers: addresses(1) }, 'MALFORMED'],
  ['another type', { type: RR_TYPES.AAAA }, 'MALFORMED'],
  ['another class', { class: 3 }, 'MALFORMED'],
];

describe('the class of a reply', () => {
  test.each(replies)('%s', (_, over, expected) => {
    expect(classOf(over)).toBe(expected);
  });

  test('a question is not a reply', () => {
    const { bytes } = aReply({ answers: addresses(1) });
    const question = Uint8Array.from(bytes);
    question[2] = (question[2] ?? 0) & 0x7f;
    expect(classify(QUERY, decodeMessage(question), undefined)).toBe('MALFORMED');
  });

  test('an alias is an answer to who asks for aliases', () => {
    expect(classOf({ type: RR_TYPES.CNAME, answers: aliases(1) }, { name: NAME, type: RR_TYPES.CNAME })).toBe(
      'ANSWER',
    );
  });

  test('no reply is its trouble, an unreadable one is malformed', () => {
    expect(classify(QUERY, undefined, { class: 'TIMEOUT', message: 'no reply in 3 s' })).toBe('TIMEOUT');
    expect(classify(QUERY, undefined, undefined)).toBe('MALFORMED');
  });

  test('an answer that is cut short is malformed, and partial with TC', () => {
    const cut = aReply({ answers: addresses(3) }).bytes.slice(0, -2);
    expect(classify(QUERY, decodeMessage(cut), undefined)).toBe('MALFORMED');
    const truncated = aReply({ answers: addresses(3), truncated: true }).bytes.slice(0, -2);
    expect(classify(QUERY, decodeMessage(truncated), undefined)).toBe('PARTIAL');
  });

  test('an address of five octets is malformed, never another address', () => {
    const { bytes } = aReply({ answers: addresses(1) });
    const wrong = Uint8Array.from([...bytes, 0]);
    wrong[bytes.length - 5] = 5;
    expect(classify(QUERY, decodeMessage(wrong), undefined)).toBe('MALFORMED');
  });

  test('what comes after a whole answer does not spoil it; without an answer nothing can be told', () => {
    const whole = aReply({ answers: addresses(1), authorities: [SOA] }).bytes.slice(0, -2);
    expect(classify(QUERY, decodeMessage(whole), undefined)).toBe('ANSWER');
    const none = aReply({ authorities: [SOA] }).bytes.slice(0, -2);
    expect(classify(QUERY, decodeMessage(none), undefined)).toBe('MALFORMED');
  });

  test('whatever octet of a message is changed, it has a class, and nothing malformed is an answer', () => {
    const { bytes } = aReply({
      answers: [...aliases(1), ...addresses(2, 'c1.example.test')],
      authorities: [SOA],
    });
    for (const [at] of bytes.entries())
      for (const value of [0x00, 0x01, 0x3f, 0x40, 0xc0, 0xff]) {
        const changed = bytes.with(at, value);
        const message = decodeMessage(changed);
        const outcome = classify(QUERY, message, undefined);
        expect(OUTCOME_CLASSES).toContain(outcome);
        if (outcome === 'ANSWER')
          expect(chainOf(message, NAME, RR_TYPES.A).records.map(({ rdata }) => rdata.kind)).not.toContain(
            'malformed',
          );
      }
  });

  test('an error need not repeat the question, an answer must', () => {
    const header = (rcode: number) => Uint8Array.from([0, 1, 0x84, rcode, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(classify(QUERY, decodeMessage(header(RCODE.FORMERR)), undefined)).toBe('FORMERR');
    expect(classify(QUERY, decodeMessage(header(RCODE.NOERROR)), undefined)).toBe('MALFORMED');
    expect(classify(QUERY, decodeMessage(header(RCODE.NXDOMAIN)), undefined)).toBe('MALFORMED');
  });
});

describe('the class of a reply from a server listed for the zone', () => {
  const lame = (over: Partial<ResponseFields>) => {
    const message = aReply(over);
    return lameOutcome(message, classify(QUERY, message, undefined), 'example.test');
  };

  test('is what it says with AA', () => {
    expect(lame({ answers: addresses(1) })).toBe('ANSWER');
    expect(lame({ authorities: [SOA] })).toBe('NODATA');
  });

  test('is lame without AA, refused, or referred to the zone itself, above it or aside', () => {
    expect(lame({ answers: addresses(1), authoritative: false })).toBe('LAME');
    expect(lame({ rcode: RCODE.REFUSED })).toBe('LAME');
    expect(lame({ authorities: [nameServer('example.test')], authoritative: false })).toBe('LAME');
    expect(lame({ authorities: [nameServer('test')], authoritative: false })).toBe('LAME');
    expect(lame({ authorities: [nameServer('.')], authoritative: false })).toBe('LAME');
  });

  test('is a referral where the name is in a zone below', () => {
    expect(lame({ authorities: [nameServer(NAME)], authoritative: false })).toBe('REFERRAL');
  });

  test('stays an error of its own otherwise', () => {
    expect(lame({ rcode: RCODE.SERVFAIL })).toBe('SERVFAIL');
    expect(lameOutcome(undefined, 'TIMEOUT', 'example.test')).toBe('TIMEOUT');
  });
});
