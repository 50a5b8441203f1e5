import { hexText } from '#core/dns/codec/octets.ts';
import type { Check, DnsCheck } from '#core/config.ts';
import { cryptographyOf } from '#core/dns/dnssec/cryptography.ts';
import { verified } from '#core/dns/dnssec/verify.ts';
import { inquire } from '#core/dns/run/inquirer.ts';
import { stepsOf } from '#core/dns/run/steps.ts';
import { judge } from '#core/dns/run/verdict.ts';
import { MESSAGE_CHARS_MAX, type ProbeFailure } from '#core/failure.ts';
import { describeProblems, parseWith } from '#core/problem.ts';
import { Run, runId } from '#core/run.ts';
import { truncate } from '#core/units.ts';
import { fitsWire } from '#core/wire.ts';
import { messageOf } from '../log.ts';
import { createWorkerAsker, WORKER_VANTAGE } from './ask.ts';
import { RunTime } from './run-time.ts';
import type { WayOut } from './way-out.ts';

/** Who runs a check, when and why. Times are epoch ms. */
export type RunOrigin = Pick<
  Run,
  'region' | 'probe' | 'boot' | 'seq' | 'trigger' | 'startedAtMs' | 'waitedMs' | 'configHash'
>;

export type DnsRunOptions = RunOrigin & {
  check: DnsCheck;
  questionsMax: number;
  /** How long it may take, until its result: of `runTimeOf`. */
  time: RunTime;
  /** Of all runs that go on at once. */
  wayOut: WayOut;
};

const CRYPTOGRAPHY = cryptographyOf(crypto.subtle);
/** Of the run's time, what is left for judging and storing. */
const JUDGE_MS = 500;
/** Questions that are cut off get so long to say so: then they count as unanswered or not asked. */
const SETTLE_MS = 30;

/** The time a run may ask for, now: what its deadline leaves. `deadlineMs`: that of a burst. */
export function runTimeOf(check: DnsCheck, deadlineMs: number | undefined): RunTime {
  return new RunTime(askedMs(Math.min(deadlineMs ?? check.timeoutMs, check.timeoutMs)));
}

/** A run under way is to have ended by this deadline. */
export function shortenTo(time: RunTime, deadlineMs: number): void {
  time.shorten(askedMs(deadlineMs));
}

function askedMs(deadlineMs: number): number {
  return Math.max(1, deadlineMs - JUDGE_MS);
}

/** Runs a DNS check from this Worker. Never rejects: a fault of our own is an `invalid` run. */
export async function dnsRun(options: DnsRunOptions): Promise<Run> {
  const { check, questionsMax, time, wayOut, ...origin } = options;
  const own = () => {
    const deadlineMs = time.limitMs + JUDGE_MS;
    return deadlineMs < check.timeoutMs ? { deadlineMs } : {};
  };
  try {
    const { exchangeTimeoutMs, paceMs } = check.dns;
    const ask = createWorkerAsker({ exchangeTimeoutMs, tasksMax: questionsMax, time, paceMs, wayOut });
    const asked = {
      settings: check.dns,
      vantage: WORKER_VANTAGE,
      nowMs: origin.startedAtMs,
      salt: salt(),
    };
    const inquirer = await inquire(asked, ask, () => time.over.aborted, settled(time.over));
    const { outcome, failure, evidence } = judge(inquirer, await verified(inquirer.inquiry(), CRYPTOGRAPHY));
    return checked({
      ...common(origin, check, time.tookMs()),
      ...own(),
      outcome,
      ...(failure ? { failure } : {}),
      steps: stepsOf(inquirer.inquiry()),
      dns: evidence,
    });
  } catch (error) {
    return {
      ...spoiled(origin, check, 'probe-error', messageOf(error), time.tookMs()),
      ...own(),
    };
  } finally {
    time.end();
  }
}

/** The end of a run's time, once what was cut off by it has had a moment to say so. */
function settled(over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const onOver = (): void => void setTimeout(resolve, SETTLE_MS);
    if (over.aborted) onOver();
    else over.addEventListener('abort', onOver, { once: true });
  });
}

/** A run that was not started, for want of a place. */
export function overloadRun({ check, ...origin }: RunOrigin & { check: Check }, why: string): Run {
  return spoiled(origin, check, 'overload', why, 0);
}

function common(origin: RunOrigin, check: Check, durationMs: number) {
  const { probe, boot, seq } = origin;
  return {
    ...origin,
    id: runId(probe, boot, seq),
    check: check.id,
    durationMs: Math.max(0, durationMs),
    screenshot: false,
  };
}

function spoiled(
  origin: RunOrigin,
  check: Check,
  fault: ProbeFailure['class'],
  message: string,
  durationMs: number,
): Run {
  return {
    ...common(origin, check, durationMs),
    outcome: 'invalid',
    failure: { owner: 'probe', class: fault, message: truncate(message, MESSAGE_CHARS_MAX) },
    steps: [],
  };
}

/** The run as a hub takes it: without raw replies when it would be too long. @throws when it is none */
function checked(run: Run): Run {
  const parsed = parseWith(Run, run);
  if (!parsed.ok) throw new Error(`the run is not valid: ${describeProblems(parsed.problems)}`);
  const bytes = new TextEncoder().encode(JSON.stringify(run)).length;
  if (fitsWire(bytes) || !run.dns) return run;
  const exchanges = run.dns.exchanges.map(({ reply: _reply, ...exchange }) => exchange);
  return { ...run, dns: { ...run.dns, exchanges } };
}

/** Text no other run has: 80 bits. */
function salt(): string {
  return hexText(crypto.getRandomValues(new Uint8Array(10)));
}
