import { restoredState, type CheckState } from '#core/check-state.ts';
import { restoredMemory, type DnsMemory } from '#core/dns/memory/memory.ts';
import type { Incident } from '#core/incident.ts';
import type { Delivery } from '#core/delivery.ts';
import type { Run } from '#core/run.ts';
import type { RunLine, StoredRun } from '#core/view.ts';
import { DELIVERIES_TABLE, DeliveryTable } from './delivery-table.ts';

/** A run as its row goes to history. */
export type HistoryRun = StoredRun & { ordinal: number };

/** An incident as its row goes to history; `version` tells whether it has changed since it was read. */
export type HistoryIncident = { seq: number; version: number; incident: Incident };

/** A row in a Durable Object may hold 2 MB; a memory is ASCII but for what people have named. */
const MEMORY_CHARS_MAX = 1_500_000;
/** Incidents kept here; D1 has them all. */
export const INCIDENTS_KEPT_MAX = 200;

/**
 * What a check's object keeps in its own SQLite: the only SQL over it.
 *
 * Rows written are the bill, so `runs` has no secondary index and no AUTOINCREMENT (which writes a second row). A
 * duplicate is told by the last (boot, seq) of its probe, which the state holds: only a run not newer than that, or of a
 * probe the state has forgotten, can be one, and only then the table is scanned. A probe sends in order, so that is rare. `probe`, `boot` and `seq` come
 * before the text of the run, so that a scan does not read the text.
 */
export class CheckStore {
  readonly #sql: SqlStorage;
  readonly #deliveries: DeliveryTable;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#deliveries = new DeliveryTable(sql);
    sql.exec(`
      CREATE TABLE IF NOT EXISTS runs (
        ordinal INTEGER PRIMARY KEY,
        probe TEXT NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL,
        region TEXT NOT NULL, received_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL, late INTEGER NOT NULL,
        run TEXT NOT NULL
      );
      CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, json TEXT NOT NULL);
      ${DELIVERIES_TABLE}
      CREATE TABLE IF NOT EXISTS incidents (
        seq INTEGER PRIMARY KEY, version INTEGER NOT NULL, copied INTEGER NOT NULL, json TEXT NOT NULL
      );
      CREATE TABLE IF NOT EXISTS dns (id INTEGER PRIMARY KEY, json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS history (id INTEGER PRIMARY KEY, copied_ordinal INTEGER NOT NULL);
    `);
  }

  state(): CheckState | undefined {
    const [row] = this.#sql.exec<{ json: string }>('SELECT json FROM state WHERE id = 1').toArray();
    return row && restoredState(JSON.parse(row.json) as Partial<CheckState>);
  }

  putState(state: CheckState): void {
    this.#sql.exec('INSERT OR REPLACE INTO state (id, json) VALUES (1, ?)', JSON.stringify(state));
  }

  dnsMemory(): DnsMemory | undefined {
    const [row] = this.#sql.exec<{ json: string }>('SELECT json FROM dns WHERE id = 1').toArray();
    return row && restoredMemory(JSON.parse(row.json));
  }

  /** One row. @returns false when it is too large for one, and is not stored: a run must not be lost with it */
  putDnsMemory(memory: DnsMemory): boolean {
    const json = JSON.stringify(memory);
    if (json.length > MEMORY_CHARS_MAX) return false;
    this.#sql.exec('INSERT OR REPLACE INTO dns (id, json) VALUES (1, ?)', json);
    return true;
  }

  /** Appends a run. `runJson` is its text as it came, or as it was judged. */
  putRun(run: Run, runJson: string, startedAtMs: number, receivedAtMs: number, late: boolean): void {
    this.#sql.exec(
      `INSERT INTO runs (probe, boot, seq, region, received_ms, started_ms, late, run)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      run.probe,
      run.boot,
      run.seq,
      run.region,
      receivedAtMs,
      startedAtMs,
      late ? 1 : 0,
      runJson,
    );
  }

  /** Whether that run is stored, by a scan. One that was pruned is not found: it is then stored again, as late. */
  hasRun(probe: string, boot: number, seq: number): boolean {
    const rows = this.#sql.exec(
      'SELECT 1 FROM runs WHERE probe = ? AND boot = ? AND seq = ? LIMIT 1',
      probe,
      boot,
      seq,
    );
    return rows.toArray().length > 0;
  }

  run(probe: string, boot: number, seq: number): StoredRun | undefined {
    const [row] = this.#sql
      .exec<RunRow>(
        `SELECT ordinal, received_ms, started_ms, late, run FROM runs
         WHERE probe = ? AND boot = ? AND seq = ? LIMIT 1`,
        probe,
        boot,
        seq,
      )
      .toArray();
    return row && storedRun(row);
  }

  /**
   * The newest runs of what everybody gets, newest first, without their steps and what a DNS check has found. Those of a
   * canary alone are many, and are shown with its deploy.
   */
  latestRuns(limit: number): RunLine[] {
    return this.#sql
      .exec<RunRow>(
        `SELECT ordinal, received_ms, started_ms, late, json_remove(run, '$.steps', '$.dns') AS run FROM runs
         WHERE json_extract(run, '$.deploy.apart') IS NOT 1
         ORDER BY ordinal DESC LIMIT ?`,
        limit,
      )
      .toArray()
      .map((row) => runLine(storedRun(row)));
  }

  putDelivery(delivery: Delivery): void {
    this.#deliveries.put(delivery);
  }

  /** Every delivery of the incidents that have an open one, and of those with these numbers. */
  openDeliveries(seqs: readonly number[]): Delivery[] {
    return this.#deliveries.open(seqs);
  }

  deliveriesOf(seq: number): Delivery[] {
    return this.#deliveries.of(seq);
  }

  forgetDelivery(id: string): void {
    this.#deliveries.forget(id);
  }

  putIncident(incident: Incident): void {
    this.#sql.exec(
      `INSERT INTO incidents (seq, version, copied, json) VALUES (?, 1, 0, ?)
       ON CONFLICT (seq) DO UPDATE SET version = version + 1, json = excluded.json`,
      incident.seq,
      JSON.stringify(incident),
    );
  }

  incident(seq: number): Incident | undefined {
    const [row] = this.#sql.exec<{ json: string }>('SELECT json FROM incidents WHERE seq = ?', seq).toArray();
    return row && (JSON.parse(row.json) as Incident);
  }

  /** The newest incidents, newest first. */
  latestIncidents(limit: number): Incident[] {
    return this.#sql
      .exec<{ json: string }>('SELECT json FROM incidents ORDER BY seq DESC LIMIT ?', limit)
      .toArray()
      .map((row) => JSON.parse(row.json) as Incident);
  }

  /** Runs that history does not have yet, oldest first. */
  uncopiedRuns(limit: number): HistoryRun[] {
    return this.#sql
      .exec<RunRow>(
        `SELECT ordinal, received_ms, started_ms, late, run FROM runs WHERE ordinal > ? ORDER BY ordinal LIMIT ?`,
        this.#copiedOrdinal(),
        limit,
      )
      .toArray()
      .map((row) => ({ ordinal: row.ordinal, ...storedRun(row) }));
  }

  /** How many runs history lacks, and when the oldest of them came. */
  historyLag(): { runs: number; oldestReceivedAtMs?: number } {
    const copied = this.#copiedOrdinal();
    const [oldest] = this.#sql
      .exec<{ ordinal: number; received_ms: number }>(
        'SELECT ordinal, received_ms FROM runs WHERE ordinal > ? ORDER BY ordinal LIMIT 1',
        copied,
      )
      .toArray();
    if (!oldest) return { runs: 0 };
    return { runs: this.#range().newest - oldest.ordinal + 1, oldestReceivedAtMs: oldest.received_ms };
  }

  /** Incidents that changed since history got them. */
  uncopiedIncidents(limit: number): HistoryIncident[] {
    return this.#sql
      .exec<{ seq: number; version: number; json: string }>(
        'SELECT seq, version, json FROM incidents WHERE version > copied ORDER BY seq LIMIT ?',
        limit,
      )
      .toArray()
      .map(({ seq, version, json }) => ({ seq, version, incident: JSON.parse(json) as Incident }));
  }

  /** Notes what history has now. An incident that has changed meanwhile stays due. */
  markCopied(upToOrdinal: number | undefined, incidents: readonly HistoryIncident[]): void {
    if (upToOrdinal !== undefined)
      this.#sql.exec('INSERT OR REPLACE INTO history (id, copied_ordinal) VALUES (1, ?)', upToOrdinal);
    for (const { seq, version } of incidents)
      this.#sql.exec('UPDATE incidents SET copied = ? WHERE seq = ?', version, seq);
  }

  /**
   * Forgets the oldest runs beyond `keptMax`, those that history has; without a history, those beyond `uncopiedMax`.
   * At most `rowsMax` rows at once, and never the newest: its ordinal is what the next one counts from.
   * Returns how many runs were lost to history.
   */
  pruneRuns(keptMax: number, uncopiedMax: number, rowsMax: number): number {
    const { oldest, newest } = this.#range();
    const copied = this.#copiedOrdinal();
    const upTo = Math.min(
      Math.max(Math.min(newest - keptMax, copied), newest - uncopiedMax),
      oldest + rowsMax - 1,
    );
    if (upTo < oldest) return 0;
    this.#sql.exec('DELETE FROM runs WHERE ordinal <= ?', upTo);
    return Math.max(0, upTo - Math.max(copied, oldest - 1));
  }

  /** Forgets incidents long over and their settled pages; history has them. */
  pruneIncidents(lastSeq: number): void {
    const upTo = lastSeq - INCIDENTS_KEPT_MAX;
    if (upTo < 1) return;
    this.#deliveries.prune(upTo);
    this.#sql.exec('DELETE FROM incidents WHERE seq <= ? AND copied = version', upTo);
  }

  /** Runs held, as far as ordinals tell. */
  runCount(): number {
    const { oldest, newest } = this.#range();
    return newest - oldest + 1;
  }

  #range(): { oldest: number; newest: number } {
    const row = this.#sql
      .exec<{ oldest: number | null; newest: number | null }>(
        'SELECT (SELECT MIN(ordinal) FROM runs) AS oldest, (SELECT MAX(ordinal) FROM runs) AS newest',
      )
      .one();
    return { oldest: row.oldest ?? 1, newest: row.newest ?? 0 };
  }

  #copiedOrdinal(): number {
    const [row] = this.#sql
      .exec<{ copied_ordinal: number }>('SELECT copied_ordinal FROM history WHERE id = 1')
      .toArray();
    return row?.copied_ordinal ?? 0;
  }
}

type RunRow = { ordinal: number; received_ms: number; started_ms: number; late: number; run: string };

function storedRun(row: RunRow): StoredRun {
  return {
    run: JSON.parse(row.run) as Run,
    startedAtMs: row.started_ms,
    receivedAtMs: row.received_ms,
    late: row.late === 1,
  };
}

function runLine({ run, startedAtMs, receivedAtMs, late }: StoredRun): RunLine {
  return {
    id: run.id,
    region: run.region,
    probe: run.probe,
    trigger: run.trigger,
    startedAtMs,
    receivedAtMs,
    durationMs: run.durationMs,
    waitedMs: run.waitedMs,
    outcome: run.outcome,
    failure: run.failure,
    screenshot: run.screenshot,
    late,
    ...(run.deploy ? { deploy: run.deploy } : {}),
  };
}
