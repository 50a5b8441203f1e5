import { withDeadline } from '../deadline.ts';

/** D1 is off the page path: whoever waits for the list is told that it does not answer. */
const READ_TIMEOUT_MS = 5_000;
/** An entry that D1 does not take by then is in the log only. */
const WRITE_TIMEOUT_MS = 10_000;

/** What people and channels change. */
export const AUDIT_ACTIONS = [
  'acknowledge',
  'deploy',
  'dns-accept',
  'drill',
  'freeze-lift',
  'rollback',
  'sign-in',
  'sign-out',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** One change: who did what, to which incident, by which way. `atMs`: epoch ms, the hub's. */
export type AuditEntry = {
  atMs: number;
  action: AuditAction;
  who: string;
  /** `operator`, `link`, `pipeline`, `setting`, or the channel that told. */
  via: string;
  check?: string | undefined;
  seq?: number | undefined;
  /** As in the log's lines and the answer's `x-request-id`; absent when no request was made for it. */
  requestId?: string | undefined;
};

/** Appends an entry. @throws when D1 does not answer or refuses */
export async function putAudit(db: D1Database, entry: AuditEntry): Promise<void> {
  const { atMs, action, who, via, check, seq, requestId } = entry;
  const insert = db
    .prepare(
      `INSERT INTO audit (at_ms, id, action, who, via, check_id, seq, request_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(atMs, crypto.randomUUID(), action, who, via, check ?? null, seq ?? null, requestId ?? null);
  await withDeadline(insert.run(), WRITE_TIMEOUT_MS, 'D1');
}

/** The latest entries, newest first. @throws when D1 does not answer or refuses */
export async function latestAudit(db: D1Database, limit: number): Promise<AuditEntry[]> {
  const query = db
    .prepare(
      'SELECT at_ms, action, who, via, check_id, seq, request_id FROM audit ORDER BY at_ms DESC, id DESC LIMIT ?',
    )
    .bind(limit)
    .all<AuditRow>();
  const { results } = await withDeadline(query, READ_TIMEOUT_MS, 'D1');
  return results.map((row) => ({
    atMs: row.at_ms,
    action: row.action,
    who: row.who,
    via: row.via,
    check: row.check_id ?? undefined,
    seq: row.seq ?? undefined,
    requestId: row.request_id ?? undefined,
  }));
}

type AuditRow = {
  at_ms: number;
  action: AuditAction;
  who: string;
  via: string;
  check_id: string | null;
  seq: number | null;
  request_id: string | null;
};
