import { figuresOf, type CanaryFigures, type SideFigures } from './figures.ts';
import { reasonOf, warningsOf } from './reason.ts';
import type { Ruling } from './ruling.ts';
import type { CanarySettings } from './settings.ts';
import { sprtBounds, type SprtVerdict } from './sprt.ts';
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
  const bounds = sprtBounds(settings.sprt);
  const figures = figuresOf(state, bounds, nowMs, isOver);
  const ruling = rule(figures, settings, bounds.reject, isOver);
  return {
    ...ruling,
    reason: reasonOf(ruling, figures, nowMs - openedAtMs),
    warnings: warningsOf(figures),
    figures,
  };
}

function rule(figures: CanaryFigures, settings: CanarySettings, reject: number, isOver: boolean): Ruling {
  const canary = standing(figures.canary, reject);
  const baseline = figures.baseline && standing(figures.baseline, reject);
  if (canary === 'reject') {
    if (baseline === 'reject') return { outcome: 'both-failing' };
    const isDeploy = baseline !== undefined && figures.evidence >= settings.attributionE;
    // In an outage both sides reject within a few runs of each other, and the one that is there first is not to blame: a
    // baseline that looks more broken than healthy is waited for. It falls back to healthy, or rejects.
    const seemsOutage = baseline === 'open' && (figures.baseline?.logLikelihood ?? 0) > 0;
    if (seemsOutage && !isDeploy && !isOver) return { outcome: 'keep-going' };
    return { outcome: 'roll-back', cause: 'runs', attribution: isDeploy ? 'high' : 'low' };
  }
  // Back to a baseline that fails itself is no way out.
  if (baseline !== 'reject') {
    if (isWorseForReal(figures, settings))
      return { outcome: 'roll-back', cause: 'real-attempts', attribution: 'high' };
    if (settings.latency.rollsBack && figures.steps.some(({ verdict }) => verdict === 'slower'))
      return { outcome: 'roll-back', cause: 'latency', attribution: 'high' };
  }
  if (canary === 'accept') return { outcome: 'promote' };
  return { outcome: isOver ? 'cannot-tell' : 'keep-going' };
}

/**
 * The verdict of a side, unless it was accepted and all its runs together speak for broken: many runs can come at once, from
 * a spool, with the accepted ones first and the failures after them.
 */
function standing({ verdict, logLikelihood }: SideFigures, reject: number): SprtVerdict {
  if (verdict !== 'accept' || logLikelihood <= 0) return verdict;
  return logLikelihood >= reject ? 'reject' : 'open';
}

function isWorseForReal({ realAttempts }: CanaryFigures, settings: CanarySettings): boolean {
  const test = realAttempts?.test;
  return (
    test !== undefined &&
    test.difference >= settings.realAttempts.differenceMin &&
    test.pValue <= settings.realAttempts.alpha
  );
}
