import type { Drill } from '#core/network/drill.ts';
import type { NetworkIncident, NetworkState, NetworkSubject } from '#core/network/network.ts';
import { isSettled, type Delivery } from '#core/delivery.ts';

/** Incidents and drills kept of each, with their pages: years of them. */
const KEPT_MAX = 200;

/** What the network's object keeps in its own SQLite: the only SQL over it. Deliveries go by what they are about. */
export class NetworkStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS deliveries (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL, seq INTEGER NOT NULL, settled INTEGER NOT NULL, json TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS incidents (seq INTEGER PRIMARY KEY, json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS drills (n INTEGER PRIMARY KEY, json TEXT NOT NULL);
    `);
  }

  state(): NetworkState | undefined {
    const [row] = this.#sql.exec<{ json: string }>('SELECT json FROM state WHERE id = 1').toArray();
    return row && (JSON.parse(row.json) as NetworkState);
  }

  putState(state: NetworkState): void {
    this.#sql.exec('INSERT OR REPLACE INTO state (id, json) VALUES (1, ?)', JSON.stringify(state));
  }

  putDelivery(subject: NetworkSubject, delivery: Delivery): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO deliveries (id, subject, seq, settled, json) VALUES (?, ?, ?, ?, ?)',
      delivery.id,
      subject,
      delivery.seq,
      isSettled(delivery) ? 1 : 0,
      JSON.stringify(delivery),
    );
  }

  /** Every delivery of what has an open one, and of number `seq`. */
  openDeliveries(subject: NetworkSubject, seq: number): Delivery[] {
    return this.#sql
      .exec<{ json: string }>(
        `SELECT json FROM deliveries WHERE subject = ?1 AND
         (seq = ?2 OR seq IN (SELECT seq FROM deliveries WHERE subject = ?1 AND settled = 0)) ORDER BY seq`,
        subject,
        seq,
      )
      .toArray()
      .map((row) => JSON.parse(row.json) as Delivery);
  }

  /** Writes an incident, and forgets those long over. */
  putIncident(incident: NetworkIncident): void {
    const { seq } = incident;
    this.#sql.exec(
      'INSERT OR REPLACE INTO incidents (seq, json) VALUES (?, ?)',
      seq,
      JSON.stringify(incident),
    );
    this.#sql.exec('DELETE FROM incidents WHERE seq <= ?', seq - KEPT_MAX);
    this.#forgetDeliveries('network', seq);
  }

  /** The newest incidents, newest first. */
  latestIncidents(limit: number): NetworkIncident[] {
    return this.#sql
      .exec<{ json: string }>('SELECT json FROM incidents ORDER BY seq DESC LIMIT ?', limit)
      .toArray()
      .map((row) => JSON.parse(row.json) as NetworkIncident);
  }

  /** Writes a drill, and forgets those long over. */
  putDrill(drill: Drill): void {
    this.#sql.exec('INSERT OR REPLACE INTO drills (n, json) VALUES (?, ?)', drill.n, JSON.stringify(drill));
    this.#sql.exec('DELETE FROM drills WHERE n <= ?', drill.n - KEPT_MAX);
    this.#forgetDeliveries('drill', drill.n);
  }

  drill(n: number): Drill | undefined {
    const [row] = this.#sql.exec<{ json: string }>('SELECT json FROM drills WHERE n = ?', n).toArray();
    return row && (JSON.parse(row.json) as Drill);
  }

  #forgetDeliveries(subject: NetworkSubject, seq: number): void {
    this.#sql.exec(
      'DELETE FROM deliveries WHERE subject = ? AND seq <= ? AND settled = 1',
      subject,
      seq - KEPT_MAX,
    );
  }
}
