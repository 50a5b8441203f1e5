import type { PagingSettings } from './paging-settings.ts';
import { nearestRank } from './statistics.ts';

/** Passes of each region whose durations are remembered: with four regions a hundred, so that a p99 is one of them. */
export const DURATIONS_KEPT = 25;
/** Passes, over all regions, before anything is learnt from them. */
const LEARNT_FROM = 20;
/** A confirmation run may take this many soft deadlines, and this many p99, before it counts as failed. */
const CONFIRM_SOFT_DEADLINES = 1.5;
const CONFIRM_P99S = 2.5;
/** A journey that is slow by nature is overdue only past its own p99. */
const SOFT_P99S_MIN = 1.25;

/** What a check's own history says about how long a run takes; milliseconds, by the probes' monotonic clocks. */
export type Deadlines = {
  /** A run that takes longer is said to be overdue while it still runs. */
  softMs: number;
  /** A confirmation run that takes longer has failed: between the soft deadline and the check's timeout. */
  confirmMs: number;
};

/** Nearest-rank p99 of durations; `undefined` when there are too few to learn from. */
export function p99Ms(durationsMs: readonly number[]): number | undefined {
  if (durationsMs.length < LEARNT_FROM) return undefined;
  const sorted = durationsMs.toSorted((a, b) => a - b);
  return nearestRank(sorted, 99);
}

/**
 * The deadlines of a check's runs, from the durations of its latest passes. Nothing learnt yet: the soft deadline is the
 * ceiling, as it only starts a burst, and confirmations have the whole timeout, as a shorter one could fail them.
 */
export function deadlinesOf(
  lateness: PagingSettings['lateness'],
  timeoutMs: number,
  durationsMs: readonly number[],
): Deadlines {
  const p99 = p99Ms(durationsMs);
  if (p99 === undefined) return { softMs: Math.min(lateness.ceilingMs, timeoutMs), confirmMs: timeoutMs };
  return deadlinesAt(lateness, timeoutMs, p99);
}

/** The deadlines when the p99 is known, milliseconds. */
export function deadlinesAt(lateness: PagingSettings['lateness'], timeoutMs: number, p99: number): Deadlines {
  const { timesP99, floorMs, ceilingMs } = lateness;
  const learnt = Math.min(Math.max(p99 * timesP99, floorMs), ceilingMs);
  const softMs = Math.min(timeoutMs, Math.round(Math.max(learnt, p99 * SOFT_P99S_MIN)));
  const confirmMs = Math.round(Math.max(softMs * CONFIRM_SOFT_DEADLINES, p99 * CONFIRM_P99S));
  return { softMs, confirmMs: Math.min(timeoutMs, confirmMs) };
}
