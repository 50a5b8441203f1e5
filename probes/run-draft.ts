import type { Check } from '#core/config.ts';
import { MESSAGE_CHARS_MAX, type PROBE_FAULTS } from '#core/failure.ts';
import type { StoredExchange } from '#core/dns/findings/evidence.ts';
import { Run, RUN_BYTES_MAX, type Control, type DeployRef, type Step } from '#core/run.ts';
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
  /** Of a run that verifies a deploy. */
  deploy?: DeployRef | undefined;
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
    ...(result.dns === undefined ? {} : { dns: result.dns }),
    ...(start.deploy === undefined ? {} : { deploy: start.deploy }),
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

/**
 * Gives up raw replies, the longest first, then the steps' URLs, the inner steps, all steps, and the exchanges of a DNS run:
 * the outcome, the failure and the findings are worth more.
 */
function fitted(run: Run): Run {
  let kept = run;
  for (const cut of [
    (run: Run) => run,
    withoutLongReplies,
    (run: Run) => ({ ...run, steps: withoutUrls(run.steps) }),
    (run: Run) => ({ ...run, steps: run.steps.map((step) => ({ ...step, steps: [] })) }),
    (run: Run) => ({ ...run, steps: [] }),
    withoutExchanges,
  ]) {
    kept = cut(kept);
    if (fitsWire(jsonBytes(kept))) return kept;
  }
  return kept;
}

/** As many of the longest replies are left out as the run is too long. */
function withoutLongReplies(run: Run): Run {
  const { dns } = run;
  if (dns === undefined) return run;
  const overBytes = jsonBytes(run) - RUN_BYTES_MAX;
  const left = new Set<StoredExchange>();
  let freedBytes = 0;
  for (const exchange of dns.exchanges.toSorted((a, b) => replyBytes(b) - replyBytes(a))) {
    if (freedBytes >= overBytes) break;
    freedBytes += replyBytes(exchange);
    left.add(exchange);
  }
  const exchanges = dns.exchanges.map((exchange) => {
    if (!left.has(exchange)) return exchange;
    const { reply: _reply, ...rest } = exchange;
    return rest;
  });
  return { ...run, dns: { ...dns, exchanges } };
}

function replyBytes({ reply = '' }: StoredExchange): number {
  return reply.length;
}

function withoutExchanges(run: Run): Run {
  return run.dns === undefined ? run : { ...run, dns: { ...run.dns, exchanges: [] } };
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
