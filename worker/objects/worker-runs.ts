import type { DnsCheck } from '#core/config.ts';
import type { Run } from '#core/run.ts';
import type { NextStart } from '#core/wire.ts';
import { dnsRun, runTimeOf, shortenTo, type RunOrigin } from '../dns/dns-run.ts';
import type { RunTime } from '../dns/run-time.ts';
import { WayOut } from '../dns/way-out.ts';

/** A run that is to begin now. */
export type WorkerStart = {
  check: DnsCheck;
  origin: RunOrigin;
  questionsMax: number;
  deadlineMs?: number | undefined;
  /** Called once, when the run goes on past its soft deadline. */
  onOverdue: () => void;
};

/** The runs under way in a region without probes: they share their way out, can be cut short, and their lateness is told. */
export class WorkerRuns {
  /** How long a run may last before it is overdue, while the hub has said nothing of that, milliseconds. */
  readonly #unknownSoftMs: number;
  readonly #softMs = new Map<string, number>();
  readonly #wayOut = new WayOut();
  /** By check: none runs twice at once. */
  readonly #times = new Map<string, RunTime>();

  constructor(unknownSoftMs: number) {
    this.#unknownSoftMs = unknownSoftMs;
  }

  /** Notes what the hub says of soft deadlines. */
  learn(starts: readonly NextStart[]): void {
    for (const { check, softDeadlineMs } of starts)
      if (softDeadlineMs !== undefined) this.#softMs.set(check, softDeadlineMs);
  }

  /** Makes the deadline of a check's run, if one is under way, this short. */
  shorten(check: string, deadlineMs: number): void {
    const time = this.#times.get(check);
    if (time) shortenTo(time, deadlineMs);
  }

  /** Runs a check. Never rejects. */
  async run({ check, origin, questionsMax, deadlineMs, onOverdue }: WorkerStart): Promise<Run> {
    const time = runTimeOf(check, deadlineMs);
    const soft = setTimeout(onOverdue, this.#softMs.get(check.id) ?? this.#unknownSoftMs);
    this.#times.set(check.id, time);
    try {
      return await dnsRun({ ...origin, check, questionsMax, time, wayOut: this.#wayOut });
    } finally {
      clearTimeout(soft);
      this.#times.delete(check.id);
    }
  }
}
