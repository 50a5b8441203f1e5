import { Hono, type Context } from 'hono';
import { timingSafeEqual } from 'hono/utils/buffer';
import { exposition, EXPOSITION_TYPE } from '#core/exposition.ts';
import type { ObjectiveReport } from '#core/objective.ts';
import { metricsOf } from '#dashboards/metrics.ts';
import { overviewOf } from '#dashboards/operator/overview.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { logError } from '../log.ts';
import { attemptToken } from '../middleware/operator-auth.ts';
import { secretOf } from '../secrets.ts';
import { readLedger } from './ledger.ts';
import { readOverview } from './operator-source.ts';

/** A token of its own for whoever scrapes, so that it need not hold the operator's; only this route takes it. */
const METRICS_TOKEN = 'METRICS_TOKEN';
/** As long as the operator's: 24 random characters cannot be guessed. */
const TOKEN_CHARS_MIN = 24;

/** Metrics in Prometheus' text format. */
export const metricsRoutes = new Hono<Hub>();

metricsRoutes.get('/metrics', async (c) => {
  await acceptScraper(c);
  const [source, objective] = await Promise.all([readOverview(c.env), objectiveOrNone(c)]);
  const text = exposition(metricsOf(source, overviewOf(source), objective));
  return c.body(text, 200, { 'content-type': EXPOSITION_TYPE });
});

/** @throws AppError unless the request bears the operator's token or that of the metrics */
async function acceptScraper(c: Context<Hub>): Promise<void> {
  const own = secretOf(c.env, METRICS_TOKEN);
  if (own !== undefined && own.length < TOKEN_CHARS_MIN)
    throw new AppError('misconfigured', `${METRICS_TOKEN}: expected ${TOKEN_CHARS_MIN} or more characters`);
  const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined)
    throw new AppError(
      'unauthenticated',
      `expected Authorization: Bearer <${METRICS_TOKEN} or operator token>`,
    );
  if (own !== undefined && (await timingSafeEqual(token, own))) return;
  const attempt = await attemptToken(c.get('secrets'), token);
  if (!attempt.ok)
    throw new AppError(attempt.status === 429 ? 'too-many' : 'unauthenticated', 'the token is not valid');
}

async function objectiveOrNone(c: Context<Hub>): Promise<ObjectiveReport | undefined> {
  try {
    return (await readLedger(c.env, undefined)).report;
  } catch (error) {
    logError('ledger-unreadable', error, { requestId: c.get('requestId') });
    return undefined;
  }
}
