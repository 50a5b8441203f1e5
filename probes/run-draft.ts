import type { Check } from '#core/config.ts';
import { MESSAGE_CHARS_MAX, type PROBE_FAULTS } from '#core/failure.ts';
import { Run, type Control, type Step } from '#core/run.ts';
import { describeProblems, parseWith } from '#core/problem.ts';
import { fitsWire } from '#core/wire.ts';
import { truncate } from '#core/units.ts';
import type { RunResult } from './runners/runner.ts';

/** A run before the spool has given it its number. */
export type RunDraft = Omit<Run, 'id' | 'region' | 'probe' | 'boot' | 'seq' | 'screenshot'>;

/** When and why a run was started. `startedAtMs` is epoch ms. */
export type RunStart = {
  check: Check;
  trigger: Run['trigger'];
  startedAtMs: number;
  waitedMs: number;
  configHash: string;
  /** How long it might take, when that was less than the check's timeout. */
  deadlineMs?: number | undefined;
  /** What the control target answered; told of a run that failed only. */
  control?: Control | undefined;
};

/** What a run found, as it will be sent. A result that no hub would take becomes `invalid` `probe-error`. */
export function draftOf(start: RunStart, result: RunResult): RunDraft {
  const draft = unchecked(start, result);
  const parsed = parseWith(Run, numbered(draft, { region: 'any', probe: 'any', boot: 0 }, 1, false));
  if (parsed.ok) return draft;
  const why = `the runner gave an unusable result: ${describeProblems(parsed.problems)}`;
  return unchecked(start, ownFault('probe-error', why));
}

function unchecked(start: RunStart, result: RunResult): RunDraft {
  return {
    check: start.check.id,
    trigger: start.trigger,
    startedAtMs: start.startedAtMs,
    durationMs: result.durationMs,
    waitedMs: start.waitedMs,
    outcome: result.outcome,
    ...(result.failure === undefined ? {} : { failure: result.failure }),
    ...(start.control === undefined || result.outcome !== 'fail' ? {} : { control: start.control }),
    ...(start.deadlineMs === undefined ? {} : { deadlineMs: start.deadlineMs }),
    steps: result.steps,
    configHash: start.configHash,
  };
}

/** The result of a run that our own side has spoiled, or that was never started. */
export function ownFault(fault: (typeof PROBE_FAULTS)[number], message: string, durationMs = 0): RunResult {
  return {
    outcome: 'invalid',
    failure: { owner: 'probe', class: fault, message: truncate(message, MESSAGE_CHARS_MAX) },
    steps: [],
    durationMs: Number.isFinite(durationMs) ? Math.max(0, durationMs) : 0,
  };
}

export type Origin = { region: string; probe: string; boot: number };

/** The run with its number, cut to `RUN_BYTES_MAX` if need be. */
export function numbered(draft: RunDraft, origin: Origin, seq: number, screenshot: boolean): Run {
  const { region, probe, boot } = origin;
  return fitted({ id: `${probe}.${boot}.${seq}`, region, probe, boot, seq, ...draft, screenshot });
}

/** Gives up the steps' URLs, then the inner steps, then all steps: the outcome and the failure are worth more. */
function fitted(run: Run): Run {
  const cuts: ((steps: Step[]) => Step[])[] = [
    (steps) => steps,
    withoutUrls,
    (steps) => withoutUrls(steps).map((step) => ({ ...step, steps: [] })),
  ];
  for (const cut of cuts) {
    const candidate = { ...run, steps: cut(run.steps) };
    if (fitsWire(jsonBytes(candidate))) return candidate;
  }
  return { ...run, steps: [] };
}

function withoutUrls(steps: Step[]): Step[] {
  return steps.map(({ url: _url, steps: inner, ...step }) => ({ ...step, steps: withoutUrls(inner) }));
}

/** Bytes of a run on the wire and on the disk. */
export function jsonBytes(run: Run): number {
  return Buffer.byteLength(JSON.stringify(run));
}

/** A run whose storing failed, as it is reported all the same: `invalid` `disk-full`, naming what it had found. */
export function unstored(run: Run, why: string): Run {
  const found = run.failure ? `${run.outcome}, ${run.failure.class}` : run.outcome;
  const { failure } = ownFault('disk-full', `the run (${found}) could not be stored: ${why}`);
  return { ...run, outcome: 'invalid', ...(failure ? { failure } : {}), screenshot: false };
}
