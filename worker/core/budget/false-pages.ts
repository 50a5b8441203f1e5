import { CLEAR_AFTER_PASSES, TALLY_MAX } from '../region.ts';
import { MS_PER_DAY } from '../units.ts';
import { PARTIAL_REGIONS_MIN, REGIONAL, TALLY_PER_REGION, unanimousStreak } from '../verdict.ts';

/** More than this a month is worth a warning (DESIGN section 5: under 0.1 a month). */
export const FALSE_PAGES_MAX = 0.1;
/** A month, as paging.md section 6 counts it. */
const MONTH_MS = 30 * MS_PER_DAY;
/** Rounds of runs in a burst: 120 s (`BURST_MAX_MS`) at some three seconds each. */
const ROUNDS_MAX = 40;
/** Chances smaller than this are left out: at four regions a thousandth of a page in a thousand months. */
const CHANCE_MIN = 1e-10;
/** Five regions are 18^5 cases, which takes a second; of more an upper bound is given. */
const EXACT_REGIONS_MAX = 5;
const ROW_MAX = Math.max(...REGIONAL.map(({ failuresInRow }) => failuresInRow));

/** Runs that fail though nothing is wrong, as shares from 0 to 1. */
export type Flakes = {
  /** Of all runs. */
  flakeRatio: number;
  /** Of the runs that follow a failed one in the same region. Less than `flakeRatio` counts as that. */
  correlationRatio: number;
};

/** What the rules know of one region within a burst: failures tallied, and failures or passes in a row. */
type Case = { tally: number; failures: number; passes: number };

/** Every case there is, the clear one first, and what a failure and a pass make of each, as indexes. */
const CASES: readonly Case[] = casesOf();
const TALLY_OF = CASES.map(({ tally }) => tally);
const FAILURES_OF = CASES.map(({ failures }) => failures);
const PASSES_OF = CASES.map(({ passes }) => passes);
const AFTER_FAIL = CASES.map(({ tally, failures }) =>
  indexOf({
    tally: Math.min(TALLY_MAX, tally + 1),
    failures: Math.min(ROW_MAX, failures + 1),
    passes: 0,
  }),
);
const AFTER_PASS = CASES.map(({ tally, passes }) =>
  tally === 0 ? 0 : indexOf({ tally, failures: 0, passes: Math.min(CLEAR_AFTER_PASSES, passes + 1) }),
);

/**
 * Pages a month (30 days) that a check with so many live regions would send though nothing is wrong: its runs a month times
 * the share that fail times the chance that what follows adds up to a page. For more than five regions an upper bound.
 */
export function falsePagesPerMonth(regions: number, intervalMs: number, flakes: Flakes): number {
  const failures = ((regions * MONTH_MS) / intervalMs) * flakes.flakeRatio;
  return failures * falsePageChance(regions, flakes);
}

/**
 * The chance that a single failure without a cause ends in a page. Exact for up to five regions, of this model: after it
 * all regions run in turn, round after round; a run fails with `correlationRatio` after a failure in its region and with
 * `flakeRatio` else; the burst ends when each region that failed has passed three times in a row, or at a page by rule 1, 2
 * or 3 (`pagingRule`). Agrees with what was measured with core's own rules over 10^6 bursts a setting, at 1 % and
 * correlations of .1, .3, .5 a month: four regions .0004, .017, .90; three .033, .151, .94 (the first failures alone, 3,456
 * and 2,592 a month, times the chance).
 */
export function falsePageChance(regions: number, flakes: Flakes): number {
  if (regions > EXACT_REGIONS_MAX) {
    // Rule 3 asks for three regions, the first among them: so many times as many pairs beside it.
    const pairs = (count: number): number => ((count - 1) * (count - 2)) / 2;
    return Math.min(
      1,
      (falsePageChance(EXACT_REGIONS_MAX, flakes) * pairs(regions)) / pairs(EXACT_REGIONS_MAX),
    );
  }
  const { flakeRatio } = flakes;
  const againRatio = Math.max(flakeRatio, flakes.correlationRatio);
  const places = Array.from({ length: regions }, (_, region) => CASES.length ** region);
  const size = CASES.length ** regions;
  // Chances of what all regions together may look like, and where they are not 0.
  let chances = new Float64Array(size);
  let next = new Float64Array(size);
  // The region that failed first is the last of each round.
  const first = (places[regions - 1] ?? 1) * indexOf({ tally: 1, failures: 1, passes: 0 });
  let reached = [first];
  chances[first] = 1;
  const all = new Int32Array(regions);
  let paged = 0;
  for (let turn = 0; turn < ROUNDS_MAX * regions && reached.length > 0; turn++) {
    const region = turn % regions;
    const place = places[region] ?? 1;
    const follows: number[] = [];
    const reach = (at: number, chance: number): void => {
      if (chance < CHANCE_MIN) return;
      if (next[at] === 0) follows.push(at);
      next[at] = (next[at] ?? 0) + chance;
    };
    for (const at of reached) {
      const chance = chances[at] ?? 0;
      chances[at] = 0;
      decode(at, all);
      const before = all[region] ?? 0;
      const failRatio = (FAILURES_OF[before] ?? 0) > 0 ? againRatio : flakeRatio;
      all[region] = AFTER_PASS[before] ?? 0;
      if (!isClear(all)) reach(at + (all[region] - before) * place, chance * (1 - failRatio));
      all[region] = AFTER_FAIL[before] ?? 0;
      if (isPaged(all, region)) paged += chance * failRatio;
      else reach(at + (all[region] - before) * place, chance * failRatio);
    }
    reached = follows;
    [chances, next] = [next, chances];
  }
  return paged;
}

function casesOf(): Case[] {
  const cases: Case[] = [{ tally: 0, failures: 0, passes: 0 }];
  for (let tally = 1; tally <= TALLY_MAX; tally++) {
    // More failures in a row than in the tally there are only once the tally is full.
    const failuresMax = tally === TALLY_MAX ? ROW_MAX : tally;
    for (let failures = 1; failures <= failuresMax; failures++) cases.push({ tally, failures, passes: 0 });
    for (let passes = 1; passes <= CLEAR_AFTER_PASSES; passes++) cases.push({ tally, failures: 0, passes });
  }
  return cases;
}

function indexOf(wanted: Case): number {
  return CASES.findIndex(
    ({ tally, failures, passes }) =>
      tally === wanted.tally && failures === wanted.failures && passes === wanted.passes,
  );
}

/** The case of each region, written into `all`. */
function decode(at: number, all: Int32Array): void {
  let rest = at;
  for (let region = 0; region < all.length; region++) {
    const index = rest % CASES.length;
    all[region] = index;
    rest = (rest - index) / CASES.length;
  }
}

function isClear(all: Int32Array): boolean {
  for (const index of all)
    if ((TALLY_OF[index] ?? 0) > 0 && (PASSES_OF[index] ?? 0) < CLEAR_AFTER_PASSES) return false;
  return true;
}

/** Whether a rule pages after a failure of `region`, the regions having run in turn. */
function isPaged(all: Int32Array, region: number): boolean {
  const regions = all.length;
  let sum = 0;
  let worst = 0;
  for (const index of all) {
    const tally = TALLY_OF[index] ?? 0;
    sum += tally;
    worst = Math.max(worst, tally);
  }
  if (regions >= PARTIAL_REGIONS_MIN && sum - worst >= TALLY_PER_REGION * regions) return true;
  for (const rule of REGIONAL) if (countInRow(all, rule.failuresInRow) >= rule.regions) return true;
  // Rule 1's streak, back from this run: the same region again after a whole turn.
  for (let back = 0; back < unanimousStreak(regions); back++) {
    const index = all[(region - back + regions * (back + 1)) % regions] ?? 0;
    if ((FAILURES_OF[index] ?? 0) <= Math.floor(back / regions)) return false;
  }
  return true;
}

function countInRow(all: Int32Array, failuresInRow: number): number {
  let count = 0;
  for (const index of all) if ((FAILURES_OF[index] ?? 0) >= failuresInRow) count += 1;
  return count;
}
