import type { Failure } from './failure.ts';
import { SILENT_AFTER_MS } from './wire.ts';

/** What the votes of all regions say about a check. */
export const VERDICTS = ['up', 'partial', 'regional', 'down', 'blind'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The rules that page (DESIGN section 5). */
export type Rule = 'unanimous' | 'partial' | 'regional';

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
  /** The last run was `invalid`: the region abstains until its next usable run. */
  abstains: boolean;
  /** Failures in a row. */
  failuresInRow: number;
  /** Rule 2: +4 for a failure up to 12, −2 for a success, never below 0. */
  score: number;
};

/** The failures since the last success anywhere. */
export type Streak = {
  count: number;
  /** Regions that failed in the streak. */
  regions: string[];
};

/** Timing a verdict needs, milliseconds. */
export type VoteTiming = { intervalMs: number; timeoutMs: number };

/** Rule 2's weights (reference: paging, section 6): fail +4, cap 12 per region, success −2. */
const SCORE_FAIL = 4;
const SCORE_PASS = -2;
const SCORE_MAX = 12;
/** Rule 2 pages at this sum without the worst region: 20, or 16 with three live regions; off with fewer. */
const SCORE_PAGE = 20;
const SCORE_PAGE_OF_THREE = 16;
/** Rule 3: failures in a row that count, and regions that must have them. */
const REGIONAL_FAILURES = 5;
const REGIONAL_REGIONS = 2;
/** A result is due T + X + 10 s after the one before (reference: paging, section 6, "Missing data"). */
const RESULT_GRACE_MS = 10_000;

/** Length of the failed streak rule 1 asks for: 3, 4, 4, 5 for 1, 2, 3, 4 live regions; one more than the regions beyond. */
export function unanimousStreak(liveRegions: number): number {
  if (liveRegions <= 1) return 3;
  if (liveRegions === 2) return 4;
  return liveRegions + 1;
}

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

/** The region after a sign of life at `nowMs`. */
export function heard(region: RegionState | undefined, timing: VoteTiming, nowMs: number): RegionState {
  if (!region)
    return {
      heardAtMs: nowMs,
      liveSinceMs: nowMs,
      silent: false,
      abstains: false,
      failuresInRow: 0,
      score: 0,
    };
  const wasLive = isLive(region, timing, nowMs);
  return {
    ...region,
    heardAtMs: Math.max(region.heardAtMs, nowMs),
    liveSinceMs: wasLive ? region.liveSinceMs : nowMs,
    silent: false,
  };
}

/** Whether the region's last usable run still counts, and with it what it has added up to. */
export function isCurrent(region: RegionState, timing: VoteTiming, nowMs: number): boolean {
  return region.vote !== undefined && nowMs < voteExpiresAtMs(region.vote, timing);
}

/** The region after a usable run. One that began after the vote before had expired does not add to what that had. */
export function withVote(region: RegionState, vote: Vote, timing: VoteTiming): RegionState {
  const goesOn = isCurrent(region, timing, vote.startedAtMs);
  const failed = vote.outcome === 'fail';
  const score = (goesOn ? region.score : 0) + (failed ? SCORE_FAIL : SCORE_PASS);
  const failuresBefore = goesOn ? region.failuresInRow : 0;
  return {
    ...region,
    vote,
    abstains: false,
    failuresInRow: failed ? failuresBefore + 1 : 0,
    score: Math.min(SCORE_MAX, Math.max(0, score)),
  };
}

/** The regions after an incident is over: what it has added to their scores must not page a second time. */
export function withoutScores(regions: Record<string, RegionState>): Record<string, RegionState> {
  return Object.fromEntries(Object.entries(regions).map(([id, region]) => [id, { ...region, score: 0 }]));
}

/** The streak after a usable run in `region`: a success anywhere ends it. */
export function extendStreak(streak: Streak, region: string, outcome: 'pass' | 'fail'): Streak {
  if (outcome === 'pass') return { count: 0, regions: [] };
  return {
    count: streak.count + 1,
    regions: streak.regions.includes(region) ? streak.regions : [...streak.regions, region],
  };
}

/** Ids of the regions in the quorum. */
export function quorumOf(regions: Record<string, RegionState>, timing: VoteTiming, nowMs: number): string[] {
  return Object.keys(regions).filter((id) => {
    const region = regions[id];
    return region !== undefined && inQuorum(region, timing, nowMs);
  });
}

/**
 * The rule that pages now, or `undefined`.
 * Rule 1, unanimous: no success since the first failure, every region of the quorum has failed, and the streak is long
 * enough. Rule 2, partial: the sum of scores without the worst region. Rule 3, regional: two regions that keep failing.
 */
export function pagingRule(
  regions: Record<string, RegionState>,
  streak: Streak,
  timing: VoteTiming,
  nowMs: number,
): Rule | undefined {
  const quorum = quorumOf(regions, timing, nowMs);
  if (quorum.length === 0) return undefined;
  if (streak.count >= unanimousStreak(quorum.length) && quorum.every((id) => streak.regions.includes(id)))
    return 'unanimous';
  // One that has just come back is waited for; what it said long ago does not count.
  const members = quorum
    .flatMap((id) => regions[id] ?? [])
    .filter((region) => isCurrent(region, timing, nowMs));
  const scores = members.map((region) => region.score);
  const withoutWorst = scores.reduce((sum, score) => sum + score, 0) - Math.max(0, ...scores);
  const threshold = quorum.length === 3 ? SCORE_PAGE_OF_THREE : SCORE_PAGE;
  if (quorum.length >= 3 && withoutWorst >= threshold) return 'partial';
  const failing = members.filter((region) => region.failuresInRow >= REGIONAL_FAILURES);
  return failing.length >= REGIONAL_REGIONS ? 'regional' : undefined;
}

/** What the votes say now: silence is `blind`, never `up`. */
export function verdictOf(regions: Record<string, RegionState>, timing: VoteTiming, nowMs: number): Verdict {
  const votes = Object.values(regions).flatMap((region) =>
    inQuorum(region, timing, nowMs) && region.vote && isCurrent(region, timing, nowMs) ? [region.vote] : [],
  );
  if (votes.length === 0) return 'blind';
  const failed = votes.filter((vote) => vote.outcome === 'fail').length;
  if (failed === 0) return 'up';
  if (failed === votes.length) return 'down';
  return failed === 1 ? 'regional' : 'partial';
}
