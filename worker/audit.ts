import { log, logError } from './log.ts';
import { putAudit, type AuditEntry } from './store/audit-log.ts';

/**
 * Notes a change in the audit log: a line in the log at once, and a row in D1 that nobody waits for. D1 may be down: the
 * change has been made all the same, and the line stays. `host`: the request's or the object's context. Never throws.
 */
export function audit(
  db: D1Database,
  host: { waitUntil(work: Promise<unknown>): void },
  entry: Omit<AuditEntry, 'atMs'>,
): void {
  const { action, requestId } = entry;
  log('audit', entry);
  host.waitUntil(
    putAudit(db, { ...entry, atMs: Date.now() }).catch((error: unknown) =>
      logError('audit-not-stored', error, { action, requestId }),
    ),
  );
}
