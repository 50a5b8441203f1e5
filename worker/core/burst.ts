import { isFailing, isOverdue, unclearRegions, type RegionState, type VoteTiming } from './region.ts';

/** All live regions run back to back until it is clear what is wrong. Times are the hub's, epoch ms. */
export type Burst = {
  beganMs: number;
  /** Runs are asked for until then. */
  untilMs: number;
  /** When the regions were last asked. */
  askedAtMs: number;
};

/** Confirmation never outlives the two minutes (DESIGN law 4): a burst that has not decided by then ends. */
export const BURST_MAX_MS = 120_000;
/** While a burst runs the regions are asked again this often: a lost command or a region that died must not stall it. */
export const BURST_ASK_INTERVAL_MS = 5_000;

/** Whether regions run back to back now. */
export function isBurstOn(burst: Burst | undefined, nowMs: number): boolean {
  return burst !== undefined && nowMs < burst.untilMs;
}

/** Whether there is nothing to confirm: no region with failures not made up for, and no run known to be overdue. */
export function isClear(regions: Record<string, RegionState>, timing: VoteTiming, nowMs: number): boolean {
  return (
    unclearRegions(regions, timing, nowMs).length === 0 &&
    !Object.values(regions).some((region) => isOverdue(region, nowMs))
  );
}

/**
 * The burst with its regions asked, or `undefined` when there is nothing to ask now. It starts at once, asks again while
 * it lasts, and another one starts only on new evidence: one region that keeps failing alone must not make all of them
 * hammer the target for ever.
 */
export function askedBurst(
  burst: Burst | undefined,
  regions: Record<string, RegionState>,
  timing: VoteTiming,
  nowMs: number,
): Burst | undefined {
  if (!burst) return { beganMs: nowMs, untilMs: nowMs + BURST_MAX_MS, askedAtMs: nowMs };
  const isOver = nowMs >= burst.untilMs;
  if (isOver && Object.values(regions).filter((region) => isFailing(region, timing, nowMs)).length < 2)
    return undefined;
  // Asked in the future: the clock has been set back.
  const wasJustAsked = nowMs >= burst.askedAtMs && nowMs < burst.askedAtMs + BURST_ASK_INTERVAL_MS;
  if (wasJustAsked) return undefined;
  return {
    ...burst,
    untilMs: Math.min(nowMs + BURST_MAX_MS, isOver ? Number.POSITIVE_INFINITY : burst.untilMs),
    askedAtMs: nowMs,
  };
}
