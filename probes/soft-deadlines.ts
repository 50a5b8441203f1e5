import type { NextStart } from '#core/wire.ts';
import type { Clock } from './clock.ts';
import type { RunDeadline } from './run-deadline.ts';

/** What the hub has learnt of how long the runs of each check take, and who has gone past it. Milliseconds. */
export class SoftDeadlines {
  readonly #clock: Clock;
  /** Counts while the hub has said nothing of a check. */
  readonly #unknownMs: number;
  readonly #knownMs = new Map<string, number>();

  constructor(clock: Clock, unknownMs: number) {
    this.#clock = clock;
    this.#unknownMs = unknownMs;
  }

  /** Keeps what the starts say; a start that says nothing of it leaves what was known before. */
  learn(starts: readonly NextStart[]): void {
    for (const { check, softDeadlineMs } of starts)
      if (softDeadlineMs !== undefined) this.#knownMs.set(check, softDeadlineMs);
  }

  /**
   * Calls `overdue` once, with the soft deadline, when the run has gone on for that long since its check's own time
   * began. The returned function ends the watch.
   */
  watch(check: string, deadline: RunDeadline, overdue: (softMs: number) => void): () => void {
    const softMs = this.#knownMs.get(check) ?? this.#unknownMs;
    let cancel: (() => void) | undefined;
    const begin = (): void => {
      if (deadline.hasBegun) cancel ??= this.#clock.after(softMs, () => overdue(softMs));
    };
    const stopListening = deadline.onChange(begin);
    begin();
    return () => {
      stopListening();
      cancel?.();
    };
  }
}
