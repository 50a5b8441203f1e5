import type { PagingSettings } from './paging-settings.ts';
import { LATEST_KEPT, quorumOf, type RegionState, type VoteTiming } from './region.ts';

/** Passes before a region knows what is normal: with fewer, one slow start would be half of the measure. */
const BASELINE_FROM = 10;
/** One region, however slow, is an outlier (INCIDENTS, 4: single far regions mean nothing). */
const REGIONS_MIN = 2;

/** Whether a region's last passes took clearly longer than those before: by their medians, so that one outlier is none. */
export function isShifted(region: RegionState, latency: PagingSettings['latency']): boolean {
  if (region.latestMs.length < LATEST_KEPT || region.baselineMs.length < BASELINE_FROM) return false;
  const now = median(region.latestMs);
  const normal = median(region.baselineMs);
  return now >= normal * latency.timesMedian && now - normal >= latency.atLeastMs;
}

/** The regions of the quorum that have become slower, if they are most of it; else none. */
export function slowRegions(
  regions: Record<string, RegionState>,
  latency: PagingSettings['latency'],
  timing: VoteTiming,
  nowMs: number,
): string[] {
  const quorum = quorumOf(regions, timing, nowMs);
  const slow = quorum.filter((id) => {
    const region = regions[id];
    return region !== undefined && isShifted(region, latency);
  });
  return slow.length >= REGIONS_MIN && slow.length * 2 > quorum.length ? slow : [];
}

/** Median of the latest and of the normal durations over the given regions, milliseconds. */
export function latencyOf(
  regions: Record<string, RegionState>,
  ids: readonly string[],
): { latestMs: number; normalMs: number } {
  const of = (pick: (region: RegionState) => number[]): number[] =>
    ids.flatMap((id) => (regions[id] ? pick(regions[id]) : []));
  return {
    latestMs: median(of((region) => region.latestMs)),
    normalMs: median(of((region) => region.baselineMs)),
  };
}

/** Median of numbers; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
