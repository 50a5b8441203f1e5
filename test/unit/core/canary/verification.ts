import { decide, type CanaryDecision } from '#core/canary/decision.ts';
import type { Pair } from '#core/canary/pair.ts';
import { CANARY_DEFAULTS, type CanarySettings } from '#core/canary/settings.ts';
import { newCanary, withPair, withStarted, type CanaryState } from '#core/canary/state.ts';
import { FOUR_REGIONS } from '#test/fixtures/builders.ts';

export const OPENED_AT_MS = 1_800_000_000_000;
/** Four regions, a pair each every ten seconds. */
export const EVERY_MS = 2_500;

export function aCanary(over: Partial<CanarySettings> = {}, paired = true): CanaryState {
  return newCanary({ ...CANARY_DEFAULTS, ...over }, { paired, openedAtMs: OPENED_AT_MS });
}

/** The pair at a place in the order: passes on both sides unless overridden. */
export function aPair(at: number, over: Partial<Pair> = {}): Pair {
  return {
    id: `pair-${String(at).padStart(4, '0')}`,
    region: FOUR_REGIONS[at % FOUR_REGIONS.length] ?? 'us-east',
    startedAtMs: OPENED_AT_MS + at * EVERY_MS,
    canary: 'pass',
    baseline: 'pass',
    ...over,
  };
}

const OUTCOMES = { p: 'pass', f: 'fail', i: 'invalid' } as const;
const outcomeOf = (letter: string | undefined) =>
  letter === 'p' || letter === 'f' || letter === 'i' ? OUTCOMES[letter] : undefined;

/** One letter a pair: `p`ass, `f`ail, `i`nvalid, `.` still under way; a baseline that is not told passes, `-` is absent. */
export function told(canary: string, baseline = '', state = aCanary()): CanaryState {
  let next = state;
  for (const [at, letter] of canary.split('').entries()) {
    const { id, region, startedAtMs } = aPair(at);
    next = withStarted(next, { id, region, startedAtMs });
    const outcome = outcomeOf(letter);
    if (outcome === undefined) continue;
    const beside = outcomeOf(baseline[at] ?? 'p');
    next = withPair(next, {
      id,
      region,
      startedAtMs,
      canary: outcome,
      ...(beside ? { baseline: beside } : {}),
    });
  }
  return next;
}

/** The decision at the moment the next pair would start. */
export function decided(state: CanaryState, afterMs = state.pairs.length * EVERY_MS): CanaryDecision {
  return decide(state, OPENED_AT_MS + afterMs);
}
