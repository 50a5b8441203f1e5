import type { Failure } from '#core/failure.ts';
import type { Control, DeployRef, Outcome, Run } from '#core/run.ts';
import type { StoredRun } from '#core/view.ts';
import { withDeadline } from '../deadline.ts';

/** A thousand rows by their key; D1 itself gives up after 30 s. */
const READ_TIMEOUT_MS = 10_000;

/** `[fromMs, toMs)`, epoch ms. */
export type TimeRange = { fromMs: number; toMs: number };
/** After which run to go on: history's order of reading. */
export type RunCursor = { receivedAtMs: number; runId: string };

/**
 * Stored runs of a check that were received in a range, oldest first, after `cursor`, at most `limit`; without their steps.
 * @throws when D1 does not answer or refuses
 */
export async function storedRuns(
  db: D1Database,
  check: string,
  { fromMs, toMs }: TimeRange,
  cursor: RunCursor | undefined,
  limit: number,
): Promise<StoredRun[]> {
  const after = cursor ?? { receivedAtMs: fromMs, runId: '' };
  const query = db
    .prepare(
      `SELECT run_id, region, probe, "trigger", outcome, started_ms, received_ms, duration_ms, waited_ms, screenshot,
         late, config_hash, json_extract(detail, '$.failure') AS failure,
         json_extract(detail, '$.control') AS control, json_extract(detail, '$.deadlineMs') AS deadline_ms,
         json_extract(detail, '$.deploy') AS deploy
       FROM runs WHERE check_id = ?1 AND (received_ms, run_id) > (?2, ?3) AND received_ms < ?4
       ORDER BY received_ms, run_id LIMIT ?5`,
    )
    .bind(check, after.receivedAtMs, after.runId, toMs, limit)
    .all<RunRow>();
  const { results } = await withDeadline(query, READ_TIMEOUT_MS, 'D1');
  return results.map((row) => storedRun(check, row));
}

/**
 * Incidents of a check that were not over before a range and began before its end, by `seq`, after `afterSeq`, at most
 * `limit`; each as its JSON. @throws when D1 does not answer or refuses
 */
export async function storedIncidents(
  db: D1Database,
  check: string,
  { fromMs, toMs }: TimeRange,
  afterSeq: number,
  limit: number,
): Promise<{ seq: number; json: string }[]> {
  const query = db
    .prepare(
      `SELECT seq, json FROM incidents
       WHERE check_id = ?1 AND seq > ?2 AND since_ms < ?3
         AND COALESCE(json_extract(json, '$.resolvedAtMs'), ?3) >= ?4
       ORDER BY seq LIMIT ?5`,
    )
    .bind(check, afterSeq, toMs, fromMs, limit)
    .all<{ seq: number; json: string }>();
  const { results } = await withDeadline(query, READ_TIMEOUT_MS, 'D1');
  return results;
}

type RunRow = {
  run_id: string;
  region: string;
  probe: string;
  trigger: Run['trigger'];
  outcome: Outcome;
  started_ms: number;
  received_ms: number;
  duration_ms: number;
  waited_ms: number;
  screenshot: number;
  late: number;
  config_hash: string;
  failure: string | null;
  control: string | null;
  deadline_ms: number | null;
  deploy: string | null;
};

function storedRun(check: string, row: RunRow): StoredRun {
  // The id is `<probe>.<boot>.<seq>`, which history does not hold apart.
  const [boot, seq] = row.run_id.slice(row.probe.length + 1).split('.');
  return {
    startedAtMs: row.started_ms,
    receivedAtMs: row.received_ms,
    late: row.late === 1,
    run: {
      id: row.run_id,
      check,
      region: row.region,
      probe: row.probe,
      boot: Number(boot),
      seq: Number(seq),
      trigger: row.trigger,
      startedAtMs: row.started_ms,
      durationMs: row.duration_ms,
      waitedMs: row.waited_ms,
      outcome: row.outcome,
      ...(row.failure === null ? {} : { failure: JSON.parse(row.failure) as Failure }),
      ...(row.control === null ? {} : { control: JSON.parse(row.control) as Control }),
      ...(row.deadline_ms === null ? {} : { deadlineMs: row.deadline_ms }),
      ...(row.deploy === null ? {} : { deploy: JSON.parse(row.deploy) as DeployRef }),
      steps: [],
      screenshot: row.screenshot === 1,
      configHash: row.config_hash,
    },
  };
}
