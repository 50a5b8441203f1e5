import type { Failure } from './failure.ts';
import { newLedger, type Ledger } from './ledger.ts';
import type { Run } from './run.ts';
import {
  extendStreak,
  isCurrent,
  voteExpiresAtMs,
  type RegionState,
  type Streak,
  type VoteTiming,
} from './verdict.ts';

/** The failure that an incident speaks of. */
export type Cause = { failure: Failure; runId: string; region: string; screenshot: boolean };

/** Failures seen and not yet paged: regions re-run at once until it is clear. */
export type Suspicion = {
  streak: Streak;
  /** Of the first failure of the streak, which rule 1 pages on. */
  streakLedger: Ledger;
  /** Of the first failure since all was clear, or since no more than one region failed; rules 2 and 3 page on it. */
  ledger: Ledger;
  cause: Cause;
  /** Start of the last failure: one after its vote has expired does not go on with what was before. */
  lastFailedStartMs: number;
  /** A burst asks for runs back to back until then, epoch ms. */
  burstUntilMs: number;
  /** When the regions were last asked. */
  askedAtMs: number;
};

/** A failed run, with the hub's times. */
export type FailedRun = { run: Run; failure: Failure; startedAtMs: number; nowMs: number };

/** Confirmation never outlives the two minutes (DESIGN law 4): a burst that has not decided by then ends. */
export const BURST_MAX_MS = 120_000;
/** While a burst runs the regions are asked again this often: a lost command or a region that died must not stall it. */
export const BURST_ASK_INTERVAL_MS = 5_000;

/** Regions whose failures are not made up for yet. */
export function failingRegions(
  regions: Record<string, RegionState>,
  timing: VoteTiming,
  nowMs: number,
): string[] {
  return Object.entries(regions).flatMap(([id, region]) =>
    region.score > 0 && isCurrent(region, timing, nowMs) ? [id] : [],
  );
}

/** The suspicion after a success: gone when no region is failing any more, else with its streak at an end. */
export function afterPass(suspicion: Suspicion, region: string, isClear: boolean): Suspicion | undefined {
  return isClear ? undefined : { ...suspicion, streak: extendStreak(suspicion.streak, region, 'pass') };
}

/** The suspicion after a failure. `failingBefore`: the regions that were failing already. */
export function afterFail(
  suspicion: Suspicion | undefined,
  failed: FailedRun,
  failingBefore: readonly string[],
  timing: VoteTiming,
): Suspicion {
  const { run, failure, startedAtMs, nowMs } = failed;
  const cause: Cause = { failure, runId: run.id, region: run.region, screenshot: run.screenshot };
  const ledger = newLedger(startedAtMs, run.durationMs, nowMs);
  const goesOn =
    suspicion && startedAtMs < voteExpiresAtMs({ startedAtMs: suspicion.lastFailedStartMs }, timing);
  if (!goesOn)
    return {
      streak: { count: 1, regions: [run.region] },
      streakLedger: ledger,
      ledger,
      cause,
      lastFailedStartMs: startedAtMs,
      burstUntilMs: 0,
      askedAtMs: 0,
    };
  // One bad region alone never pages, so what begins when a second one fails has not begun with it.
  const isBeginning =
    isBurstOver(suspicion, nowMs) && failingBefore.length <= 1 && !failingBefore.includes(run.region);
  return {
    ...suspicion,
    streak: extendStreak(suspicion.streak, run.region, 'fail'),
    streakLedger: suspicion.streak.count === 0 ? ledger : suspicion.streakLedger,
    ledger: isBeginning ? ledger : suspicion.ledger,
    cause,
    lastFailedStartMs: Math.max(suspicion.lastFailedStartMs, startedAtMs),
  };
}

/**
 * The suspicion with its regions asked, or `undefined` when there is nothing to ask now. A burst starts at once, asks
 * again while it lasts, and another one starts only on new evidence: one region that keeps failing alone must not make
 * all of them hammer the target for ever.
 */
export function withBurst(
  suspicion: Suspicion,
  regions: Record<string, RegionState>,
  timing: VoteTiming,
  nowMs: number,
): Suspicion | undefined {
  const isNew = suspicion.burstUntilMs === 0;
  const isOver = isBurstOver(suspicion, nowMs);
  if (isOver) {
    const failing = Object.values(regions).filter(
      (region) => region.vote?.outcome === 'fail' && isCurrent(region, timing, nowMs),
    );
    if (failing.length < 2) return undefined;
  }
  // Asked in the future: the clock has been set back.
  const wasJustAsked = nowMs >= suspicion.askedAtMs && nowMs < suspicion.askedAtMs + BURST_ASK_INTERVAL_MS;
  if (!isNew && wasJustAsked) return undefined;
  return {
    ...suspicion,
    burstUntilMs: Math.min(nowMs + BURST_MAX_MS, isNew || isOver ? Infinity : suspicion.burstUntilMs),
    askedAtMs: nowMs,
    ledger: { ...suspicion.ledger, burstAskedMs: suspicion.ledger.burstAskedMs ?? nowMs },
  };
}

function isBurstOver(suspicion: Suspicion, nowMs: number): boolean {
  return suspicion.burstUntilMs !== 0 && nowMs >= suspicion.burstUntilMs;
}
