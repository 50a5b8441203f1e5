import type { Failure } from './failure.ts';
import { newLedger, type Ledger } from './ledger.ts';
import { voteExpiresAtMs, type VoteTiming } from './region.ts';
import type { Run } from './run.ts';
import { extendStreak, type Streak } from './verdict.ts';

/** The failure that an incident speaks of. */
export type Cause = { failure: Failure; runId: string; region: string; screenshot: boolean };

/** Failures seen and not yet paged. */
export type Suspicion = {
  streak: Streak;
  /** Of the first failure of the streak, which rule 1 pages on. */
  streakLedger: Ledger;
  /** Of the first failure since all was clear, or since no more than one region failed; rules 2 and 3 page on it. */
  ledger: Ledger;
  cause: Cause;
  /** Start of the last failure: one after its vote has expired does not go on with what was before. */
  lastFailedStartMs: number;
};

/** A failed run, with the hub's times. */
export type FailedRun = {
  run: Run;
  failure: Failure;
  startedAtMs: number;
  nowMs: number;
  /** When the hub heard that this run was overdue. */
  overdueMs?: number | undefined;
};

/** The suspicion after a success: its streak is at an end. */
export function afterPass(suspicion: Suspicion, region: string): Suspicion {
  return { ...suspicion, streak: extendStreak(suspicion.streak, region, 'pass') };
}

/**
 * The suspicion after a failure. `isBeginning`: what is failing now has not begun with what failed before, as one bad
 * region alone never pages.
 */
export function afterFail(
  suspicion: Suspicion | undefined,
  failed: FailedRun,
  isBeginning: boolean,
  timing: VoteTiming,
): Suspicion {
  const { run, failure, startedAtMs, nowMs, overdueMs } = failed;
  const cause: Cause = { failure, runId: run.id, region: run.region, screenshot: run.screenshot };
  const ledger: Ledger = {
    ...newLedger(startedAtMs, run.durationMs, nowMs),
    ...(overdueMs === undefined ? {} : { overdueMs }),
  };
  if (!suspicion || !goesOn(suspicion, startedAtMs, timing))
    return {
      streak: { count: 1, regions: [run.region] },
      streakLedger: ledger,
      ledger,
      cause,
      lastFailedStartMs: startedAtMs,
    };
  return {
    ...suspicion,
    streak: extendStreak(suspicion.streak, run.region, 'fail'),
    streakLedger: suspicion.streak.count === 0 ? ledger : suspicion.streakLedger,
    ledger: isBeginning ? ledger : suspicion.ledger,
    cause,
    lastFailedStartMs: Math.max(suspicion.lastFailedStartMs, startedAtMs),
  };
}

/** Whether a failure that began then belongs to the same suspicion. */
export function goesOn(suspicion: Suspicion, startedAtMs: number, timing: VoteTiming): boolean {
  return startedAtMs < voteExpiresAtMs({ startedAtMs: suspicion.lastFailedStartMs }, timing);
}
