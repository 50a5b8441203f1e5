import { z } from 'zod';
import { TRANSPORTS } from '../asking/exchange.ts';
import { OUTCOME_CLASSES } from '../asking/outcome.ts';
import { Finding, FINDINGS_MAX } from './finding.ts';

/** Exchanges of one run: a whole audit of four servers over every transport has about 120. */
export const EXCHANGES_MAX = 200;
/** Octets of replies kept of one run, before base64: leaves a run well under `RUN_BYTES_MAX`. */
export const REPLY_BYTES_KEPT = 96 * 1024;
/** Addresses of one run: more than any pool Latchkey is meant for. */
export const ADDRESSES_MAX = 1_000;
/** Ranges of a published file that are followed; a longer file must be narrowed by `service`. */
export const RANGES_MAX = 2_000;

const ms = z.number().min(0);
const text = z.string().max(300);

/** One question and what came of it, as stored. `reply` is the raw message in base64. */
export const StoredExchange = z.strictObject({
  server: text,
  transport: z.enum(TRANSPORTS),
  name: z.string().max(1_100),
  type: z.int().min(0).max(65_535),
  /** How it was put when not plainly: `rd`, `do`, `edns=1232`, `split`, … for people. */
  how: z.string().max(100),
  outcome: z.enum(OUTCOME_CLASSES),
  atMs: ms,
  connectMs: ms.optional(),
  tlsMs: ms.optional(),
  exchangeMs: ms,
  tries: z.int().min(1),
  wireBytes: z.int().min(0).optional(),
  reply: z.string().max(90_000).optional(),
  trouble: z.string().max(300).optional(),
});
export type StoredExchange = z.infer<typeof StoredExchange>;

/** What one run measured of one type: the figures a baseline is made of. Of the answer over TCP or DoH, or a whole UDP one. */
export const Measured = z.strictObject({
  type: z.int().min(0).max(65_535),
  outcome: z.enum(OUTCOME_CLASSES),
  records: z.int().min(0),
  floorBytes: z.int().min(0),
  wireBytes: z.int().min(0),
  uncompressedBytes: z.int().min(0),
  chain: z.int().min(0),
  minTtlS: z.int().min(0).optional(),
});
export type Measured = z.infer<typeof Measured>;

/** The published file as one run saw it. */
export const SeenRanges = z.strictObject({
  url: z.string().max(2_000),
  status: z.int().optional(),
  sha256: z.string().max(64).optional(),
  /** `createDate`, `syncToken` or the like, as epoch ms. */
  publishedAtMs: z.int().optional(),
  ranges: z
    .array(
      z.strictObject({
        prefix: z.string().max(50),
        service: z.string().max(100).optional(),
        effectiveAtMs: z.int().optional(),
      }),
    )
    .max(RANGES_MAX)
    .optional(),
  error: z.string().max(300).optional(),
});
export type SeenRanges = z.infer<typeof SeenRanges>;

/** What a run tells of that only a memory of other runs can judge. */
export const DnsSummary = z.strictObject({
  measured: z.array(Measured).max(30),
  /** Every address in any answer for the name, each once, with how many of the answers it was in. */
  addresses: z
    .array(z.strictObject({ address: z.string().max(45), answers: z.int().min(1) }))
    .max(ADDRESSES_MAX),
  /** Uncached answers with addresses that were seen, and the most addresses in one. */
  samples: z.int().min(0),
  perAnswer: z.int().min(0),
  /** SOA serial by authority. */
  serials: z.array(z.strictObject({ server: text, serial: z.int().min(0) })).max(40),
  /** Class by resolver, of the first type. */
  resolvers: z.array(z.strictObject({ server: text, outcome: z.enum(OUTCOME_CLASSES) })).max(40),
  /** Whether every authority answered the first type. */
  authoritiesAnswer: z.boolean().optional(),
  ranges: z.array(SeenRanges).max(4),
});
export type DnsSummary = z.infer<typeof DnsSummary>;

/** What a run of a DNS check carries beside the outcome. */
export const DnsEvidence = z.strictObject({
  name: z.string().max(1_100),
  findings: z.array(Finding).max(FINDINGS_MAX),
  /** How many more there were. */
  findingsDropped: z.int().min(0).optional(),
  /** Questions that were still to be put when the run ended or had put all it may. */
  unasked: z.int().min(0).optional(),
  summary: DnsSummary,
  exchanges: z.array(StoredExchange).max(EXCHANGES_MAX),
});
export type DnsEvidence = z.infer<typeof DnsEvidence>;
