import { median } from '../statistics.ts';
import { hodgesLehmann, mannWhitney } from './mann-whitney.ts';

/** What counts as slower. */
export type LatencyRule = {
  /** The median is at least this many times the baseline's… */
  ratioMin: number;
  /** …and longer by at least this… */
  atLeastMs: number;
  /** …and chance alone would do it with at most this, one-sided. */
  alpha: number;
};

/** Durations of each side before anything is said: 8 against 8, all slower, is p = 7.8e-5 (reference: paging, 4.2 e). */
export const LATENCY_RUNS_MIN = 8;
/**
 * Numbers of runs of each side at which steps are compared. At these only, each with its share of the error rate, as looking
 * after every run would find something in the end.
 */
const LOOKS = [LATENCY_RUNS_MIN, 16, 32, 64] as const;
/** Durations that are worth keeping, of each side and step: those of the last look. */
export const LATENCY_RUNS_MAX = Math.max(...LOOKS);

export const STEP_VERDICTS = ['slower', 'alike', 'too-few'] as const;
/** `too-few`: not enough runs on both sides to say. */
export type StepVerdict = (typeof STEP_VERDICTS)[number];

/** How long something takes on the canary and on the baseline. Times are medians, milliseconds. */
export type LatencyVerdict = {
  verdict: StepVerdict;
  /** Durations of each side that were compared. */
  runs: number;
  canaryMs: number;
  baselineMs: number;
  /** Of the medians; absent when the baseline's is 0 or there are no runs. */
  ratio?: number | undefined;
  /** Hodges and Lehmann's shift: by how much the canary is slower. */
  shiftMs?: number | undefined;
  /** One-sided p of Mann and Whitney; absent when the medians alone say that it is not slower. */
  p?: number | undefined;
};

/** Whether the canary is slower: by its median and not by chance. `too-few` under `LATENCY_RUNS_MIN` of either side. */
export function latencyVerdict(
  canaryMs: readonly number[],
  baselineMs: readonly number[],
  rule: LatencyRule,
): LatencyVerdict {
  const runs = Math.min(canaryMs.length, baselineMs.length);
  const medians = { canaryMs: median(canaryMs), baselineMs: median(baselineMs) };
  const ratio = medians.baselineMs > 0 && runs > 0 ? medians.canaryMs / medians.baselineMs : undefined;
  if (runs < LATENCY_RUNS_MIN) return { verdict: 'too-few', runs, ...medians, ratio };
  const shiftMs = hodgesLehmann(canaryMs, baselineMs);
  const measured = { runs, ...medians, ratio, shiftMs };
  const isLonger =
    medians.canaryMs >= medians.baselineMs * rule.ratioMin &&
    medians.canaryMs - medians.baselineMs >= rule.atLeastMs;
  if (!isLonger) return { verdict: 'alike', ...measured };
  const p = mannWhitney(canaryMs, baselineMs).greater;
  return { verdict: p <= rule.alpha ? 'slower' : 'alike', ...measured, p };
}

/** Durations of one step in the order of their pairs, milliseconds; only of runs that passed. */
export type StepDurations = { step: string; canaryMs: number[]; baselineMs: number[] };

export type StepLatency = LatencyVerdict & { step: string };

/**
 * Every step by its first look that finds it slower, or else its latest. All steps and all looks share `rule.alpha`, so that
 * it is the chance that any of them is called slower by mistake: up to three steps 8 runs can show it, with more it takes 16.
 */
export function stepLatencies(steps: readonly StepDurations[], rule: LatencyRule): StepLatency[] {
  const compared = steps.filter((step) => runsOf(step) >= LATENCY_RUNS_MIN);
  const share = { ...rule, alpha: rule.alpha / (LOOKS.length * Math.max(1, compared.length)) };
  return compared.flatMap((step) => {
    const looks = LOOKS.filter((runs) => runs <= runsOf(step)).map((runs) =>
      latencyVerdict(step.canaryMs.slice(0, runs), step.baselineMs.slice(0, runs), share),
    );
    const told = looks.find(({ verdict }) => verdict === 'slower') ?? looks.at(-1);
    return told ? [{ step: step.step, ...told }] : [];
  });
}

function runsOf({ canaryMs, baselineMs }: StepDurations): number {
  return Math.min(canaryMs.length, baselineMs.length);
}
