import { z } from 'zod';

/**
 * A client that gets an answer by its own rules (reference: dns, section 1.5): what it would see is computed from one whole
 * answer.
 */
export const ProfileSettings = z.strictObject({
  title: z.string().min(1).max(100),
  /** Whom it stands for, and where that is known from. */
  appliesTo: z.string().max(300),
  source: z.url().max(500).optional(),
  /** Octets its UDP takes; with `edns` the OPT record of a reply (11 octets) counts too. */
  udpBytes: z.int().min(512).max(65_535),
  edns: z.boolean(),
  /** What becomes of its TCP. `none`: it never tries, and takes a truncated answer as it is. */
  tcp: z.enum(['ok', 'refused', 'blackhole', 'none']),
  /** What it sees of a truncated answer: the records that fit, none, or what the asked server really sends. */
  truncation: z.enum(['partial', 'empty', 'measured']).default('measured'),
  /** More records in one set than this give `overRecords`. */
  recordsMax: z.int().min(1).optional(),
  overRecords: z.enum(['SERVFAIL', 'NXDOMAIN', 'NODATA', 'SUBSET']).default('SERVFAIL'),
  /** More aliases than this give SERVFAIL. */
  chainMax: z.int().min(0).optional(),
});
export type Profile = z.infer<typeof ProfileSettings>;

/** What a client gets. `SUBSET`: `records` of them, and nobody tells it so. */
export type Prediction =
  | { outcome: 'OK' | 'NODATA' | 'NXDOMAIN' | 'SERVFAIL' | 'TRYAGAIN' | 'TIMEOUT' }
  | { outcome: 'SUBSET'; records: number };
