import { z } from 'zod';

const octets = z.int().min(12).max(65_535);
const count = z.int().min(1).max(10_000);

/** Thresholds of the size assertions; the defaults are the catalogue's (reference: dns, section 1.3 B and E). */
export const LimitSettings = z.strictObject({
  /** B1. Route 53 gives at most 8; 20 is what broke in 2018; BIND 9.18 refuses over 100. */
  recordsWarn: count.default(8),
  recordsFail: count.default(20),
  recordsCritical: count.default(100),
  /** B2, B11, B14. 512: RFC 1035 section 4.2.1. */
  floorWarnBytes: octets.default(400),
  floorFailBytes: octets.default(512),
  /** B3, B6. 1232: DNS Flag Day 2020. */
  wireFailBytes: octets.default(1_232),
  /** B5: less room than this, in octets and in records. */
  headroomWarnBytes: z.int().min(0).default(64),
  headroomWarnRecords: z.int().min(0).default(3),
  /** B13. CoreDNS follows 7, BIND 11. */
  chainWarn: count.default(4),
  chainFail: count.default(7),
  chainCritical: count.default(10),
  /** B15: growth since the accepted baseline, as a share. */
  growthWarn: z.number().min(0.01).max(100).default(0.25),
  /** E1, seconds. */
  ttlWarnMinS: z.int().min(0).default(30),
  ttlWarnMaxS: z.int().min(1).default(3_600),
  /** E1: a name that must fail over within this many seconds. */
  ttlFailMaxS: z.int().min(1).optional(),
  /** E2, seconds: Zonemaster ZONE06. */
  negativeTtlMinS: z.int().min(0).default(300),
  negativeTtlMaxS: z.int().min(1).default(86_400),
  /** E6, milliseconds: Checkly's defaults. */
  latencyWarnMs: z.int().min(1).default(500),
  latencyFailMs: z.int().min(1).default(1_000),
  /** E7, hours: Zonemaster DNSSEC04, and three days to act. */
  signatureFailHours: z.number().min(0).default(12),
  signatureWarnHours: z.number().min(0).default(72),
  /** D1, D5: servers may differ for this long after a change, seconds. */
  graceS: z.int().min(0).default(600),
});
export type Limits = z.infer<typeof LimitSettings>;
