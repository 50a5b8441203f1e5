import dnsPacket, { type Answer } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { encodeQuery, encodeResponse } from '#core/dns/codec/encode.ts';
import { canonicalRdata } from '#core/dns/codec/present.ts';
import { octetsOfHex } from '#test/fixtures/dns/octets.ts';
import { Prng } from '#test/sim/prng.ts';
import { craftedRecord, craftedReply } from './crafted.ts';
import { randomName, randomPair, type Pair } from './oracle.ts';

const MESSAGES = 600;

type Case = { question: string; answers: Pair[]; authorities: Pair[]; additionals: Pair[] };

function* cases(seed: number): Generator<Case> {
  const prng = new Prng(seed, 'oracle');
  const pairs = (most: number) => Array.from({ length: prng.int(0, most) }, () => randomPair(prng));
  for (let made = 0; made < MESSAGES; made += 1) {
    yield { question: randomName(prng), answers: pairs(6), authorities: pairs(3), additionals: pairs(3) };
  }
}

const ours = (pairs: readonly Pair[]) => pairs.map((pair) => pair.ours);
const theirs = (pairs: readonly Pair[]) => pairs.map((pair) => pair.theirs);

/** What dns-packet wrote. It never compresses. */
function theirMessage({ question, answers, authorities, additionals }: Case): Uint8Array {
  const packet = {
    type: 'response' as const,
    id: 7,
    flags: dnsPacket.AUTHORITATIVE_ANSWER,
    questions: [{ type: 'A' as const, name: question }],
    answers: theirs(answers),
    authorities: theirs(authorities),
    additionals: theirs(additionals),
  };
  return new Uint8Array(dnsPacket.encode(packet));
}

function ourMessage({ question, answers, authorities, additionals }: Case): Uint8Array {
  return encodeResponse({
    id: 7,
    name: question,
    type: 1,
    recursionDesired: false,
    authoritative: true,
    answers: ours(answers),
    authorities: ours(authorities),
    additionals: ours(additionals),
  });
}

/** What is compared of a record: names may have taken the case of those they point to, and keys get their tags by reading. */
function comparable({ name, type, ttlS, rdata }: Pair['ours']) {
  return { name: name.toLowerCase(), type, ttlS, rdata: canonicalRdata(rdata) };
}

/** dns-packet's records with names in lower case, without what it adds. */
function theirComparable(answers: readonly Answer[] | undefined): unknown {
  const plain = answers?.map((answer) => ({ ...answer, class: undefined, flush: undefined }));
  return JSON.parse(JSON.stringify(plain).toLowerCase());
}

describe('generated messages', () => {
  it('of dns-packet are read as they were meant, their sizes as they are', () => {
    for (const each of cases(1)) {
      const bytes = theirMessage(each);
      const message = decodeMessage(bytes);
      expect(message).toMatchObject({
        id: 7,
        response: true,
        authoritative: true,
        errors: [],
        trailingBytes: 0,
      });
      expect(message.questions[0]?.name).toBe(each.question);
      const read = [...message.answers, ...message.authorities, ...message.additionals];
      const meant = [...each.answers, ...each.authorities, ...each.additionals];
      expect(read.map(comparable)).toEqual(ours(meant).map(comparable));
      // Nothing is compressed there, so that what a record takes is what it would take.
      expect(read.map(({ uncompressedBytes }) => uncompressedBytes)).toEqual(
        read.map((rr) => rr.end - rr.start),
      );
    }
  });

  it('of ours are read by dns-packet as they were meant', () => {
    for (const each of cases(2)) {
      const bytes = ourMessage(each);
      const packet = dnsPacket.decode(Buffer.from(bytes));
      const expected = dnsPacket.decode(Buffer.from(theirMessage(each)));
      expect(theirComparable(packet.answers)).toEqual(theirComparable(expected.answers));
      expect(theirComparable(packet.authorities)).toEqual(theirComparable(expected.authorities));
      expect(theirComparable(packet.additionals)).toEqual(theirComparable(expected.additionals));
    }
  });

  it('of ours are read by ourselves, and what they would take uncompressed is what dns-packet takes', () => {
    for (const each of cases(3)) {
      const message = decodeMessage(ourMessage(each));
      expect(message.errors).toEqual([]);
      const read = [...message.answers, ...message.authorities, ...message.additionals];
      const meant = [...each.answers, ...each.authorities, ...each.additionals];
      expect(read.map(comparable)).toEqual(ours(meant).map(comparable));
      const spelt = read.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0);
      const questionEnd = message.questions[0]?.end ?? 0;
      expect(questionEnd + spelt).toBe(theirMessage(each).length);
    }
  });
});

describe('beside dns-packet', () => {
  it('an answer of 40 addresses takes as much uncompressed (reference: dns, section 3.2)', () => {
    const name = 'a40.example.test';
    const pairs = Array.from({ length: 40 }, (_, index): Pair => {
      const address = `198.51.100.${index}`;
      return {
        ours: { name, type: 1, ttlS: 300, rdata: { kind: 'A', address } },
        theirs: { type: 'A', name, ttl: 300, data: address },
      };
    });
    const each = { question: name, answers: pairs, authorities: [], additionals: [] };
    const message = decodeMessage(ourMessage(each));
    const spelt = message.answers.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0);
    expect(message.answerEnd).toBe(674);
    expect(12 + 22 + spelt).toBe(1_314);
    expect(theirMessage(each)).toHaveLength(1_314);
  });

  it('queries are the same octets', () => {
    const prng = new Prng(5, 'queries');
    for (let made = 0; made < 200; made += 1) {
      const [name, id] = [randomName(prng), prng.int(0, 0xffff)];
      const packet = {
        type: 'query' as const,
        id,
        flags: dnsPacket.RECURSION_DESIRED,
        questions: [{ type: 'AAAA' as const, name }],
      };
      expect(encodeQuery({ id, name, type: 28, recursionDesired: true })).toEqual(
        new Uint8Array(dnsPacket.encode(packet)),
      );
    }
  });

  it('a malformed address is an error, not one that nobody sent', () => {
    const bytes = craftedReply([craftedRecord(1, ''), craftedRecord(1, 'c0 00 02 07')]);
    const peers = dnsPacket
      .decode(Buffer.from(bytes))
      .answers?.map((answer) => 'data' in answer && answer.data);
    expect(peers).toContain('192.12.0.1');
    const { answers } = decodeMessage(bytes);
    expect(answers.map(({ rdata }) => rdata.kind)).toEqual(['malformed', 'A']);
    expect(JSON.stringify(answers)).not.toContain('192.12.0.1');
    expect(octetsOfHex('c000 0207')).toEqual(bytes.slice(answers[1]?.rdataStart, answers[1]?.end));
  });
});
