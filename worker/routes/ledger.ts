import { Hono, type Context } from 'hono';
import { OBJECTIVE_WINDOW_MS } from '#core/objective.ts';
import { LEDGER_PATH, OPERATOR_PATH } from '#core/operator-path.ts';
import { documentOf } from '#dashboards/operator/layout.tsx';
import { ledgerPage } from '#dashboards/operator/ledger-page.tsx';
import { ledgerReport, type LedgerReport } from '#dashboards/operator/ledger-report.ts';
import type { HubBindings } from '../bindings.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { logError } from '../log.ts';
import { checkOf, config } from '../settings.ts';
import { ledgerHistory } from '../store/history.ts';
import { missing } from './operator-show.ts';

/** Incidents that are read: twenty a day for ninety days. Whoever has more has another trouble than their percentiles. */
const INCIDENTS_MAX = 2_000;

/** The ledger over all checks, as a page and as JSON. Mounted among the operator's pages, which ask who it is. */
export const ledgerRoutes = new Hono<Hub>();

ledgerRoutes.get(LEDGER_PATH, async (c) => {
  const check = checkOfQuery(c);
  if (check !== undefined && !checkOf(check)) return missing(c, 'The configuration has no such check.');
  const report = await reportOrNone(c, check);
  return c.html(documentOf(ledgerPage(report, config.checks, check, Date.now())), report ? 200 : 503);
});

/** Documented by the type `LedgerReport`. */
ledgerRoutes.get(`${OPERATOR_PATH}/api/ledger`, async (c) => {
  const check = checkOfQuery(c);
  if (check !== undefined && !checkOf(check))
    throw new AppError('not-found', `check: expected one of the configuration, got ${check.slice(0, 100)}`);
  const report = await reportOrNone(c, check);
  if (!report) throw new AppError('unavailable', 'the history does not answer; try again');
  return c.json(report);
});

/** The ledger of the last ninety days. @throws when D1 does not answer or refuses */
export async function readLedger(env: HubBindings, check: string | undefined): Promise<LedgerReport> {
  const nowMs = Date.now();
  const sinceMs = nowMs - OBJECTIVE_WINDOW_MS;
  const entries = await ledgerHistory(env.DB, { sinceMs, check, limit: INCIDENTS_MAX + 1 });
  return ledgerReport({
    checks: config.checks,
    entries: entries.slice(0, INCIDENTS_MAX),
    check,
    sinceMs,
    truncated: entries.length > INCIDENTS_MAX,
    nowMs,
  });
}

async function reportOrNone(c: Context<Hub>, check: string | undefined): Promise<LedgerReport | undefined> {
  try {
    return await readLedger(c.env, check);
  } catch (error) {
    logError('ledger-unreadable', error, { requestId: c.get('requestId') });
    return undefined;
  }
}

function checkOfQuery(c: Context<Hub>): string | undefined {
  return c.req.query('check') || undefined;
}
