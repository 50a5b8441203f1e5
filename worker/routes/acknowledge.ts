import { Hono, type Context } from 'hono';
import { serviceOfSubject } from '#core/deploy/telling/subject.ts';
import { isNetworkSubject } from '#core/network/network.ts';
import { OPERATOR_PATH } from '#core/operator-path.ts';
import { MS_PER_MINUTE, MS_PER_SECOND } from '#core/units.ts';
import { acknowledgeDocument, acknowledgeProblemDocument } from '#dashboards/operator/acknowledge-page.tsx';
import type { AcknowledgeSubject } from '#dashboards/operator/acknowledge-subject.ts';
import { deployIncident } from '#dashboards/operator/deploy-incident.ts';
import { incidentView } from '#dashboards/operator/incident-view.ts';
import { networkSubject } from '#dashboards/operator/network-row.ts';
import { ACKNOWLEDGE_PATH, acknowledgedBy } from '../acknowledge-link.ts';
import { DeadlineError } from '../deadline.ts';
import { AppError, isUnavailable } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { logError } from '../log.ts';
import { AttemptLimit } from '../middleware/attempt-limit.ts';
import { bodySize } from '../middleware/body-size.ts';
import { checkOf, config } from '../settings.ts';
import { acknowledgeSubject, subjectOf, type Subject } from './acknowledging.ts';
import { nameFrom, rememberedName } from './operator-name.ts';
import { FORM_BYTES_MAX, PAGE_POLICY, text } from './operator-show.ts';
import { readIncident, readNetwork, readService } from './operator-source.ts';

/** Bad tokens answered in a minute, in each isolate. A signature cannot be guessed; this keeps the work bounded. */
const BAD_TOKENS_MAX = 60;
/** Requests about one incident in a minute, in each isolate: a big room that is woken all at once, with its previews. */
const REQUESTS_MAX = 600;
/** Incidents whose requests are counted. Only signed tokens get this far: that many links are not open at a time. */
const INCIDENTS_COUNTED_MAX = 1_000;
/** Whoever has the link and gives no name. */
const NAMELESS = 'somebody with the link';

const badTokens = new AttemptLimit(BAD_TOKENS_MAX, MS_PER_MINUTE);
const requests = new Map<string, AttemptLimit>();

/**
 * The page behind the signed link in a page. The token is the whole authority, for one incident and for nothing but
 * acknowledging it; no cookie adds to it, so that a request from another site can do no more than whoever holds the link.
 * A GET changes nothing: chats fetch links to preview them.
 */
export const acknowledgeRoutes = new Hono<Hub>();

const ROUTE = `${ACKNOWLEDGE_PATH}/:token`;

acknowledgeRoutes.use(ROUTE, async (c, next) => {
  c.header('content-security-policy', PAGE_POLICY);
  await next();
});

acknowledgeRoutes.get(ROUTE, (c) =>
  withSubject(c, async (subject) => {
    const incident = await shownOf(c, subject);
    if (!incident) return unknown(c);
    return c.html(acknowledgeDocument({ incident, name: rememberedName(c), nowMs: Date.now() }));
  }),
);

acknowledgeRoutes.post(ROUTE, bodySize(FORM_BYTES_MAX), (c) =>
  withSubject(c, async (subject) => {
    const form = await c.req.parseBody();
    const by = nameFrom(c, text(form.name)) ?? NAMELESS;
    const { state } = await acknowledgeSubject(c, subject, by, 'link');
    if (state === 'unknown') return unknown(c);
    // The page says who has it: this one, or whoever was first.
    return c.redirect(c.req.path, 303);
  }),
);

/** Answers for the incident that the token is for, or why not. */
async function withSubject(
  c: Context<Hub>,
  answer: (subject: Subject) => Promise<Response>,
): Promise<Response> {
  const nowMs = Date.now();
  const waitMs = badTokens.waitMs(nowMs);
  const incident = await acknowledgedBy(c.get('secrets').cookieKey, c.req.param('token') ?? '');
  if (!incident) {
    if (waitMs > 0) return tooMany(c, waitMs);
    badTokens.failed(nowMs);
    const message = 'It may be cut short, or older than a week. Sign in to acknowledge the incident.';
    return problem(c, 404, 'This link is not valid', message);
  }
  const key = `${incident.check}:${incident.seq}`;
  const busyMs = countedWaitMs(key, nowMs);
  if (busyMs > 0) return tooMany(c, busyMs);
  const subject = subjectOf(key);
  if (!subject) return unknown(c);
  try {
    return await answer(subject);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // Here and not by the app's own handler, which logs the path: the token is in it.
    logError('acknowledge-failed', error, { ...subject, requestId: c.get('requestId') });
    const message = 'A part of the hub did not answer. Load this page again.';
    return problem(c, isUnavailable(error) ? 503 : 500, 'Try again', message);
  }
}

async function shownOf(
  c: Context<Hub>,
  { check: id, seq }: Subject,
): Promise<AcknowledgeSubject | undefined> {
  const service = serviceOfSubject(id);
  if (service !== undefined) {
    const view = await readService(c.env, service);
    if (!view) throw new DeadlineError('the service’s object does not answer');
    return deployIncident(config, view, seq);
  }
  if (isNetworkSubject(id)) {
    const view = await readNetwork(c.env);
    if (!view) throw new DeadlineError('the network’s object does not answer');
    return networkSubject(view, id, seq);
  }
  const check = checkOf(id);
  const stored = check && (await readIncident(c.env, check, seq));
  if (!check || !stored) return undefined;
  const { incident, deliveries, nowMs } = stored;
  return incidentView({ check, paging: config.paging, incident, deliveries, flapping: false, nowMs });
}

function countedWaitMs(key: string, nowMs: number): number {
  if (requests.size >= INCIDENTS_COUNTED_MAX && !requests.has(key)) requests.clear();
  const limit = requests.get(key) ?? new AttemptLimit(REQUESTS_MAX, MS_PER_MINUTE);
  requests.set(key, limit);
  const waitMs = limit.waitMs(nowMs);
  if (waitMs === 0) limit.failed(nowMs);
  return waitMs;
}

function tooMany(c: Context<Hub>, waitMs: number): Response | Promise<Response> {
  const waitS = Math.ceil(waitMs / MS_PER_SECOND);
  c.header('retry-after', String(waitS));
  return problem(c, 429, 'Too many requests', `Try again in ${waitS} s.`);
}

function unknown(c: Context<Hub>): Response | Promise<Response> {
  return problem(c, 404, 'Nothing to acknowledge', 'The hub no longer knows this incident.');
}

function problem(
  c: Context<Hub>,
  status: 404 | 429 | 500 | 503,
  title: string,
  message: string,
): Response | Promise<Response> {
  return c.html(acknowledgeProblemDocument(title, message, OPERATOR_PATH), status);
}
