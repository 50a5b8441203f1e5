import { failureLabel } from '#core/failure.ts';
import type { Incident } from '#core/incident.ts';
import type { LedgerEntry } from '#core/objective.ts';
import type { DeployRef, Outcome } from '#core/run.ts';
import { withDeadline } from '../deadline.ts';
import type { HistoryIncident, HistoryRun } from './check-store.ts';

/** D1 is off the page path: it may be slow, it may not hold an object's alarm for long. */
const HISTORY_TIMEOUT_MS = 10_000;
/** Somebody waits for the ledger, or a scrape whose own deadline is 10 s by default. */
const LEDGER_TIMEOUT_MS = 5_000;

/**
 * Copies runs and incidents of one check to D1. Harmless when repeated: a run's key is made of what its object stored
 * with it, and an incident replaces its older self.
 * @throws when D1 does not answer or refuses
 */
export async function copyToHistory(
  db: D1Database,
  check: string,
  runs: readonly HistoryRun[],
  incidents: readonly HistoryIncident[],
): Promise<void> {
  const statements = [
    ...runs.map((row) => insertRun(db, check, row)),
    ...incidents.map((row) => upsertIncident(db, check, row)),
  ];
  if (statements.length === 0) return;
  await withDeadline(db.batch(statements), HISTORY_TIMEOUT_MS, 'D1');
}

/**
 * A run as history has it: without its steps, unless it failed. Times are the hub's, epoch ms. Whoever counts how available
 * something was leaves out what does not see production: `seesProduction`.
 */
export type HistoryLine = {
  runId: string;
  region: string;
  probe: string;
  trigger: string;
  outcome: Outcome;
  failureLabel: string | undefined;
  /** Only of a run that verifies a deploy. */
  deploy?: DeployRef | undefined;
  startedAtMs: number;
  receivedAtMs: number;
  durationMs: number;
  late: boolean;
};

/** The latest runs of a check, newest first. */
export async function latestHistory(db: D1Database, check: string, limit: number): Promise<HistoryLine[]> {
  const query = db
    .prepare(
      `SELECT run_id, region, probe, "trigger", outcome, failure, started_ms, received_ms, duration_ms, late,
         json_extract(detail, '$.deploy') AS deploy
       FROM runs WHERE check_id = ? ORDER BY received_ms DESC, run_id DESC LIMIT ?`,
    )
    .bind(check, limit)
    .all<HistoryRow>();
  const { results } = await withDeadline(query, HISTORY_TIMEOUT_MS, 'D1');
  return results.map((row) => ({
    runId: row.run_id,
    region: row.region,
    probe: row.probe,
    trigger: row.trigger,
    outcome: row.outcome,
    failureLabel: row.failure ?? undefined,
    ...(row.deploy === null ? {} : { deploy: JSON.parse(row.deploy) as DeployRef }),
    startedAtMs: row.started_ms,
    receivedAtMs: row.received_ms,
    durationMs: row.duration_ms,
    late: row.late === 1,
  }));
}

/** The latest incidents of a check, newest first. */
export async function latestIncidentHistory(
  db: D1Database,
  check: string,
  limit: number,
): Promise<Incident[]> {
  const query = db
    .prepare('SELECT json FROM incidents WHERE check_id = ? ORDER BY seq DESC LIMIT ?')
    .bind(check, limit)
    .all<{ json: string }>();
  const { results } = await withDeadline(query, HISTORY_TIMEOUT_MS, 'D1');
  return results.map((row) => JSON.parse(row.json) as Incident);
}

/**
 * Incidents that began at `sinceMs` (epoch ms) or later, of one check or of all, newest first, at most `limit`; without what
 * is long in them. @throws when D1 does not answer or refuses
 */
export async function ledgerHistory(
  db: D1Database,
  { sinceMs, check, limit }: { sinceMs: number; check?: string | undefined; limit: number },
): Promise<LedgerEntry[]> {
  const query = db
    .prepare(
      `SELECT check_id, json_remove(json, '$.checks', '$.successes', '$.cause.failure.message') AS json
       FROM incidents WHERE since_ms >= ?1 AND (?2 IS NULL OR check_id = ?2)
       ORDER BY since_ms DESC, check_id, seq DESC LIMIT ?3`,
    )
    .bind(sinceMs, check ?? null, limit)
    .all<{ check_id: string; json: string }>();
  const { results } = await withDeadline(query, LEDGER_TIMEOUT_MS, 'D1');
  return results.map((row) => {
    const { seq, status, rule, ledger, held, lead, cause, deploy } = JSON.parse(row.json) as Incident;
    return {
      check: row.check_id,
      seq,
      status,
      rule,
      ledger,
      held,
      lead,
      errorClass: cause && failureLabel(cause.failure),
      deploy,
    };
  });
}

/** Whether D1 answers and holds the hub's tables. Resolves to the reason when it does not. */
export async function historyProblem(db: D1Database, timeoutMs: number): Promise<string | undefined> {
  try {
    await withDeadline(db.prepare('SELECT 1 FROM runs LIMIT 1').run(), timeoutMs, 'D1');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type HistoryRow = {
  run_id: string;
  region: string;
  probe: string;
  trigger: string;
  outcome: Outcome;
  failure: string | null;
  started_ms: number;
  received_ms: number;
  duration_ms: number;
  late: number;
  deploy: string | null;
};

function insertRun(db: D1Database, check: string, row: HistoryRun): D1PreparedStatement {
  const { run } = row;
  // Steps are most of a run's bytes; those of a pass are read, if ever, while its object still has them.
  const { failure, control, deadlineMs, steps, deploy } = run;
  const isTold = run.outcome !== 'pass';
  const detail = isTold
    ? JSON.stringify({ failure, control, deadlineMs, steps, deploy })
    : deploy
      ? JSON.stringify({ deploy })
      : null;
  return db
    .prepare(
      `INSERT OR IGNORE INTO runs (check_id, received_ms, run_id, region, probe, "trigger", outcome, failure,
         started_ms, duration_ms, waited_ms, screenshot, late, config_hash, detail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(
      check,
      row.receivedAtMs,
      run.id,
      run.region,
      run.probe,
      run.trigger,
      run.outcome,
      run.failure ? failureLabel(run.failure) : null,
      row.startedAtMs,
      run.durationMs,
      run.waitedMs,
      run.screenshot ? 1 : 0,
      row.late ? 1 : 0,
      run.configHash,
      detail,
    );
}

function upsertIncident(db: D1Database, check: string, row: HistoryIncident): D1PreparedStatement {
  const { incident } = row;
  return db
    .prepare(
      `INSERT INTO incidents (check_id, seq, version, status, since_ms, json) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (check_id, seq) DO UPDATE
         SET version = excluded.version, status = excluded.status, since_ms = excluded.since_ms, json = excluded.json
         WHERE excluded.version > version`,
    )
    .bind(
      check,
      incident.seq,
      row.version,
      incident.status,
      incident.ledger.firstFailedStartMs,
      JSON.stringify(incident),
    );
}
