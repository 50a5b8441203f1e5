import { Hono, type Context } from 'hono';
import type { Check, DnsCheck } from '#core/config.ts';
import type { ToldBaseline } from '#core/dns/memory/told-baseline.ts';
import { subjectPath } from '#dashboards/operator/acknowledge-subject.ts';
import { auditPage } from '#dashboards/operator/audit-page.tsx';
import { checkPage } from '#dashboards/operator/check-page.tsx';
import { incidentPage } from '#dashboards/operator/incident-page.tsx';
import { documentOf } from '#dashboards/operator/layout.tsx';
import { overviewOf } from '#dashboards/operator/overview.ts';
import {
  AUDIT_PATH,
  checkPath,
  deployPagePath,
  DEPLOYS_PAGE_PATH,
  OPERATOR_PATH,
  SIGN_IN_PATH,
  SIGN_OUT_PATH,
} from '#core/operator-path.ts';
import { problemPage } from '#dashboards/operator/problem-page.tsx';
import { runPage } from '#dashboards/operator/run-page.tsx';
import { signInDocument } from '#dashboards/operator/sign-in-page.tsx';
import { wallPage } from '#dashboards/operator/wall-page.tsx';
import { audit } from '../audit.ts';
import { AppError, isUnavailable } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { log, logError } from '../log.ts';
import { bodySize } from '../middleware/body-size.ts';
import {
  attemptToken,
  endSession,
  hasSession,
  localNext,
  operatorAuth,
  signInPath,
  startSession,
} from '../middleware/operator-auth.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { checkOf, config } from '../settings.ts';
import { getScreenshot } from '../store/artifacts.ts';
import { latestAudit, type AuditEntry } from '../store/audit-log.ts';
import { acknowledgeSubject, subjectOf } from './acknowledging.ts';
import { acceptBaseline, readBaseline } from './dns-baseline.ts';
import { ledgerRoutes } from './ledger.ts';
import { deployRoutes, ROLLBACK_ROUTE, LIFT_FREEZE_ROUTE } from './operator-deploys.ts';
import { NAMELESS, nameFrom, rememberedName } from './operator-name.ts';
import { FORM_BYTES_MAX, missing, PAGE_POLICY, show, text } from './operator-show.ts';
import { readCheck, readIncident, readOverview, readRun } from './operator-source.ts';

/** A picture is shown and does nothing, also when it is opened by itself. */
const PICTURE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";
/** Changes that the audit page shows: some months of a small team. */
const AUDIT_LINES_MAX = 200;

/** The operator's pages and their JSON. Signing in and out and acknowledging change something; the rest is read-only. */
export const operatorRoutes = new Hono<Hub>();

operatorRoutes.use(`${OPERATOR_PATH}/*`, sameOrigin, async (c, next) => {
  c.header('content-security-policy', PAGE_POLICY);
  await next();
});

/** Who types the hub's bare address is looking for this. */
operatorRoutes.get('/', (c) => c.redirect(OPERATOR_PATH, 303));

operatorRoutes.get(SIGN_IN_PATH, async (c) => {
  const next = localNext(c.req.query('next'));
  if (await hasSession(c)) return c.redirect(next, 303);
  return c.html(signInDocument({ next, name: rememberedName(c) }));
});

operatorRoutes.post(SIGN_IN_PATH, bodySize(FORM_BYTES_MAX), async (c) => {
  const form = await c.req.parseBody();
  const next = localNext(text(form.next));
  const attempt = await attemptToken(c.get('secrets'), text(form.token) ?? '');
  log('operator-sign-in', { ok: attempt.ok, requestId: c.get('requestId') });
  const given = text(form.name);
  if (!attempt.ok)
    return c.html(signInDocument({ next, problem: attempt.problem, name: given }), attempt.status);
  await startSession(c);
  noteChange(c, 'sign-in', nameFrom(c, given));
  return c.redirect(next, 303);
});

operatorRoutes.post(SIGN_OUT_PATH, async (c) => {
  if (await hasSession(c)) noteChange(c, 'sign-out', rememberedName(c));
  endSession(c);
  log('operator-sign-out', { requestId: c.get('requestId') });
  return c.redirect(SIGN_IN_PATH, 303);
});

/** A page is shown without what cannot be read in time. */
async function shownBaseline(c: Context<Hub>, check: DnsCheck): Promise<ToldBaseline | undefined> {
  try {
    return await readBaseline(c, check);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    logError('baseline-unreadable', error, { check: check.id });
    return undefined;
  }
}

/** As `acknowledgePath` gives it. */
const ACKNOWLEDGE_ROUTE = `${OPERATOR_PATH}/acknowledge/:subject/:seq{[0-9]{1,9}}`;

/** Whoever presses a button after their session has ended is asked to sign in, and finds the page again. */
for (const [route, pageOf] of [
  [ACKNOWLEDGE_ROUTE, ({ subject = '', seq }) => subjectPath(subject, Number(seq))],
  [ROLLBACK_ROUTE, ({ service = '', n }) => deployPagePath(service, Number(n))],
  [LIFT_FREEZE_ROUTE, () => DEPLOYS_PAGE_PATH],
] satisfies [string, (params: Partial<Record<string, string>>) => string][])
  operatorRoutes.post(route, async (c, next) => {
    if (c.req.header('authorization') === undefined && !(await hasSession(c)))
      return c.redirect(signInPath(pageOf(c.req.param())), 303);
    return next();
  });

operatorRoutes.use(`${OPERATOR_PATH}/*`, operatorAuth);

operatorRoutes.get(OPERATOR_PATH, async (c) => show(c, wallPage(overviewOf(await readOverview(c.env)))));

/** Documented by the type `Overview`. */
operatorRoutes.get(`${OPERATOR_PATH}/api/overview`, async (c) =>
  c.json(overviewOf(await readOverview(c.env))),
);

operatorRoutes.get(`${OPERATOR_PATH}/checks/:check`, async (c) => {
  const check = checkOf(c.req.param('check'));
  if (!check) return missing(c, 'The configuration has no such check.');
  const [view, baseline] = await Promise.all([
    readCheck(c.env, check),
    check.kind === 'dns' ? shownBaseline(c, check) : undefined,
  ]);
  return show(c, checkPage(config, check, view, Date.now(), baseline));
});

/** Accepts what a DNS check measures now, and leads back to its page. */
operatorRoutes.post(`${OPERATOR_PATH}/checks/:check/baseline`, bodySize(FORM_BYTES_MAX), async (c) => {
  const check = checkOf(c.req.param('check'));
  if (check?.kind !== 'dns') return missing(c, 'The configuration has no such DNS check.');
  await acceptBaseline(c, check, rememberedName(c) ?? NAMELESS);
  return c.redirect(checkPath(check.id), 303);
});

operatorRoutes.get(`${OPERATOR_PATH}/checks/:check/incidents/:seq{[0-9]{1,9}}`, async (c) => {
  const check = checkOf(c.req.param('check'));
  if (!check) return missing(c, 'The configuration has no such check.');
  const [stored, view] = await Promise.all([
    readIncident(c.env, check, Number(c.req.param('seq'))),
    readCheck(c.env, check),
  ]);
  if (!stored) return missing(c, 'There is no such incident.');
  return show(c, incidentPage(config, check, stored, view, rememberedName(c), Date.now()));
});

/** Says that somebody has it, and leads back to where the button was. A second one changes nothing. */
operatorRoutes.post(ACKNOWLEDGE_ROUTE, bodySize(FORM_BYTES_MAX), async (c) => {
  const subject = subjectOf(`${c.req.param('subject')}:${c.req.param('seq')}`);
  if (!subject) return missing(c, 'The configuration has no such check.');
  const { check, seq } = subject;
  const form = await c.req.parseBody();
  const by = nameFrom(c, text(form.name)) ?? NAMELESS;
  try {
    const { state } = await acknowledgeSubject(c, subject, by, 'operator');
    if (state === 'unknown') return missing(c, 'There is no such incident, or another one has begun since.');
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    logError('acknowledge-failed', error, { check, seq, requestId: c.get('requestId') });
    const message = 'A part of the hub did not answer in time. Go back and try again: that does no harm.';
    return c.html(documentOf(problemPage('Not acknowledged', message, Date.now())), 503);
  }
  const next = text(form.next);
  const back = [OPERATOR_PATH, checkPath(check)].find((path) => path === next);
  return c.redirect(back ?? subjectPath(check, seq), 303);
});

/** Who changed what. Without D1 the page says so. */
operatorRoutes.get(AUDIT_PATH, async (c) => {
  const lines = await auditLines(c);
  return c.html(documentOf(auditPage(lines, Date.now())), lines ? 200 : 503);
});

operatorRoutes.get(`${OPERATOR_PATH}/runs/:run`, async (c) => {
  const hint: Check | undefined = checkOf(c.req.query('check') ?? '');
  const found = await readRun(c.env, runIdOf(c), hint);
  if (!found) return missing(c, 'There is no such run, or it has been forgotten: the last days are kept.');
  return show(c, runPage(config, found.check, found.stored, Date.now()));
});

operatorRoutes.get(`${OPERATOR_PATH}/runs/:run/screenshot`, async (c) => {
  const picture = await getScreenshot(c.env.ARTIFACTS, runIdOf(c));
  if (!picture)
    return missing(c, 'There is no screenshot of this run. A probe uploads it after the run itself.');
  return c.body(picture.body, 200, {
    // Told by its first bytes when it was stored.
    'content-type': picture.httpMetadata?.contentType ?? 'application/octet-stream',
    'content-security-policy': PICTURE_POLICY,
    'cache-control': 'private, max-age=3600',
  });
});

operatorRoutes.route('/', ledgerRoutes);
operatorRoutes.route('/', deployRoutes);

operatorRoutes.get(`${OPERATOR_PATH}/*`, (c) => missing(c, 'There is no such page.'));

/** @throws AppError when the path does not hold a run's id */
function runIdOf(c: Context<Hub>): string {
  const run = c.req.param('run') ?? '';
  if (!/^[a-z0-9-]{1,64}\.\d{1,16}\.\d{1,16}$/.test(run))
    throw new AppError('bad-request', 'expected a run id <probe>.<boot>.<seq>');
  return run;
}

function noteChange(c: Context<Hub>, action: AuditEntry['action'], name: string | undefined): void {
  const entry = { action, who: name ?? NAMELESS, via: 'operator', requestId: c.get('requestId') };
  audit(c.env.DB, c.executionCtx, entry);
}

async function auditLines(c: Context<Hub>): Promise<AuditEntry[] | undefined> {
  try {
    return await latestAudit(c.env.DB, AUDIT_LINES_MAX);
  } catch (error) {
    logError('audit-unreadable', error, { requestId: c.get('requestId') });
    return undefined;
  }
}
