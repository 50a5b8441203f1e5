import type { Ack, Refusal, Report } from '#core/wire.ts';
import { RUNS_PER_REPORT_MAX } from '#core/wire.ts';
import { log } from '../log.ts';
import type { SpooledRun, WorkerSpool } from '../store/worker-spool.ts';

export type WorkerReportsOptions = {
  region: string;
  spool: WorkerSpool;
  /** Hands a report to the region's object. */
  hand(report: Report): Promise<Ack | Refusal>;
  /** Whether a check is still asked from this region. */
  isKnown(check: string): boolean;
  /** Runs were taken, and are out of the spool. */
  onTaken(ack: Ack): void;
};

/** Brings the runs of a region without probes to the region's object: spooled until it has acknowledged them. */
export class WorkerReports {
  readonly #options: WorkerReportsOptions;
  #isReporting = false;

  constructor(options: WorkerReportsOptions) {
    this.#options = options;
  }

  /**
   * Reports each run that is spooled, the oldest first, and those that come meanwhile. What was not taken is tried again the
   * next time, and does not keep the others waiting. Rejects when the region's object does not answer.
   */
  async send(): Promise<void> {
    if (this.#isReporting) return;
    this.#isReporting = true;
    try {
      await this.#sendAll();
    } finally {
      this.#isReporting = false;
    }
  }

  async #sendAll(): Promise<void> {
    const { spool, region } = this.#options;
    const tried = new Set<string>();
    let runsMax = RUNS_PER_REPORT_MAX;
    for (;;) {
      const batch = spool
        .all()
        .filter(({ run }) => !tried.has(run.id))
        .slice(0, runsMax);
      if (batch.length === 0) return;
      const answer = await this.#options.hand(reportOf(batch));
      if (answer.type === 'refusal') {
        log('worker-probe-refused', { region, error: answer.error, runs: batch.length });
        // A report is taken whole or not at all: one by one it shows which of them is refused.
        if (batch.length > 1) {
          runsMax = 1;
          continue;
        }
      }
      for (const { run } of batch) tried.add(run.id);
      if (answer.type === 'refusal') this.#giveUp(batch);
      else this.#taken(answer);
    }
  }

  #taken(ack: Ack): void {
    for (const id of ack.runs) this.#options.spool.drop(id);
    this.#options.onTaken(ack);
  }

  /** A run of a check that is no longer asked from here will never be taken; of any other that may change. */
  #giveUp(batch: readonly SpooledRun[]): void {
    for (const { run } of batch) if (!this.#options.isKnown(run.check)) this.#options.spool.drop(run.id);
  }
}

function reportOf(batch: readonly SpooledRun[]): Report {
  const nowMs = Date.now();
  const entries = batch.map(({ run, startedAtMs }) => ({ ageMs: Math.max(0, nowMs - startedAtMs), run }));
  return { type: 'report', entries };
}
