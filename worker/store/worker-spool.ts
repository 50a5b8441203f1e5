import type { Run } from '#core/run.ts';

/** Runs kept while the region's object does not take them: an hour of one check a minute, and then the oldest go. */
const RUNS_MAX = 60;
const KEY_PREFIX = 'run:';

/** A run with the time it began, epoch ms. */
export type SpooledRun = { run: Run; startedAtMs: number };

/** Runs of a region without probes until its object has acknowledged them. */
export class WorkerSpool {
  readonly #kv: SyncKvStorage;
  #dropped = 0;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** Runs that were given up for want of room, since this object's process began. */
  get dropped(): number {
    return this.#dropped;
  }

  put(spooled: SpooledRun): void {
    const kept = this.all();
    const surplus = kept.slice(0, Math.max(0, kept.length + 1 - RUNS_MAX));
    for (const { run } of surplus) this.drop(run.id);
    this.#dropped += surplus.length;
    this.#kv.put(KEY_PREFIX + spooled.run.id, spooled);
  }

  /** Oldest first. */
  all(): SpooledRun[] {
    return Array.from(this.#kv.list<SpooledRun>({ prefix: KEY_PREFIX }), ([, spooled]) => spooled).toSorted(
      (a, b) => a.startedAtMs - b.startedAtMs || a.run.seq - b.run.seq,
    );
  }

  drop(id: string): void {
    this.#kv.delete(KEY_PREFIX + id);
  }
}
