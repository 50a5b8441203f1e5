import { z } from 'zod';
import { duration } from '../duration.ts';
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '../units.ts';
import { ATTRIBUTION_E } from './e-value.ts';
import type { LatencyRule } from './latency-regression.ts';
import { SPRT_DEFAULTS, type SprtSettings } from './sprt.ts';

const share = z.number().gt(0).lt(1);

/** When a canary whose runs take longer is told of, or rolled back. */
const LatencyInput = z.strictObject({
  /** Roll back for it; else it is a warning. */
  rollBack: z.boolean().default(false),
  /** Slower: the median is this many times the baseline's (Kayenta's tolerance; reference: paging, section 4.2 e)… */
  timesMedian: z.number().min(1.01).max(100).default(1.25),
  /** …and longer by this, as nobody feels less… */
  atLeast: duration(0, 600_000).default(50),
  /** …and by chance only so often, over all steps of a verification. */
  alpha: share.max(0.05).default(SPRT_DEFAULTS.alpha),
});

/** When counters of real attempts roll a canary back. */
const RealAttemptsInput = z.strictObject({
  /** Chance of doing so though both versions are alike, however often the counters are looked at… */
  alpha: share.max(0.05).default(SPRT_DEFAULTS.alpha),
  /** …and never for a smaller difference of the failure rates: users who try again are not independent. */
  differenceMin: z.number().min(0).max(1).default(0.01),
});

/** How a deploy is verified (reference: paging, section 4). Rates are shares from 0 to 1. */
export const CanaryInput = z
  .strictObject({
    /** Share of runs that fail though nothing is wrong. */
    healthyRate: share.default(SPRT_DEFAULTS.healthyRate),
    /** Share of runs that fail from which on a version is to be rolled back. */
    brokenRate: share.default(SPRT_DEFAULTS.brokenRate),
    /** Chance allowed to roll a healthy version back. */
    alpha: share.max(0.1).default(SPRT_DEFAULTS.alpha),
    /** Chance allowed to promote a broken one. */
    beta: share.max(0.5).default(SPRT_DEFAULTS.beta),
    /**
     * When it has to be decided. At 24 pairs a minute a canary that fails 10 % is found in 99 % of cases within 300 pairs;
     * after 10 minutes it would be 98.9 %.
     */
    deadline: duration(10 * MS_PER_SECOND, 24 * MS_PER_HOUR).default(15 * MS_PER_MINUTE),
    /** A pair that was started and not reported within this is lost, and counts for nothing: two journeys and their way. */
    pairTimeout: duration(MS_PER_SECOND, MS_PER_HOUR).default(MS_PER_MINUTE),
    latency: LatencyInput.prefault({}),
    realAttempts: RealAttemptsInput.prefault({}),
  })
  .superRefine((input, context) => {
    if (input.brokenRate <= input.healthyRate)
      context.addIssue({
        code: 'custom',
        path: ['brokenRate'],
        message: `expected more than healthyRate (${input.healthyRate})`,
        input: input.brokenRate,
      });
  });

/** `CanaryInput` as everything past the edge sees it: plain JSON, durations in milliseconds. */
export type CanarySettings = {
  sprt: SprtSettings;
  deadlineMs: number;
  pairTimeoutMs: number;
  /** E-value from which on the deploy is said to be the cause. */
  attributionE: number;
  latency: LatencyRule & { rollsBack: boolean };
  realAttempts: { alpha: number; differenceMin: number };
};

/** How a deploy is verified when the configuration says nothing about it. */
export const CANARY_DEFAULTS: CanarySettings = canarySettings(CanaryInput.parse({}));

/** The settings with their units in their names. */
export function canarySettings(input: z.output<typeof CanaryInput>): CanarySettings {
  const { healthyRate, brokenRate, alpha, beta, latency } = input;
  return {
    sprt: { healthyRate, brokenRate, alpha, beta },
    deadlineMs: input.deadline,
    pairTimeoutMs: input.pairTimeout,
    attributionE: ATTRIBUTION_E,
    latency: {
      rollsBack: latency.rollBack,
      ratioMin: latency.timesMedian,
      atLeastMs: latency.atLeast,
      alpha: latency.alpha,
    },
    realAttempts: input.realAttempts,
  };
}
