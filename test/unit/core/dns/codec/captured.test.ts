import { describe, expect, it } from 'vitest';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { encodeResponse } from '#core/dns/codec/encode.ts';
import type { Message } from '#core/dns/codec/message.ts';
import { presentRecord } from '#core/dns/codec/present.ts';
import { CAPTURED } from '#test/fixtures/dns/captured.ts';
import { octetsOfBase64 } from '#test/fixtures/dns/octets.ts';

/**
 * Octets by which BIND's answers are longer: it points only at names of the same case (`Web.Example.Test` is spelt out, and
 * the owners after it point nowhere either), and only from the first labels of a name (`hostmaster.mail.example.test`).
 */
const SPELT_BY_BIND = new Map([
  ['www.example.test A', 16],
  ['example.test SOA', 12],
]);

const REPLIES = CAPTURED.map((captured) => ({
  title: `${captured.question} of ${captured.from}`,
  lines: captured.lines,
  spelt: captured.from.startsWith('BIND') ? SPELT_BY_BIND.get(captured.question) : undefined,
  message: decodeMessage(octetsOfBase64(captured.base64)),
}));

const recordsOf = ({ answers, authorities, additionals }: Message) => [
  ...answers,
  ...authorities,
  ...additionals,
];

const linesOf = (message: Message) => recordsOf(message).map((record) => presentRecord(record).toLowerCase());

/** The same message, written anew. */
function rewritten(message: Message): Uint8Array {
  const [question] = message.questions;
  if (!question) throw new Error('expected a question, got none');
  return encodeResponse({ ...message, ...question, authenticData: message.authenticated, edns: message.opt });
}

describe('a reply of a real server', () => {
  it.each(REPLIES)('$title has the records that dig sees', ({ message, lines }) => {
    expect(message).toMatchObject({ errors: [], trailingBytes: 0, response: true });
    if (lines) expect(recordsOf(message).map(presentRecord).toSorted()).toEqual(lines);
    else expect(message.answers.filter(({ rdata }) => rdata.kind === 'A')).toHaveLength(40);
  });

  it.each(REPLIES)('$title is the same when it is written anew', ({ message }) => {
    const again = decodeMessage(rewritten(message));
    expect(again.errors).toEqual([]);
    // A compressed name has the case of the one it points to.
    expect(linesOf(again)).toEqual(linesOf(message));
    expect(again.opt).toEqual(message.opt);
    expect(recordsOf(again).map((rr) => rr.uncompressedBytes)).toEqual(
      recordsOf(message).map((rr) => rr.uncompressedBytes),
    );
    expect({ ...again.counts, rcode: again.rcode, aa: again.authoritative }).toEqual({
      ...message.counts,
      rcode: message.rcode,
      aa: message.authoritative,
    });
  });

  it.each(REPLIES.filter(({ spelt }) => spelt === undefined))(
    '$title is as long when it is written anew',
    ({ message }) => {
      expect(decodeMessage(rewritten(message)).answerEnd).toBe(message.answerEnd);
    },
  );

  it.each(REPLIES.filter(({ spelt }) => spelt !== undefined))(
    '$title is longer than when it is written anew: BIND does not point wherever it could',
    ({ message, spelt }) => {
      expect(message.answerEnd - decodeMessage(rewritten(message)).answerEnd).toBe(spelt);
    },
  );

  it('has the same floor on all servers, whatever else it carries', () => {
    const forty = REPLIES.filter(({ message }) => message.counts.answers === 40);
    expect(forty.map(({ message }) => message.answerEnd)).toEqual([674, 674, 674]);
    for (const { message } of forty) {
      const uncompressed = message.answers.reduce((sum, rr) => sum + rr.uncompressedBytes, 0);
      expect(12 + 22 + uncompressed).toBe(1_314);
    }
  });

  it('tags keys as the tool that made them does', () => {
    const keys = REPLIES.flatMap(({ message }) => message.answers).flatMap(({ rdata }) =>
      rdata.kind === 'DNSKEY' ? [[rdata.flags, rdata.keyTag]] : [],
    );
    expect(keys.toSorted(([a = 0], [b = 0]) => a - b)).toEqual([
      [256, 59_472],
      [257, 28_422],
    ]);
  });
});
