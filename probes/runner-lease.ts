import type { Check } from '#core/config.ts';
import type { Clock } from './clock.ts';
import { DeadlineError } from './deadline.ts';
import { errorText, type Log } from './log.ts';
import { ownFault } from './run-draft.ts';
import type { RunDeadline } from './run-deadline.ts';
import type { Runner, RunResult } from './runners/runner.ts';
import type { Visit } from './visit.ts';

/** A runner ends within the deadline, `READY_MS_MAX` and `KILL_GRACE_MS`; this long past the deadline it is stuck. */
export const SETTLE_GRACE_MS = 7_000;
/** Closing a browser takes milliseconds, killing one a second. */
const CLOSE_DEADLINE_MS = 5_000;

type Held = { runner: Runner; running: number; retired: boolean };

/** The runner in use, and its replacement when a run gets stuck in it. */
export class RunnerLease {
  readonly #options: { clock: Clock; log: Log; createRunner(): Runner };
  #held: Held;
  readonly #closing = new Set<Promise<void>>();

  constructor(options: { clock: Clock; log: Log; createRunner(): Runner }) {
    this.#options = options;
    this.#held = { runner: options.createRunner(), running: 0, retired: false };
  }

  /** Gets the runner ready for these checks; a kind of check at a time is enough. Never rejects. */
  async warm(checks: readonly Check[]): Promise<void> {
    const firstOfKind = new Map(checks.map((check) => [check.kind, check]));
    await Promise.all([...firstOfKind.values()].map((check) => this.#held.runner.warm(check)));
  }

  versions(): Record<string, string> {
    return this.#held.runner.versions();
  }

  /**
   * Runs a check. Never rejects and always ends: a runner that rejects or does not end gives `invalid` `probe-error`, and
   * one that does not end gets a successor.
   */
  async run(check: Check, deadline: RunDeadline, visit?: Visit): Promise<RunResult> {
    const held = this.#held;
    held.running += 1;
    try {
      return await this.#settled(held, deadline, check, visit);
    } finally {
      held.running -= 1;
      if (held.retired && held.running === 0) this.#close(held.runner);
    }
  }

  /** Closes every runner, each within a deadline. Never rejects. */
  async close(): Promise<void> {
    this.#close(this.#held.runner);
    await Promise.all(this.#closing);
  }

  #settled(held: Held, deadline: RunDeadline, check: Check, visit: Visit | undefined): Promise<RunResult> {
    const { clock, log } = this.#options;
    const startedMs = clock.monotonicMs();
    return new Promise((resolve) => {
      const giveUp = (): void => {
        stopWatching();
        const tookMs = Math.round(clock.monotonicMs() - startedMs);
        log('error', 'runner-stuck', { check: check.id, deadlineMs: tookMs, next: 'a new runner' });
        this.#replace(held);
        resolve(ownFault('probe-error', `the run did not end within ${tookMs} ms`, tookMs));
      };
      const stopWatching = this.#watch(deadline, startedMs, giveUp);
      const run = async (): Promise<RunResult> => {
        try {
          return await held.runner.run(check, deadline, visit);
        } catch (error) {
          log('error', 'runner-rejected', { check: check.id, error: errorText(error) });
          return ownFault('probe-error', `the runner failed: ${errorText(error)}`);
        }
      };
      void run().then((result) => {
        stopWatching();
        resolve(result);
      });
    });
  }

  /** Calls `giveUp` when a run that began then has not ended `SETTLE_GRACE_MS` past its deadline. */
  #watch(deadline: RunDeadline, startedMs: number, giveUp: () => void): () => void {
    const { clock } = this.#options;
    let cancel = (): void => undefined;
    const arm = (): void => {
      cancel();
      const endMs = startedMs + deadline.limitMs + SETTLE_GRACE_MS;
      cancel = clock.after(Math.max(0, endMs - clock.monotonicMs()), giveUp);
    };
    const stopListening = deadline.onChange(arm);
    arm();
    return () => {
      cancel();
      stopListening();
    };
  }

  /** New runs get a new runner; the old one is closed when its other runs have ended. */
  #replace(held: Held): void {
    held.retired = true;
    if (this.#held === held)
      this.#held = { runner: this.#options.createRunner(), running: 0, retired: false };
  }

  #close(runner: Runner): void {
    const { log, clock } = this.#options;
    const closing = new Promise<void>((resolve, reject) => {
      const cancel = clock.after(CLOSE_DEADLINE_MS, () =>
        reject(new DeadlineError(`closing took over ${CLOSE_DEADLINE_MS} ms`)),
      );
      runner.close().then(resolve, reject).finally(cancel);
    }).catch((error: unknown) => log('error', 'runner-not-closed', { error: errorText(error) }));
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}
