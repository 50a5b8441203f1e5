import { isSettled, type Delivery } from '#core/delivery.ts';

/** Makes the table of deliveries. No index but the key: rows written are the bill. */
export const DELIVERIES_TABLE = `
  CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL, settled INTEGER NOT NULL, json TEXT NOT NULL
  ) WITHOUT ROWID;`;

/** The outbox of an object, in its own SQLite. `seq` numbers what a delivery is about: an incident, or a deploy. */
export class DeliveryTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  put(delivery: Delivery): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO deliveries (id, seq, settled, json) VALUES (?, ?, ?, ?)',
      delivery.id,
      delivery.seq,
      isSettled(delivery) ? 1 : 0,
      JSON.stringify(delivery),
    );
  }

  /** Every delivery about what has an open one, and about these numbers. */
  open(seqs: readonly number[]): Delivery[] {
    return this.#where(
      `seq IN (SELECT value FROM json_each(?)) OR seq IN (SELECT seq FROM deliveries WHERE settled = 0)
       ORDER BY seq`,
      JSON.stringify(seqs),
    );
  }

  of(seq: number): Delivery[] {
    return this.#where('seq = ?', seq);
  }

  forget(id: string): void {
    this.#sql.exec('DELETE FROM deliveries WHERE id = ?', id);
  }

  /** Forgets those that are settled, up to this number. */
  prune(upToSeq: number): void {
    this.#sql.exec('DELETE FROM deliveries WHERE seq <= ? AND settled = 1', upToSeq);
  }

  #where(condition: string, ...bindings: SqlStorageValue[]): Delivery[] {
    return this.#sql
      .exec<{ json: string }>(`SELECT json FROM deliveries WHERE ${condition}`, ...bindings)
      .toArray()
      .map((row) => JSON.parse(row.json) as Delivery);
  }
}
