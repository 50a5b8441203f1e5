import { decide } from '#core/canary/decision.ts';
import { fisherTest } from '#core/canary/proportion.ts';
import type { CanaryOutcome } from '#core/canary/ruling.ts';
import { CANARY_DEFAULTS, type CanarySettings } from '#core/canary/settings.ts';
import { newCanary, withPair } from '#core/canary/state.ts';
import { normalQuantile } from '#core/canary/tail.ts';
import { FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Prng } from '#test/sim/prng.ts';
import { median } from '../statistics.ts';

/** One kind of deploy, many times over. Rates are the shares of runs that fail, from 0 to 1. */
export type SimulatedDeploys = {
  /** Of the canary. */
  trueRate: number;
  baselineRate: number;
  deploys: number;
  seed: number;
  /** Four regions with a pair each every ten seconds, unless told. */
  pairsPerMinute?: number | undefined;
  settings?: CanarySettings | undefined;
  /** One-sided level of the test that is made again each minute. */
  fisherAlpha?: number | undefined;
};

/** How a way to decide fared; shares of the deploys, from 0 to 1. */
export type Fared = {
  rolledBack: number;
  promoted: number;
  /** Said to be an outage of both versions. */
  bothFailing: number;
  /** Time was up. */
  undecided: number;
  /** Median canary runs until it rolled back, and until it decided at all; absent when it never did. */
  medianRunsToRollBack?: number | undefined;
  medianRuns?: number | undefined;
};

export type Simulated = {
  latchkey: Fared;
  /** Fisher's exact test of all runs so far, made again each minute. */
  fisherEachMinute: Fared;
  /** Kayenta's judge, over the failure ratio of each minute. */
  mannWhitneyEachMinute: Fared;
};

/** How one deploy ended, and after how many runs of its canary. */
export type Ending = { outcome: CanaryOutcome; runs: number };

/** Kayenta's NetflixACAJudge (reference: paging, section 4.1): confidence, and its tolerance in shares of the shift. */
const KAYENTA = { confidence: 0.98, tolerance: 0.25 } as const;

/** The same seed gives the same figures. All three ways see the same runs. */
export function simulateDeploys(given: SimulatedDeploys): Simulated {
  const { latchkey, fisherEachMinute, mannWhitneyEachMinute } = simulateEndings(given);
  return {
    latchkey: fared(latchkey),
    fisherEachMinute: fared(fisherEachMinute),
    mannWhitneyEachMinute: fared(mannWhitneyEachMinute),
  };
}

/** The same, deploy by deploy: for who adds up several seeds. */
export function simulateEndings(given: SimulatedDeploys): Record<keyof Simulated, Ending[]> {
  const { trueRate, baselineRate, deploys, seed, fisherAlpha = 0.01 } = given;
  const { pairsPerMinute = 24, settings = CANARY_DEFAULTS } = given;
  const chance = new Prng(seed, `canary ${trueRate} ${baselineRate}`);
  const pairs = Math.floor((settings.deadlineMs / 60_000) * pairsPerMinute);
  const canary = new Uint8Array(pairs);
  const baseline = new Uint8Array(pairs);
  const endings: Record<keyof Simulated, Ending[]> = {
    latchkey: [],
    fisherEachMinute: [],
    mannWhitneyEachMinute: [],
  };
  const fisherRule = fisherRules(pairsPerMinute, fisherAlpha);
  for (let deploy = 0; deploy < deploys; deploy++) {
    for (let at = 0; at < pairs; at++) {
      canary[at] = chance.chance(trueRate) ? 1 : 0;
      baseline[at] = chance.chance(baselineRate) ? 1 : 0;
    }
    endings.latchkey.push(byLatchkey(canary, baseline, pairsPerMinute, settings));
    endings.fisherEachMinute.push(byMinute(canary, baseline, pairsPerMinute, fisherRule()));
    endings.mannWhitneyEachMinute.push(
      byMinute(canary, baseline, pairsPerMinute, mannWhitneyRule(pairsPerMinute)),
    );
  }
  return endings;
}

/** Core's own decision, asked after every pair and once more when time is up. */
function byLatchkey(
  canary: Uint8Array,
  baseline: Uint8Array,
  pairsPerMinute: number,
  settings: CanarySettings,
): Ending {
  let state = newCanary(settings, { paired: true, openedAtMs: 0 });
  const everyMs = 60_000 / pairsPerMinute;
  for (const [at, failed] of canary.entries()) {
    const startedAtMs = at * everyMs;
    state = withPair(state, {
      id: String(at),
      region: FOUR_REGIONS[at % FOUR_REGIONS.length] ?? 'us-east',
      startedAtMs,
      canary: failed ? 'fail' : 'pass',
      baseline: baseline[at] ? 'fail' : 'pass',
    });
    const { outcome } = decide(state, startedAtMs);
    if (outcome !== 'keep-going') return { outcome, runs: at + 1 };
  }
  return { outcome: decide(state, settings.deadlineMs).outcome, runs: canary.length };
}

/** Whether to roll back after a minute, told the failures of either side in it. */
type MinuteRule = (canaryFailures: number, baselineFailures: number) => boolean;

/** Looks at the end of each minute and promotes when time is up. */
function byMinute(
  canary: Uint8Array,
  baseline: Uint8Array,
  pairsPerMinute: number,
  isWorse: MinuteRule,
): Ending {
  for (let runs = pairsPerMinute; runs <= canary.length; runs += pairsPerMinute) {
    const from = runs - pairsPerMinute;
    if (isWorse(sum(canary, from, runs), sum(baseline, from, runs))) return { outcome: 'roll-back', runs };
  }
  return { outcome: 'promote', runs: canary.length };
}

function sum(failed: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) count += failed[at] ?? 0;
  return count;
}

/** For one simulation: remembers what each table of failures came to, as most deploys are alike. */
function fisherRules(pairsPerMinute: number, alpha: number): () => MinuteRule {
  const known = new Map<string, boolean>();
  return () => {
    let attempts = 0;
    let canary = 0;
    let baseline = 0;
    return (canaryFailures, baselineFailures) => {
      attempts += pairsPerMinute;
      canary += canaryFailures;
      baseline += baselineFailures;
      const key = `${attempts} ${canary} ${baseline}`;
      let isWorse = known.get(key);
      if (isWorse === undefined) {
        const { greater } = fisherTest({ attempts, failures: canary }, { attempts, failures: baseline });
        isWorse = greater < alpha;
        known.set(key, isWorse);
      }
      return isWorse;
    };
  };
}

/**
 * High when the lower end of the interval of Hodges and Lehmann's shift is over the tolerated share of it. Failures of a
 * minute are whole numbers, so the differences of all minutes of one side to all of the other are kept as counts.
 */
function mannWhitneyRule(pairsPerMinute: number): MinuteRule {
  const z = normalQuantile((1 - KAYENTA.confidence) / 2);
  const counts = new Uint32Array(2 * pairsPerMinute + 1);
  const canary: number[] = [];
  const baseline: number[] = [];
  const add = (difference: number): void => {
    const at = difference + pairsPerMinute;
    counts[at] = (counts[at] ?? 0) + 1;
  };
  /** The difference at a rank from 1. */
  const ranked = (rank: number): number => {
    let below = 0;
    for (const [at, count] of counts.entries()) {
      below += count;
      if (below >= rank) return at - pairsPerMinute;
    }
    return pairsPerMinute;
  };
  return (canaryFailures, baselineFailures) => {
    for (const other of baseline) add(canaryFailures - other);
    canary.push(canaryFailures);
    for (const other of canary) add(other - baselineFailures);
    baseline.push(baselineFailures);
    const minutes = canary.length;
    const all = minutes * minutes;
    const rank = Math.floor(all / 2 - z * Math.sqrt((all * (2 * minutes + 1)) / 12));
    if (rank < 1) return false;
    const shift = (ranked(Math.ceil(all / 2)) + ranked(Math.floor(all / 2) + 1)) / 2;
    return ranked(rank) > KAYENTA.tolerance * Math.abs(shift);
  };
}

function fared(endings: readonly Ending[]): Fared {
  const share = (outcome: CanaryOutcome): number =>
    endings.filter((ending) => ending.outcome === outcome).length / endings.length;
  const rollBacks = endings.filter(({ outcome }) => outcome === 'roll-back').map(({ runs }) => runs);
  const decided = endings.filter(({ outcome }) => outcome !== 'cannot-tell').map(({ runs }) => runs);
  return {
    rolledBack: share('roll-back'),
    promoted: share('promote'),
    bothFailing: share('both-failing'),
    undecided: share('cannot-tell'),
    ...(rollBacks.length > 0 ? { medianRunsToRollBack: median(rollBacks) } : {}),
    ...(decided.length > 0 ? { medianRuns: median(decided) } : {}),
  };
}
