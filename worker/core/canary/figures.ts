import { evidence } from './e-value.ts';
import {
  LATENCY_RUNS_MAX,
  stepLatencies,
  type StepDurations,
  type StepLatency,
} from './latency-regression.ts';
import { mixtureSprt, type MixtureSprt } from './mixture-sprt.ts';
import { PAIR_STEPS_MAX, type StepTime } from './pair.ts';
import { logLikelihood, sprtVerdict, type SprtBounds, type SprtVerdict } from './sprt.ts';
import type { CanaryState, KnownPair, RealAttempts } from './state.ts';

/** What is known of one side. */
export type SideFigures = {
  /** Runs that passed or failed. */
  runs: number;
  failures: number;
  /** Runs that were of no use, by our own fault. */
  invalid: number;
  /** Of broken to healthy, over all runs; above 0 they speak for broken. */
  logLikelihood: number;
  /** In the order of starts; open as long as a run still under way could change it. */
  verdict: SprtVerdict;
  /** The regions whose runs failed, as long as others have only passed. */
  onlyIn?: string[] | undefined;
};

/** What a decision is made from. Plain JSON. */
export type CanaryFigures = {
  canary: SideFigures;
  /** Only of a verification with a baseline. */
  baseline?: SideFigures | undefined;
  /** Pairs asked for and still awaited, and those that did not come in time. */
  pending: number;
  lost: number;
  /** Pairs in which one side failed and the other passed. */
  onlyCanaryFailed: number;
  onlyBaselineFailed: number;
  /** E-value of these; at most `EVIDENCE_MAX`. */
  evidence: number;
  /** Steps that ran often enough on both sides. */
  steps: StepLatency[];
  realAttempts?: (RealAttempts & { test?: MixtureSprt | undefined }) | undefined;
};

/** More is not more certain, and JSON knows no Infinity. */
export const EVIDENCE_MAX = 1e9;

/** All figures at `nowMs`, epoch ms. `isOver`: nothing is awaited any more. */
export function figuresOf(
  state: CanaryState,
  bounds: SprtBounds,
  nowMs: number,
  isOver: boolean,
): CanaryFigures {
  const { settings, paired, realAttempts } = state;
  const { pairs, lost } = awaitedOrIn(state, nowMs, isOver);
  let pending = 0;
  let onlyCanaryFailed = 0;
  let onlyBaselineFailed = 0;
  for (const { canary, baseline } of pairs) {
    if (canary === 'pending') pending += 1;
    if (canary === 'fail' && baseline === 'pass') onlyCanaryFailed += 1;
    if (canary === 'pass' && baseline === 'fail') onlyBaselineFailed += 1;
  }
  return {
    canary: sideFigures(bounds, pairs, ({ canary }) => canary),
    ...(paired
      ? {
          baseline: sideFigures(bounds, pairs, ({ canary, baseline }) =>
            canary === 'pending' ? canary : (baseline ?? 'invalid'),
          ),
        }
      : {}),
    pending,
    lost,
    onlyCanaryFailed,
    onlyBaselineFailed,
    evidence: Math.min(EVIDENCE_MAX, evidence(onlyCanaryFailed, onlyCanaryFailed + onlyBaselineFailed)),
    steps: paired ? stepLatencies(durationsOf(pairs), settings.latency) : [],
    ...(realAttempts
      ? {
          realAttempts: {
            ...realAttempts,
            test: mixtureSprt(realAttempts.canary, realAttempts.baseline),
          },
        }
      : {}),
  };
}

/** The pairs without those that are given up: whoever did not report in time may never do. */
function awaitedOrIn(
  { pairs, settings }: CanaryState,
  nowMs: number,
  isOver: boolean,
): { pairs: readonly KnownPair[]; lost: number } {
  const isLost = ({ canary, startedAtMs }: KnownPair): boolean =>
    canary === 'pending' && (isOver || nowMs - startedAtMs >= settings.pairTimeoutMs);
  if (!pairs.some(isLost)) return { pairs, lost: 0 };
  const left = pairs.filter((pair) => !isLost(pair));
  return { pairs: left, lost: pairs.length - left.length };
}

function sideFigures(
  bounds: SprtBounds,
  pairs: readonly KnownPair[],
  pick: (pair: KnownPair) => KnownPair['canary'],
): SideFigures {
  let runs = 0;
  let failures = 0;
  let invalid = 0;
  let pending = 0;
  const failing: string[] = [];
  // What is under way lies between these two: were it to pass, and were it to fail. A reject in spite of the first and an
  // accept in spite of the second stay, whatever comes.
  let atBest: SprtVerdict = 'open';
  let atWorst: SprtVerdict = 'open';
  for (const pair of pairs) {
    const outcome = pick(pair);
    if (outcome === 'invalid') {
      invalid += 1;
      continue;
    }
    if (outcome === 'pending') pending += 1;
    else runs += 1;
    if (outcome === 'fail') {
      failures += 1;
      if (!failing.includes(pair.region)) failing.push(pair.region);
    }
    if (atBest === 'open') atBest = sprtVerdict(bounds, runs + pending, failures);
    if (atWorst === 'open') atWorst = sprtVerdict(bounds, runs + pending, failures + pending);
  }
  const isElsewhereClean =
    failing.length > 0 && pairs.some((pair) => pick(pair) === 'pass' && !failing.includes(pair.region));
  return {
    runs,
    failures,
    invalid,
    logLikelihood: logLikelihood(bounds, runs, failures),
    verdict: atBest === 'reject' ? 'reject' : atWorst === 'accept' ? 'accept' : 'open',
    ...(isElsewhereClean ? { onlyIn: failing.toSorted() } : {}),
  };
}

/** The first durations of each step and side, in the order of starts. */
function durationsOf(pairs: readonly KnownPair[]): StepDurations[] {
  const steps = new Map<string, StepDurations>();
  const add = (times: readonly StepTime[] | undefined, side: 'canaryMs' | 'baselineMs'): void => {
    for (const { step, durationMs } of times ?? []) {
      let known = steps.get(step);
      if (known === undefined) {
        if (steps.size >= PAIR_STEPS_MAX) continue;
        known = { step, canaryMs: [], baselineMs: [] };
        steps.set(step, known);
      }
      if (known[side].length < LATENCY_RUNS_MAX) known[side].push(durationMs);
    }
  };
  for (const pair of pairs) {
    if (pair.canary === 'pass') add(pair.canarySteps, 'canaryMs');
    if (pair.baseline === 'pass') add(pair.baselineSteps, 'baselineMs');
  }
  return [...steps.values()];
}
