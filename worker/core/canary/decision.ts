import { figuresOf, type CanaryFigures, type SideFigures } from './figures.ts';
import { reasonOf, warningsOf } from './reason.ts';
import type { Ruling } from './ruling.ts';
import type { CanarySettings } from './settings.ts';
import { PAIRS_MAX, type CanaryState } from './state.ts';

/** A decision, why in one sentence for people, what else is worth knowing, and the figures behind it. Plain JSON. */
export type CanaryDecision = Ruling & { reason: string; warnings: string[]; figures: CanaryFigures };

/**
 * What the verification comes to at `nowMs`, the hub's epoch ms. The first decision other than `keep-going` is final: it is
 * for the caller to store it and to ask no more.
 *
 * Guaranteed: the same pairs and counters give the same decision, whatever the order they came in. A verdict over runs that
 * were all announced (`withStarted`) and reported in time is that of the test in the order of starts, so its error rates
 * hold, however long failures take. A pair that was not announced counts at its start as soon as it comes: what was decided
 * before without it stays with its caller.
 */
export function decide(state: CanaryState, nowMs: number): CanaryDecision {
  const { settings, openedAtMs } = state;
  const isOver = nowMs - openedAtMs >= settings.deadlineMs || state.pairs.length >= PAIRS_MAX;
  const figures = figuresOf(state, nowMs, isOver);
  const ruling = rule(figures, settings, isOver);
  return {
    ...ruling,
    reason: reasonOf(ruling, figures, nowMs - openedAtMs),
    warnings: warningsOf(figures),
    figures,
  };
}

function rule(figures: CanaryFigures, settings: CanarySettings, isOver: boolean): Ruling {
  const { canary, baseline } = figures;
  if (canary.verdict === 'reject') {
    if (baseline?.verdict === 'reject') return { outcome: 'both-failing' };
    const isDeploy = baseline !== undefined && figures.evidence >= settings.attributionE;
    if (!isDeploy && !isOver && seemsBroken(baseline)) return { outcome: 'keep-going' };
    return { outcome: 'roll-back', cause: 'runs', attribution: isDeploy ? 'high' : 'low' };
  }
  // Back to a baseline that fails itself is no way out.
  if (baseline?.verdict !== 'reject') {
    if (isWorseForReal(figures, settings))
      return { outcome: 'roll-back', cause: 'real-attempts', attribution: 'high' };
    if (settings.latency.rollsBack && figures.steps.some(({ verdict }) => verdict === 'slower'))
      return { outcome: 'roll-back', cause: 'latency', attribution: 'high' };
  }
  if (canary.verdict === 'accept') return { outcome: 'promote' };
  return { outcome: isOver ? 'cannot-tell' : 'keep-going' };
}

/**
 * A baseline that looks more broken than healthy, though its own test has not ended: in an outage both sides get there
 * within a few runs of each other, and the one that is there first is not to blame. It falls back to healthy, or rejects.
 */
function seemsBroken(baseline: SideFigures | undefined): boolean {
  return baseline !== undefined && baseline.verdict === 'open' && baseline.logLikelihood > 0;
}

function isWorseForReal({ realAttempts }: CanaryFigures, settings: CanarySettings): boolean {
  const test = realAttempts?.test;
  return (
    test !== undefined &&
    test.difference > 0 &&
    test.difference >= settings.realAttempts.differenceMin &&
    test.pValue <= settings.realAttempts.alpha
  );
}
