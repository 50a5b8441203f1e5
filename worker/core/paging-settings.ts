import { z } from 'zod';
import { duration } from './duration.ts';
import { Slug } from './run.ts';
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from './units.ts';

const channels = z.array(Slug).max(20);

/** How a run that takes longer than it ever does is noticed before its deadline. */
const LatenessInput = z.strictObject({
  /** The soft deadline is this many times the p99 of the runs that passed lately… */
  timesP99: z.number().min(1).max(20).default(3),
  /** …but not under the floor, so that a quick journey's hiccup asks nobody… */
  floor: duration(500, 60_000).default(4 * MS_PER_SECOND),
  /** …nor over the ceiling, which is also what counts while nothing is known yet. */
  ceiling: duration(500, 600_000).default(8 * MS_PER_SECOND),
});

/** When passes that take longer are an incident of their own. */
const LatencyInput = z.strictObject({
  /** Shifted: the median of a region's last passes is at least this many times that of the ones before… */
  timesMedian: z.number().min(1.25).max(100).default(3),
  /** …and slower by at least this. */
  atLeast: duration(1, 600_000).default(MS_PER_SECOND),
});

/** When pages go out, to whom, and when an incident ends (DESIGN section 5). */
export const PagingInput = z.strictObject({
  /** No failure for this long, and two successes per live region: recovered. */
  clearAfter: duration(100, MS_PER_HOUR).default(2 * MS_PER_MINUTE),
  /** Clean for this long: the provider is told `resolve`. A failure before is the same incident. */
  resolveAfter: duration(100, MS_PER_DAY).default(5 * MS_PER_MINUTE),
  /** Pause between two runs of a region in a burst (the `g` of the worst case). */
  burstGap: duration(0, 30_000).default(MS_PER_SECOND),
  lateness: LatenessInput.prefault({}),
  latency: LatencyInput.prefault({}),
  /**
   * Channels that get a page as well when one that wakes has not accepted it within 8 s, or has refused it; another one
   * that has taken it may reach somebody else.
   */
  fallback: channels.default([]),
  /** Channels that get a page nobody has acknowledged within `escalateAfter`; those of `fallback` when absent. */
  escalation: channels.optional(),
  escalateAfter: duration(MS_PER_SECOND, MS_PER_DAY).default(5 * MS_PER_MINUTE),
  /** Channels for what must not wake anybody; when absent those that wake nobody, such as `slack`. */
  notices: channels.optional(),
  /** Channels a probe pages by itself when the hub is gone; their secrets must be set on the probe. */
  breakGlass: channels.default([]),
  /** A drill older than this is a warning on the operator's page. */
  drillEvery: duration(MS_PER_MINUTE, 366 * MS_PER_DAY).default(7 * MS_PER_DAY),
});

/** `PagingInput` as everything past the edge sees it. Durations in milliseconds. */
export type PagingSettings = {
  clearAfterMs: number;
  resolveAfterMs: number;
  burstGapMs: number;
  lateness: { timesP99: number; floorMs: number; ceilingMs: number };
  latency: { timesMedian: number; atLeastMs: number };
  fallback: string[];
  escalation: string[];
  escalateAfterMs: number;
  /** Absent: the channels that wake nobody. */
  notices?: string[] | undefined;
  breakGlass: string[];
  drillEveryMs: number;
};

/** What paging is when the configuration says nothing about it. */
export const PAGING_DEFAULTS: PagingSettings = pagingSettings(PagingInput.parse({}));

/** The settings with their units in their names, and what is absent filled in. */
export function pagingSettings(input: z.output<typeof PagingInput>): PagingSettings {
  return {
    clearAfterMs: input.clearAfter,
    resolveAfterMs: input.resolveAfter,
    burstGapMs: input.burstGap,
    lateness: {
      timesP99: input.lateness.timesP99,
      floorMs: input.lateness.floor,
      ceilingMs: input.lateness.ceiling,
    },
    latency: { timesMedian: input.latency.timesMedian, atLeastMs: input.latency.atLeast },
    fallback: input.fallback,
    escalation: input.escalation ?? input.fallback,
    escalateAfterMs: input.escalateAfter,
    ...(input.notices === undefined ? {} : { notices: input.notices }),
    breakGlass: input.breakGlass,
    drillEveryMs: input.drillEvery,
  };
}
