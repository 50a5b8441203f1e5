import type { Warned } from './dns/findings/warned.ts';
import type { Failure } from './failure.ts';
import { DURATIONS_KEPT } from './lateness.ts';
import { SILENT_AFTER_MS } from './wire.ts';

/** The latest usable run of a region, with the hub's time. */
export type Vote = {
  outcome: 'pass' | 'fail';
  runId: string;
  /** Start of the run by the hub's clock, epoch ms. */
  startedAtMs: number;
  durationMs: number;
  failure?: Failure | undefined;
};

/** What a check remembers of one region. Times are the hub's, epoch ms. */
export type RegionState = {
  /** Last sign of life: a run of any outcome, or a heartbeat told by the region's object. */
  heardAtMs: number;
  /** Since when it has been heard from without a silence. */
  liveSinceMs: number;
  /** Its object said that its probes are silent; a sign of life takes it back. */
  silent: boolean;
  vote?: Vote | undefined;
  /** The last run was of no use: the region abstains until its next usable run. */
  abstains: boolean;
  /** Failures in a row, and the start of the first of them. */
  failuresInRow: number;
  failingSinceMs?: number | undefined;
  passesInRow: number;
  /** Start of its last failure, however long ago. */
  lastFailedAtMs?: number | undefined;
  /** Rule 2's tally: starts of the last failures since all was clear, oldest first, at most `TALLY_MAX`. */
  failedAtMs: number[];
  /** Runs without a usable result, in a row: the start of the first, and why the last was of no use. */
  invalid?: { sinceMs: number; why: string } | undefined;
  /** The last control target's failure that came with a failed run; a success of the check takes it back. */
  controlFailedAtMs?: number | undefined;
  /** A run is going on past its soft deadline: when the hub heard of it, and until when its result is due. */
  overdue?: { atMs: number; untilMs: number } | undefined;
  /** When it was last told to be overdue. */
  lastOverdueMs?: number | undefined;
  /** Outcomes of the last runs, oldest first: `p`, `f` or `i`. */
  recent: string;
  /** Durations of its last passes, oldest first: the newest few, and what was normal before. */
  latestMs: number[];
  baselineMs: number[];
  /** Configuration that the durations are of. */
  configHash?: string | undefined;
  /** Of a DNS check: what its last usable run warns of. */
  warned?: Warned[] | undefined;
  /** Notices that are out until what they tell of is over. */
  told: ('one-region' | 'invalid')[];
};

/** Timing a verdict needs, milliseconds. */
export type VoteTiming = { intervalMs: number; timeoutMs: number };

/** Failures of one region that rule 2 counts: a third one more says nothing new of the others. */
export const TALLY_MAX = 3;
/** A region that failed is clear again after this many passes in a row: two would end a burst in a 30 % outage too soon. */
export const CLEAR_AFTER_PASSES = 3;
/** A result is due T + X + 10 s after the one before (reference: paging, section 6, "Missing data"). */
const RESULT_GRACE_MS = 10_000;
/** Outcomes remembered: Nagios looks for flapping over 21 checks (reference: paging, section 6). */
export const RECENT_KEPT = 21;
/** A notice of runs of no use holds until fewer than this many of the last ones were: else each would be told again. */
const INVALID_OVER_BELOW = 2;
/** Passes that make up "now" when latency is compared. */
export const LATEST_KEPT = 5;

/** When a vote stops counting, epoch ms. */
export function voteExpiresAtMs(vote: Pick<Vote, 'startedAtMs'>, timing: VoteTiming): number {
  return vote.startedAtMs + resultDueMs(timing);
}

/**
 * Whether a region has been heard from recently enough: its object has not called it silent (heartbeats, 35 s), and
 * a result came when one was due.
 */
export function isLive(region: RegionState, timing: VoteTiming, nowMs: number): boolean {
  return !region.silent && nowMs - region.heardAtMs <= Math.max(SILENT_AFTER_MS, resultDueMs(timing));
}

function resultDueMs(timing: VoteTiming): number {
  return timing.intervalMs + timing.timeoutMs + RESULT_GRACE_MS;
}

/**
 * Whether a region belongs to the quorum: live, not abstaining, and with a vote that has not expired; one that has
 * only just come to life is waited for as long as a first result may take.
 */
export function inQuorum(region: RegionState, timing: VoteTiming, nowMs: number): boolean {
  if (!isLive(region, timing, nowMs) || region.abstains) return false;
  if (isCurrent(region, timing, nowMs)) return true;
  return nowMs - region.liveSinceMs < resultDueMs(timing);
}

/**
 * Whether a region has been failing alone for so long that a notice is out. It says nothing new then: beside it, two
 * hiccups elsewhere would look like an outage. It leaves the quorum until it passes.
 */
export function isKnownBad(region: RegionState): boolean {
  return region.told.includes('one-region');
}

/** Ids of the regions in the quorum: live, with a say, and not known to be bad by themselves. */
export function quorumOf(regions: Record<string, RegionState>, timing: VoteTiming, nowMs: number): string[] {
  return Object.keys(regions).filter((id) => {
    const region = regions[id];
    return region !== undefined && inQuorum(region, timing, nowMs) && !isKnownBad(region);
  });
}

/** Regions whose failures are not made up for yet by enough passes in a row. */
export function unclearRegions(
  regions: Record<string, RegionState>,
  timing: VoteTiming,
  nowMs: number,
): string[] {
  return Object.entries(regions).flatMap(([id, region]) =>
    region.failedAtMs.length > 0 &&
    region.passesInRow < CLEAR_AFTER_PASSES &&
    isCurrent(region, timing, nowMs) &&
    !isKnownBad(region)
      ? [id]
      : [],
  );
}

/** Whether the region's last usable run still counts, and with it what it has added up to. */
export function isCurrent(region: RegionState, timing: VoteTiming, nowMs: number): boolean {
  return region.vote !== undefined && nowMs < voteExpiresAtMs(region.vote, timing);
}

/** Whether the region's last word is a failure that still counts. */
export function isFailing(region: RegionState, timing: VoteTiming, nowMs: number): boolean {
  return region.vote?.outcome === 'fail' && isCurrent(region, timing, nowMs);
}

/**
 * Whether a region fails when every other one has been passing for `afterMs`. One bad region, also one that fails only now
 * and then, must not hold an incident open: in it the next outage would page nobody. A region that says nothing may be
 * failing as well.
 */
export function failsApart(
  regions: Record<string, RegionState>,
  id: string,
  timing: VoteTiming,
  afterMs: number,
  nowMs: number,
): boolean {
  const others = Object.entries(regions).flatMap(([other, region]) =>
    other === id || isKnownBad(region) ? [] : [region],
  );
  return (
    others.length > 0 &&
    others.every(
      (region) =>
        inQuorum(region, timing, nowMs) &&
        region.vote?.outcome === 'pass' &&
        nowMs - (region.lastFailedAtMs ?? 0) >= afterMs,
    )
  );
}

/** Whether a run of the region is known to go on past its soft deadline. */
export function isOverdue(region: RegionState, nowMs: number): boolean {
  return region.overdue !== undefined && nowMs < region.overdue.untilMs;
}

/** The region after a sign of life at `nowMs`. */
export function heard(region: RegionState | undefined, timing: VoteTiming, nowMs: number): RegionState {
  if (!region)
    return {
      heardAtMs: nowMs,
      liveSinceMs: nowMs,
      silent: false,
      abstains: false,
      failuresInRow: 0,
      passesInRow: 0,
      failedAtMs: [],
      recent: '',
      latestMs: [],
      baselineMs: [],
      told: [],
    };
  const wasLive = isLive(region, timing, nowMs);
  return {
    ...region,
    heardAtMs: Math.max(region.heardAtMs, nowMs),
    liveSinceMs: wasLive ? region.liveSinceMs : nowMs,
    silent: false,
  };
}

/** The region after a usable run. One that began after the vote before had expired does not add to what that had. */
export function withVote(region: RegionState, vote: Vote, timing: VoteTiming): RegionState {
  const goesOn = isCurrent(region, timing, vote.startedAtMs);
  const failed = vote.outcome === 'fail';
  const tally = goesOn ? region.failedAtMs : [];
  const failuresBefore = goesOn ? region.failuresInRow : 0;
  const recent = withOutcome(region.recent, failed ? 'f' : 'p');
  return {
    ...region,
    vote,
    abstains: false,
    failuresInRow: failed ? failuresBefore + 1 : 0,
    failingSinceMs: failed
      ? ((failuresBefore > 0 ? region.failingSinceMs : undefined) ?? vote.startedAtMs)
      : undefined,
    lastFailedAtMs: failed ? vote.startedAtMs : region.lastFailedAtMs,
    passesInRow: failed ? 0 : goesOn ? region.passesInRow + 1 : 1,
    failedAtMs: failed ? [...tally, vote.startedAtMs].slice(-TALLY_MAX) : tally,
    invalid: undefined,
    controlFailedAtMs: failed ? region.controlFailedAtMs : undefined,
    overdue: undefined,
    recent,
    told: region.told.filter((notice) =>
      notice === 'one-region' ? failed : recent.split('i').length > INVALID_OVER_BELOW,
    ),
  };
}

/** The region after a run that says nothing of the target: it abstains, whatever its vote was. */
export function withoutVote(region: RegionState, why: string, startedAtMs: number): RegionState {
  return {
    ...region,
    abstains: true,
    invalid: { sinceMs: region.invalid?.sinceMs ?? startedAtMs, why },
    overdue: undefined,
    recent: withOutcome(region.recent, 'i'),
  };
}

/**
 * The region with the duration of a pass. What leaves the latest few becomes part of what is normal, unless the region
 * is `shifted`: a slow hour must not become the measure of itself. Another configuration starts anew.
 */
export function withDuration(
  region: RegionState,
  durationMs: number,
  configHash: string,
  shifted: boolean,
): RegionState {
  const known = region.configHash === configHash;
  const latest = [...(known ? region.latestMs : []), Math.round(durationMs)];
  const leaving = latest.length > LATEST_KEPT ? latest.slice(0, latest.length - LATEST_KEPT) : [];
  const baseline = known ? region.baselineMs : [];
  return {
    ...region,
    configHash,
    latestMs: latest.slice(-LATEST_KEPT),
    baselineMs: shifted ? baseline : [...baseline, ...leaving].slice(LATEST_KEPT - DURATIONS_KEPT),
  };
}

/** The region with a run that goes on past its soft deadline, as the hub hears at `nowMs`. */
export function withOverdue(
  region: RegionState,
  startedAtMs: number,
  timing: VoteTiming,
  nowMs: number,
): RegionState {
  const untilMs = startedAtMs + timing.timeoutMs + RESULT_GRACE_MS;
  return { ...region, overdue: { atMs: nowMs, untilMs }, lastOverdueMs: nowMs };
}

/** The regions with rule 2's tally begun anew: all is clear, or an incident is over and must not page a second time. */
export function withoutTally(regions: Record<string, RegionState>): Record<string, RegionState> {
  if (Object.values(regions).every((region) => region.failedAtMs.length === 0)) return regions;
  return Object.fromEntries(
    Object.entries(regions).map(([id, region]) => [id, { ...region, failedAtMs: [] }]),
  );
}

/** Outcomes with one more, oldest first. */
export function withOutcome(recent: string, outcome: 'p' | 'f' | 'i'): string {
  return (recent + outcome).slice(-RECENT_KEPT);
}
