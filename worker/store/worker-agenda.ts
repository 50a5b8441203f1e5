/** What the asker of a region must know when it is woken, by whatever process. Times are epoch ms. */
export type StoredAgenda = {
  /** The checks of the plan it goes by, and of what configuration. */
  planned: string;
  /** When each check starts next. */
  pending: [check: string, dueMs: number][];
  /** Number of its boot, and of the last run it has begun: no two runs ever have the same. */
  boot: number;
  seq: number;
};

const KEY = 'agenda';
/** A start that has moved by less is not worth a row: after an eviction it is that much off, once. */
const SAME_MS = 1_000;

/** The agenda of a region without probes, stored when it has changed. */
export class WorkerAgenda {
  readonly #kv: SyncKvStorage;
  #stored: StoredAgenda | undefined;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
    this.#stored = kv.get<StoredAgenda>(KEY);
  }

  /** What is stored; of an object that is new, nothing planned in the boot of this number. */
  read(newBoot: number): StoredAgenda {
    return this.#stored ?? { planned: '', pending: [], boot: newBoot, seq: 0 };
  }

  write(agenda: StoredAgenda): void {
    if (this.#stored && isSame(this.#stored, agenda)) return;
    this.#kv.put(KEY, agenda);
    this.#stored = agenda;
  }
}

function isSame(a: StoredAgenda, b: StoredAgenda): boolean {
  if (a.planned !== b.planned || a.boot !== b.boot || a.seq !== b.seq) return false;
  const before = new Map(a.pending);
  return (
    before.size === b.pending.length &&
    b.pending.every(([check, dueMs]) => Math.abs((before.get(check) ?? -Infinity) - dueMs) < SAME_MS)
  );
}
