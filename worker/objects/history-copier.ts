import { log, logError } from '../log.ts';
import type { CheckStore } from '../store/check-store.ts';
import { copyToHistory } from '../store/history.ts';

/** A run waits this long for company before it is copied: an alarm is a row written, so several runs share one. */
const COPY_AFTER_MS = 10_000;
/** A backlog is worked off a turn at a time: fresh runs and pages come first. */
const NEXT_TURN_AFTER_MS = 1_000;
/** While D1 refuses, the pause doubles from `COPY_AFTER_MS` up to this. */
const RETRY_AFTER_MAX_MS = 300_000;
/** Rows of one D1 batch: it stays far below D1's 30 s and 100 kB-a-statement bounds. */
const BATCH_ROWS_MAX = 50;
/** Batches in a row before other work of the object has a turn. */
const BATCHES_MAX = 4;
/** Runs an object keeps: four hours of a check with four regions and 30 s, for the operator's page. */
export const RUNS_KEPT_MAX = 2_000;
/** Runs kept when D1 takes none: four days. Beyond that the oldest are lost to history, and the log says so. */
const RUNS_UNCOPIED_MAX = 50_000;
/** Rows forgotten at once. Pruning begins with as many, so that it is not done for every run. */
const PRUNE_ROWS_MAX = 500;

/** Copies a check's runs and incidents to D1 by the object's own cursor. Off the page path, whatever D1 does. */
export class HistoryCopier {
  readonly #check: string;
  readonly #store: CheckStore;
  readonly #db: D1Database;
  #dueMs: number | undefined;
  #failures = 0;
  #copying = false;

  constructor(check: string, store: CheckStore, db: D1Database) {
    this.#check = check;
    this.#store = store;
    this.#db = db;
  }

  /** When it next wants a turn, epoch ms. While it has one, whatever it does will say. */
  get dueMs(): number | undefined {
    return this.#copying ? undefined : this.#dueMs;
  }

  /** There is something to copy. */
  note(nowMs: number): void {
    this.#dueMs ??= nowMs + COPY_AFTER_MS;
  }

  /** Copies what is due and forgets what is old. Never throws: what fails is tried again later. */
  async copy(clock: () => number): Promise<void> {
    if (this.#copying || this.#dueMs === undefined || this.#dueMs > clock()) return;
    this.#copying = true;
    this.#dueMs = undefined;
    try {
      const more = await this.#copyBatches();
      if (this.#failures > 0) log('history-back', { check: this.#check, failures: this.#failures });
      this.#failures = 0;
      if (more) this.#dueMs = clock() + NEXT_TURN_AFTER_MS;
    } catch (error) {
      this.#failures += 1;
      this.#dueMs =
        clock() + Math.min(RETRY_AFTER_MAX_MS, COPY_AFTER_MS * 2 ** Math.min(this.#failures - 1, 10));
      if (this.#failures === 1) logError('history-failed', error, { check: this.#check });
    } finally {
      this.#copying = false;
    }
    this.#prune();
  }

  /** Whether there is more than one turn may copy. */
  async #copyBatches(): Promise<boolean> {
    for (let batch = 0; batch < BATCHES_MAX; batch++) {
      const runs = this.#store.uncopiedRuns(BATCH_ROWS_MAX);
      const incidents = this.#store.uncopiedIncidents(BATCH_ROWS_MAX);
      if (runs.length === 0 && incidents.length === 0) return false;
      await copyToHistory(this.#db, this.#check, runs, incidents);
      this.#store.markCopied(runs.at(-1)?.ordinal, incidents);
      if (runs.length < BATCH_ROWS_MAX && incidents.length < BATCH_ROWS_MAX) return false;
    }
    return true;
  }

  #prune(): void {
    if (this.#store.runCount() <= RUNS_KEPT_MAX + PRUNE_ROWS_MAX) return;
    const lost = this.#store.pruneRuns(RUNS_KEPT_MAX, RUNS_UNCOPIED_MAX, PRUNE_ROWS_MAX);
    if (lost > 0) log('history-lost', { check: this.#check, runs: lost });
  }
}
