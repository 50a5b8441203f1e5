import { formatMs, truncate } from '../units.ts';
import type { CanaryFigures, SideFigures } from './figures.ts';
import type { StepLatency } from './latency-regression.ts';
import { REAL_ATTEMPTS_MIN, REAL_FAILURES_MIN } from './mixture-sprt.ts';
import { WHOLE_RUN } from './pair.ts';
import type { Attempts } from './proportion.ts';
import type { RollBackCause, Ruling } from './ruling.ts';

/** Runs of which so many are of no use are worth a word. */
const INVALID_TOLD_FROM = 3;
const STEP_CHARS_MAX = 80;

/** Why it is so, in one sentence that is read at three in the night. */
export function reasonOf(ruling: Ruling, figures: CanaryFigures, tookMs: number): string {
  const { canary, baseline } = figures;
  const runs = runsOf(canary, nameOf(figures));
  switch (ruling.outcome) {
    case 'roll-back':
      return rollBackReason(ruling.cause, ruling.attribution === 'high', figures);
    case 'promote':
      return canary.failures === 0
        ? `All ${canary.runs}${nameOf(figures)} runs passed.`
        : `${runs}, no more than a healthy version's do.`;
    case 'both-failing':
      return `${runs}, and ${besideOf(baseline)}: both versions fail, so this is an outage and not the deploy.`;
    case 'cannot-tell':
      return canary.runs === 0
        ? `No${nameOf(figures)} run gave a usable result in ${formatMs(tookMs)}, and silence is not health.`
        : `${runs} in ${formatMs(tookMs)}, which is enough neither to promote nor to roll back.`;
    case 'keep-going':
      if (canary.runs === 0) return `No${nameOf(figures)} run has given a usable result yet.`;
      return canary.verdict === 'reject' && baseline
        ? `${runs}, but ${besideOf(baseline)}: a few more runs will show whether it is the deploy.`
        : `${runs} so far, which does not decide it yet.`;
  }
}

function rollBackReason(cause: RollBackCause, isSure: boolean, figures: CanaryFigures): string {
  const { canary, baseline, realAttempts, steps } = figures;
  if (cause === 'real-attempts' && realAttempts)
    return `Of real attempts ${percentOf(realAttempts.canary)} fail on the canary and ${percentOf(realAttempts.baseline)} on the baseline.`;
  const slow = steps.find(({ verdict }) => verdict === 'slower');
  if (cause === 'latency' && slow) return slowness(slow);
  const runs = runsOf(canary, nameOf(figures));
  if (baseline === undefined) return `${runs}; there is no baseline to compare them with.`;
  if (baseline.runs === 0) return `${runs}; the baseline gave no usable result to compare them with.`;
  return isSure
    ? `${runs}, and ${besideOf(baseline)}: it is the deploy.`
    : `${runs}, and ${besideOf(baseline)}: too few runs to be sure that it is the deploy, enough not to wait.`;
}

/** What is worth knowing beside the decision; nothing of it decides. */
export function warningsOf({ canary, baseline, lost, steps, realAttempts }: CanaryFigures): string[] {
  const warnings = steps.filter(({ verdict }) => verdict === 'slower').map(slowness);
  for (const [name, side] of [
    ['canary', canary],
    ['baseline', baseline],
  ] as const)
    if (side && side.invalid >= INVALID_TOLD_FROM && side.invalid >= side.runs)
      warnings.push(
        `${side.invalid}${baseline ? ` ${name}` : ''} runs were of no use, by a fault of the probes, and ${side.runs} were.`,
      );
  if (lost >= INVALID_TOLD_FROM) warnings.push(`${lost} runs were asked for and never reported.`);
  if (realAttempts && realAttempts.canary.attempts === 0 && realAttempts.baseline.attempts > 0)
    warnings.push('No real attempt has reached the canary.');
  else if (realAttempts && realAttempts.test === undefined)
    warnings.push(
      `Real attempts are not compared yet: it takes ${REAL_ATTEMPTS_MIN} on each side and ${REAL_FAILURES_MIN} failures.`,
    );
  return warnings;
}

/** What people call the side that is judged, a space before it: without a baseline there is only one. */
function nameOf({ baseline }: CanaryFigures): string {
  return baseline ? ' canary' : '';
}

function runsOf({ runs, failures, onlyIn }: SideFigures, name: string): string {
  const where = onlyIn && failures > 1 ? `, all in ${onlyIn.join(' and ')}` : '';
  return `${failures === 0 ? 'None' : failures} of ${runs}${name} ${runs === 1 ? 'run' : 'runs'} failed${where}`;
}

function besideOf(baseline: SideFigures | undefined): string {
  const { runs, failures } = baseline ?? { runs: 0, failures: 0 };
  return `${failures === 0 ? 'none' : failures} of ${runs} on the baseline`;
}

function percentOf({ attempts, failures }: Attempts): string {
  return `${((100 * failures) / attempts).toFixed(1)} %`;
}

function slowness({ step, canaryMs, baselineMs }: StepLatency): string {
  const what = step === WHOLE_RUN ? 'A run' : `Step “${truncate(step, STEP_CHARS_MAX)}”`;
  return `${what} takes ${formatMs(canaryMs)} on the canary and ${formatMs(baselineMs)} on the baseline.`;
}
