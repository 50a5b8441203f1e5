import dnsPacket from 'dns-packet';
import { Packet } from 'dns2';
import { decodeMessage, ShortHeaderError } from '#core/dns/codec/decode.ts';
import { encodeResponse } from '#core/dns/codec/encode.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { fuzzMessages } from '../fixtures/dns/fuzz.ts';
import { median } from './statistics.ts';

/** Rounds of each reader: interleaved, so that whatever else the machine does meets all of them. */
const ROUNDS = 15;
/** Rounds before those that count, until compiled code has settled. */
const WARM_UP_ROUNDS = 4;
const ROUND_MS = 80;
/** Messages between two looks at the clock. */
const BATCH = 100;
const FUZZ_SEED = 1;
const FUZZ_MESSAGES = 100_000;
/** A message that took longer than this is read again: the machine's other work is not the message's doing. */
const SLOW_MS = 1;
const SLOW_TRIES = 5;

export type DecodeFigures = {
  /** How many times as fast as the faster of dns-packet and dns2, on an answer of 40 addresses (685 octets). */
  decode40AToFastest: number;
  /** Such answers. */
  decodesPerSecond: number;
  /** The slowest of 100,000 messages made to break a reader, some of them 64 kB long; the best of several readings. */
  slowestFuzzMs: number;
};

/** Reads DNS messages with our codec, dns-packet and dns2 in turn, in this process. Takes about six seconds. */
export async function measureDecode(): Promise<DecodeFigures> {
  const bytes = answerOf40();
  const buffer = Buffer.from(bytes);
  const own = { read: () => decodeMessage(bytes).answers.length, perSecond: [] as number[] };
  const peers = [
    { read: () => dnsPacket.decode(buffer).answers?.length ?? 0, perSecond: [] as number[] },
    { read: () => Packet.parse(buffer).answers.length, perSecond: [] as number[] },
  ];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    for (const reader of [own, ...peers]) {
      const perSecond = readingsPerSecond(reader.read);
      if (round >= WARM_UP_ROUNDS) reader.perSecond.push(perSecond);
    }
    // Signals are heard between rounds.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const decodesPerSecond = median(own.perSecond);
  const fastestPeer = Math.max(...peers.map(({ perSecond }) => median(perSecond)));
  return {
    decode40AToFastest: decodesPerSecond / fastestPeer,
    decodesPerSecond,
    slowestFuzzMs: slowestFuzz(),
  };
}

function answerOf40(): Uint8Array {
  const name = 'a40.example.test';
  return encodeResponse({
    id: 1,
    name,
    type: RR_TYPES.A,
    recursionDesired: false,
    authoritative: true,
    answers: Array.from({ length: 40 }, (_, index) => ({
      name,
      type: RR_TYPES.A,
      ttlS: 300,
      rdata: { kind: 'A', address: `198.51.100.${index}` },
    })),
    edns: { udpBytes: 1_232, dnssecOk: false },
  });
}

function readingsPerSecond(read: () => number): number {
  const start = performance.now();
  let readings = 0;
  let elapsedMs = 0;
  while (elapsedMs < ROUND_MS) {
    for (let left = BATCH; left > 0; left -= 1) {
      const answers = read();
      if (answers !== 40) throw new Error(`measureDecode: expected 40 answers, got ${answers}`);
    }
    readings += BATCH;
    elapsedMs = performance.now() - start;
  }
  return (readings / elapsedMs) * 1_000;
}

function slowestFuzz(): number {
  let slowestMs = 0;
  for (const message of fuzzMessages(FUZZ_SEED, FUZZ_MESSAGES)) {
    let bestMs = decodeMs(message);
    for (let tries = 1; bestMs > SLOW_MS && tries < SLOW_TRIES; tries += 1) {
      bestMs = Math.min(bestMs, decodeMs(message));
    }
    slowestMs = Math.max(slowestMs, bestMs);
  }
  return slowestMs;
}

function decodeMs(message: Uint8Array): number {
  const start = performance.now();
  try {
    decodeMessage(message);
  } catch (error) {
    if (!(error instanceof ShortHeaderError)) throw error;
  }
  return performance.now() - start;
}
