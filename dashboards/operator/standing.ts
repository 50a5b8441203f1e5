import type { Check } from '#core/config.ts';
import { failureLabel } from '#core/failure.ts';
import { seesProduction, type Outcome } from '#core/run.ts';
import type { RunLine } from '#core/view.ts';
import { inQuorum, isLive, isOverdue, voteExpiresAtMs, type RegionState } from '#core/region.ts';

/** Runs in the strip of a region: at the default interval, the last ten minutes. */
export const STRIP_RUNS_MAX = 20;

/**
 * What a region says about a check. Only `pass` and `fail` are votes; the others say why there is none:
 * `abstains` (its last run was our own fault), `expired` (its last vote is too old), `waiting` (live, no result yet),
 * `silent` (no sign of life), `never` (nothing was ever heard of it).
 */
export type Standing = 'pass' | 'fail' | 'abstains' | 'expired' | 'waiting' | 'silent' | 'never';

/** One run as a mark in a strip. */
export type RunMark = {
  runId: string;
  outcome: Outcome;
  late: boolean;
  startedAtMs: number;
  durationMs: number;
  /** Label of the failure: `timeout`, `http 502`, `browser-crash`… */
  failure: string | undefined;
};

/** How one region stands for one check. */
export type Cell = {
  region: string;
  regionTitle: string;
  standing: Standing;
  /** Whether the region's vote is part of the verdict now. */
  votes: boolean;
  /** Label and message of the failure behind `fail` or `abstains`. */
  failure: string | undefined;
  message: string | undefined;
  failuresInRow: number;
  /**
   * What has been told of this region alone: it fails while the others do not, so it is not asked to agree until it
   * passes; or its runs are of no use, for the reason in `message`.
   */
  told: RegionState['told'];
  /** A run goes on past its soft deadline: since when the hub knows, epoch ms. */
  overdueSinceMs: number | undefined;
  lastRun: RunMark | undefined;
  /** Since the start of the last run. */
  ageMs: number | undefined;
  lastHeardMs: number | undefined;
  /** Oldest first, at most `STRIP_RUNS_MAX`. */
  strip: RunMark[];
};

/**
 * How a region stands for a check. `runs` are those of this region, newest first; those that went to a canary say nothing of
 * it. Pure.
 */
export function cellOf(
  check: Check,
  region: { id: string; title: string },
  state: RegionState | undefined,
  allRuns: readonly RunLine[],
  nowMs: number,
): Cell {
  const runs = allRuns.filter(seesProduction);
  const standing = standingOf(state, check, nowMs);
  const lastRun = runs[0];
  const failure =
    standing === 'abstains' ? lastInvalid(runs) : standing === 'fail' ? state?.vote?.failure : undefined;
  return {
    region: region.id,
    regionTitle: region.title,
    standing,
    votes: standing === 'pass' || standing === 'fail',
    failure: failure && failureLabel(failure),
    message: failure?.message ?? (standing === 'abstains' ? state?.invalid?.why : undefined),
    failuresInRow: state?.failuresInRow ?? 0,
    told: state?.told ?? [],
    overdueSinceMs: state && isOverdue(state, nowMs) ? state.overdue?.atMs : undefined,
    lastRun: lastRun && markOf(lastRun),
    ageMs: lastRun && Math.max(0, nowMs - lastRun.startedAtMs),
    lastHeardMs: state?.heardAtMs,
    strip: runs.slice(0, STRIP_RUNS_MAX).map(markOf).toReversed(),
  };
}

/** A vote counts exactly when core counts it: anything else is told apart here and is never health. */
function standingOf(state: RegionState | undefined, check: Check, nowMs: number): Standing {
  if (!state) return 'never';
  if (!isLive(state, check, nowMs)) return 'silent';
  if (state.abstains) return 'abstains';
  if (!state.vote) return 'waiting';
  const counts = inQuorum(state, check, nowMs) && nowMs < voteExpiresAtMs(state.vote, check);
  return counts ? state.vote.outcome : 'expired';
}

function lastInvalid(runs: readonly RunLine[]): RunLine['failure'] {
  return runs.find((run) => run.outcome === 'invalid')?.failure;
}

/** A run as a mark. */
export function markOf(run: RunLine): RunMark {
  return {
    runId: run.id,
    outcome: run.outcome,
    late: run.late,
    startedAtMs: run.startedAtMs,
    durationMs: run.durationMs,
    failure: run.failure && failureLabel(run.failure),
  };
}
