import {
  inQuorum,
  isCurrent,
  isFailing,
  isKnownBad,
  isLive,
  quorumOf,
  type RegionState,
  type VoteTiming,
} from './region.ts';

/** What the votes of all regions say about a check. */
export const VERDICTS = ['up', 'partial', 'regional', 'down', 'blind'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The rules that page (DESIGN section 5). */
export type Rule = 'unanimous' | 'partial' | 'regional';

/** The failures since the last success anywhere. */
export type Streak = {
  count: number;
  /** Regions that failed in the streak. */
  regions: string[];
};

/**
 * Rule 2: failures for each live region, within this time, that must have come from outside the worst region. Found by
 * simulating 10^6 triggers a setting: at 30 % failing it decides in half the time of a leaking score at fewer false pages.
 */
export const TALLY_PER_REGION = 2;
const TALLY_WINDOW_MS = 120_000;
export const PARTIAL_REGIONS_MIN = 3;
/** Rule 3: regions that keep failing, and how often in a row each of them has; with more regions fewer are enough. */
export const REGIONAL = [
  { regions: 2, failuresInRow: 5 },
  { regions: 3, failuresInRow: 3 },
] as const;
/**
 * Regions that go down one after the other are known to be bad before the next one is: beside such a one, a region must
 * fail this often in a row. Five would be the other region's hiccups alone, at a correlation of 0.3 once a day.
 */
const FAILURES_BESIDE_KNOWN_BAD = 7;

/** Length of the failed streak rule 1 asks for: 3, 4, 4, 5 for 1, 2, 3, 4 live regions; one more than the regions beyond. */
export function unanimousStreak(liveRegions: number): number {
  if (liveRegions <= 1) return 3;
  if (liveRegions === 2) return 4;
  return liveRegions + 1;
}

/** The streak after a usable run in `region`: a success anywhere ends it. */
export function extendStreak(streak: Streak, region: string, outcome: 'pass' | 'fail'): Streak {
  if (outcome === 'pass') return { count: 0, regions: [] };
  return {
    count: streak.count + 1,
    regions: streak.regions.includes(region) ? streak.regions : [...streak.regions, region],
  };
}

/**
 * The rule that pages now, or `undefined`.
 * Rule 1, unanimous: no success since the first failure, every region of the quorum has failed, and the streak is long
 * enough. Rule 2, partial: in two minutes, outside the worst region, twice as many failures as there are live regions, no
 * more than three counted of each. Rule 3, regional: two regions that failed five times in a row, or three three times.
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
  const tallies = members.map(
    ({ failedAtMs }) => failedAtMs.filter((atMs) => nowMs - atMs <= TALLY_WINDOW_MS).length,
  );
  const withoutWorst = tallies.reduce((sum, tally) => sum + tally, 0) - Math.max(0, ...tallies);
  if (quorum.length >= PARTIAL_REGIONS_MIN && withoutWorst >= TALLY_PER_REGION * quorum.length)
    return 'partial';
  const isRegional = REGIONAL.some(
    (rule) =>
      members.filter(({ failuresInRow }) => failuresInRow >= rule.failuresInRow).length >= rule.regions,
  );
  const besideKnownBad =
    Object.values(regions).some(
      (region) => isKnownBad(region) && isLive(region, timing, nowMs) && isFailing(region, timing, nowMs),
    ) && members.some(({ failuresInRow }) => failuresInRow >= FAILURES_BESIDE_KNOWN_BAD);
  return isRegional || besideKnownBad ? 'regional' : undefined;
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
