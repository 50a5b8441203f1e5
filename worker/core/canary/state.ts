import type { Outcome } from '../run.ts';
import { LATENCY_RUNS_MAX } from './latency-regression.ts';
import { PAIR_STEPS_MAX, type Pair, type StartedPair } from './pair.ts';
import { checkAttempts, type Attempts } from './proportion.ts';
import type { CanarySettings } from './settings.ts';

/** A pair as it is remembered: `pending` until its result is in. */
export type KnownPair = Omit<Pair, 'canary'> & { canary: Outcome | 'pending' };

/** Real attempts on both sides since the canary takes traffic. */
export type RealAttempts = { canary: Attempts; baseline: Attempts };

/** All that a verification remembers. Plain JSON, a few hundred kilobytes at the most. */
export type CanaryState = {
  settings: CanarySettings;
  /** Whether there is a baseline beside the canary. */
  paired: boolean;
  /** By the hub's clock, epoch ms. */
  openedAtMs: number;
  /** In the order of their starts, ids deciding between equal ones. */
  pairs: KnownPair[];
  realAttempts?: RealAttempts | undefined;
};

/** Pairs of one verification: over an hour at 24 a minute. The test stays open so long in one of 10^6 at any rate. */
export const PAIRS_MAX = 2_000;

export function newCanary(
  settings: CanarySettings,
  verification: { paired: boolean; openedAtMs: number },
): CanaryState {
  const { paired, openedAtMs } = verification;
  return { settings, paired, openedAtMs, pairs: [] };
}

/**
 * A pair that has been asked for. Without this an early failure would count before the slow passes that started earlier, and
 * a hang after the quick passes that started later; with it nothing is decided that a run still under way could change.
 */
export function withStarted(state: CanaryState, started: StartedPair): CanaryState {
  const { id, region, startedAtMs } = started;
  if (state.pairs.some((known) => known.id === id)) return state;
  return inserted(state, { id, region, startedAtMs, canary: 'pending' });
}

/**
 * A pair with its result. The same id twice is harmless: the first result stands. Pairs may come in any order, before or
 * after they were announced: the same ones make the same state. Past `PAIRS_MAX` new ones are left out.
 */
export function withPair(state: CanaryState, pair: Pair): CanaryState {
  const at = state.pairs.findIndex((known) => known.id === pair.id);
  const known = state.pairs[at];
  if (known === undefined) return inserted(state, pair);
  if (known.canary !== 'pending') return state;
  // Announced: its place in the order stays.
  const result = { ...pair, startedAtMs: known.startedAtMs, region: known.region };
  return { ...state, pairs: withoutLateDurations(state.pairs.with(at, boundedPair(result))) };
}

/** Counters of real attempts, since the deploy. They only grow: an older report than what is known is left out. */
export function withRealAttempts(state: CanaryState, realAttempts: RealAttempts): CanaryState {
  const { canary, baseline } = realAttempts;
  checkAttempts('canary', canary);
  checkAttempts('baseline', baseline);
  const known = state.realAttempts;
  if (known && attemptsOf(known) >= canary.attempts + baseline.attempts) return state;
  return { ...state, realAttempts: { canary, baseline } };
}

function attemptsOf({ canary, baseline }: RealAttempts): number {
  return canary.attempts + baseline.attempts;
}

function inserted(state: CanaryState, pair: KnownPair): CanaryState {
  if (!Number.isFinite(pair.startedAtMs))
    throw new RangeError(`startedAtMs: expected epoch ms, got ${pair.startedAtMs}`);
  if (state.pairs.length >= PAIRS_MAX) return state;
  const after = state.pairs.findLastIndex((known) => isBefore(known, pair));
  return {
    ...state,
    pairs: withoutLateDurations(state.pairs.toSpliced(after + 1, 0, boundedPair(pair))),
  };
}

function isBefore(a: StartedPair, b: StartedPair): boolean {
  return a.startedAtMs < b.startedAtMs || (a.startedAtMs === b.startedAtMs && a.id < b.id);
}

function boundedPair(pair: KnownPair): KnownPair {
  const { canarySteps, baselineSteps, ...rest } = pair;
  return {
    ...rest,
    ...(canarySteps ? { canarySteps: canarySteps.slice(0, PAIR_STEPS_MAX) } : {}),
    ...(baselineSteps ? { baselineSteps: baselineSteps.slice(0, PAIR_STEPS_MAX) } : {}),
  };
}

/**
 * Durations are kept of the first pairs only: of twice as many as the last look at them wants, as not all pass on both
 * sides. What is left out is left out for good, as pairs never go away.
 */
function withoutLateDurations(pairs: KnownPair[]): KnownPair[] {
  let kept = 0;
  const first = pairs.findIndex((pair) => {
    if (hasDurations(pair)) kept += 1;
    return kept > 2 * LATENCY_RUNS_MAX;
  });
  if (first < 0) return pairs;
  return pairs.map((pair, at) => {
    if (at < first || !hasDurations(pair)) return pair;
    const { canarySteps: _canary, baselineSteps: _baseline, ...rest } = pair;
    return rest;
  });
}

function hasDurations({ canarySteps, baselineSteps }: KnownPair): boolean {
  return canarySteps !== undefined || baselineSteps !== undefined;
}
