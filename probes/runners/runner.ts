import type { Check } from '#core/config.ts';
import type { DnsEvidence } from '#core/dns/findings/evidence.ts';
import type { Failure } from '#core/failure.ts';
import type { Outcome, Step } from '#core/run.ts';
import type { RunDeadline } from '../run-deadline.ts';
import type { Visit } from '../visit.ts';

/** What a runner found out. `screenshot` is a PNG or JPEG of the failure, already free of secrets. */
export type RunResult = {
  outcome: Outcome;
  failure?: Failure;
  steps: Step[];
  durationMs: number;
  screenshot?: Uint8Array;
  /** Only of a DNS check. */
  dns?: DnsEvidence;
};

/**
 * What is ours to get ready before a run (secrets, journey file, memory, browser, context) may take this long. It is not
 * the target's time: the run's deadline begins when all of it is there. A cold start on a busy small machine takes 1–3 s.
 */
export const READY_MS_MAX = 4_000;
/** From a run's deadline to its result, whatever happens: a last look, closing the context, and a kill behind it. */
export const KILL_GRACE_MS = 2_000;

/**
 * Runs one kind of check once. Begins the deadline when the check's own time does, and resolves within it plus
 * `READY_MS_MAX` and `KILL_GRACE_MS`, whatever the target does and however short the deadline becomes meanwhile; a fault
 * of our own is an `invalid` result, never a rejection. Concurrent calls are allowed. Without a deadline the check's
 * timeout is one. A visit's selector says where it goes; one that cannot be followed makes it `invalid`.
 */
export type Runner<C extends Check = Check> = {
  /** Gets ready what the first run of such a check would wait for. Never rejects: a fault shows in the run. */
  warm(check: C): Promise<void>;
  run(check: C, deadline?: RunDeadline, visit?: Visit): Promise<RunResult>;
  /** Frees what the runner holds (the browser). Idempotent; afterwards `run` gives `invalid`. */
  close(): Promise<void>;
  /** Versions for people, e.g. `{ chromium: "156.0.8078.79" }`; empty until known. */
  versions(): Record<string, string>;
};
