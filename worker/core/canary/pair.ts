import type { Outcome, Run } from '../run.ts';

/** How long a step took on one side of a pair. */
export type StepTime = { step: string; durationMs: number };

/** The step that is the whole run: a title of a journey is never in brackets by itself. */
export const WHOLE_RUN = '(whole run)';

/** Steps compared, the whole run included: with more, each would need more runs than a verification has. */
export const PAIR_STEPS_MAX = 20;

/** A pair that a probe has been asked for. */
export type StartedPair = {
  /** Idempotency key, unique within a verification. */
  id: string;
  region: string;
  /** By the hub's clock, epoch ms: pairs count in this order. */
  startedAtMs: number;
};

/** A run on the canary and, started together with it by the same probe, one on the baseline. */
export type Pair = StartedPair & {
  /** `invalid`: a fault of ours, which never counts. */
  canary: Outcome;
  /** Absent in a verification without a baseline. */
  baseline?: Outcome | undefined;
  /** Only of sides that passed. */
  canarySteps?: StepTime[] | undefined;
  baselineSteps?: StepTime[] | undefined;
};

/** The pair that two runs make. A baseline's run that never came is of no use, like one that is `invalid`. */
export function pairOf(
  started: StartedPair,
  canary: Pick<Run, 'outcome' | 'durationMs' | 'steps'>,
  baseline?: Pick<Run, 'outcome' | 'durationMs' | 'steps'>,
): Pair {
  const { id, region, startedAtMs } = started;
  return {
    id,
    region,
    startedAtMs,
    canary: canary.outcome,
    ...(canary.outcome === 'pass' ? { canarySteps: stepTimes(canary) } : {}),
    ...(baseline ? { baseline: baseline.outcome } : {}),
    ...(baseline?.outcome === 'pass' ? { baselineSteps: stepTimes(baseline) } : {}),
  };
}

/** The whole run and its outermost steps; what has the same title is added up. */
function stepTimes(run: Pick<Run, 'durationMs' | 'steps'>): StepTime[] {
  const times = new Map([[WHOLE_RUN, run.durationMs]]);
  for (const { title, durationMs } of run.steps)
    if (times.has(title) || times.size < PAIR_STEPS_MAX)
      times.set(title, (times.get(title) ?? 0) + durationMs);
  return Array.from(times, ([step, durationMs]) => ({ step, durationMs }));
}
