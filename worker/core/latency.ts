import type { PagingSettings } from './paging-settings.ts';
import { median } from './statistics.ts';
import { MS_PER_DAY } from './units.ts';
import { LATEST_KEPT, quorumOf, type RegionState, type VoteTiming } from './region.ts';

/** Passes before a region knows what is normal: with fewer, one slow start would be half of the measure. */
const BASELINE_FROM = 10;
/** One region, however slow, is an outlier (INCIDENTS, 4: single far regions mean nothing). */
export const SLOW_REGIONS_MIN = 2;
/** Whoever was paged a day ago has seen it: what is still as slow is what the check takes now. */
export const NEW_NORMAL_AFTER_MS = MS_PER_DAY;

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
  return slow.length >= SLOW_REGIONS_MIN && slow.length * 2 > quorum.length ? slow : [];
}

/** The regions with what is normal to be learnt anew. */
export function withoutBaselines(regions: Record<string, RegionState>): Record<string, RegionState> {
  return Object.fromEntries(
    Object.entries(regions).map(([id, region]) => [id, { ...region, baselineMs: [] }]),
  );
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
