import { Hono, type Context } from 'hono';
import type { Check } from '#core/config.ts';
import { ASSETS_VERSION } from '#dashboards/assets.ts';
import { checkPage } from '#dashboards/operator/check-page.tsx';
import { incidentPage } from '#dashboards/operator/incident-page.tsx';
import { documentOf, fragmentOf, type LayoutProps } from '#dashboards/operator/layout.tsx';
import { overviewOf } from '#dashboards/operator/overview.ts';
import { OPERATOR_PATH, SIGN_IN_PATH, SIGN_OUT_PATH } from '#core/operator-path.ts';
import { problemPage } from '#dashboards/operator/problem-page.tsx';
import { runPage } from '#dashboards/operator/run-page.tsx';
import { signInDocument } from '#dashboards/operator/sign-in-page.tsx';
import { wallPage } from '#dashboards/operator/wall-page.tsx';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { log } from '../log.ts';
import { bodySize } from '../middleware/body-size.ts';
import {
  attemptToken,
  endSession,
  hasSession,
  localNext,
  operatorAuth,
  startSession,
} from '../middleware/operator-auth.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { checkOf, config } from '../settings.ts';
import { getScreenshot } from '../store/artifacts.ts';
import { readCheck, readIncident, readOverview, readRun } from './operator-source.ts';

/** Nothing inline, nothing from elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/** A picture is shown and does nothing, also when it is opened by itself. */
const PICTURE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";
/** Bytes of the sign-in form: a token and a path. */
const FORM_BYTES_MAX = 4 * 1024;

/** The operator's pages and their JSON. Everything but signing in and out is read-only. */
export const operatorRoutes = new Hono<Hub>();

operatorRoutes.use(`${OPERATOR_PATH}/*`, sameOrigin, async (c, next) => {
  c.header('content-security-policy', POLICY);
  await next();
});

/** Who types the hub's bare address is looking for this. */
operatorRoutes.get('/', (c) => c.redirect(OPERATOR_PATH, 303));

operatorRoutes.get(SIGN_IN_PATH, async (c) => {
  const next = localNext(c.req.query('next'));
  return (await hasSession(c)) ? c.redirect(next, 303) : c.html(signInDocument({ next }));
});

operatorRoutes.post(SIGN_IN_PATH, bodySize(FORM_BYTES_MAX), async (c) => {
  const form = await c.req.parseBody();
  const next = localNext(text(form.next));
  const attempt = await attemptToken(c.get('secrets'), text(form.token) ?? '');
  log('operator-sign-in', { ok: attempt.ok, requestId: c.get('requestId') });
  if (!attempt.ok) return c.html(signInDocument({ next, problem: attempt.problem }), attempt.status);
  await startSession(c);
  return c.redirect(next, 303);
});

operatorRoutes.post(SIGN_OUT_PATH, (c) => {
  endSession(c);
  log('operator-sign-out', { requestId: c.get('requestId') });
  return c.redirect(SIGN_IN_PATH, 303);
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
  return show(c, checkPage(config, check, await readCheck(c.env, check), Date.now()));
});

operatorRoutes.get(`${OPERATOR_PATH}/checks/:check/incidents/:seq{[0-9]{1,9}}`, async (c) => {
  const check = checkOf(c.req.param('check'));
  if (!check) return missing(c, 'The configuration has no such check.');
  const [stored, view] = await Promise.all([
    readIncident(c.env, check, Number(c.req.param('seq'))),
    readCheck(c.env, check),
  ]);
  if (!stored) return missing(c, 'There is no such incident.');
  return show(c, incidentPage(config, check, stored, view, Date.now()));
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

operatorRoutes.get(`${OPERATOR_PATH}/*`, (c) => missing(c, 'There is no such page.'));

/** A whole page, or for app.js the part of it that changes. */
async function show(c: Context<Hub>, page: LayoutProps): Promise<Response> {
  if (c.req.query('fragment') === undefined) return c.html(documentOf(page));
  const fragment = String(await fragmentOf(page));
  const etag = await etagOf(fragment);
  const headers = { etag, 'x-latchkey-now': String(page.nowMs), 'x-latchkey-assets': ASSETS_VERSION };
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
  return c.html(fragment, 200, headers);
}

/** Of a fragment without what app.js counts on by itself: the same until something has happened. */
async function etagOf(fragment: string): Promise<string> {
  const settled = fragment.replace(/ data-now="\d+"/, '').replaceAll(/(<span data-since="\d+">)[^<]*/g, '$1');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(settled)));
  return `"${Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
}

function missing(c: Context<Hub>, message: string): Response | Promise<Response> {
  return c.html(documentOf(problemPage('Not found', message, Date.now())), 404);
}

/** @throws AppError when the path does not hold a run's id */
function runIdOf(c: Context<Hub>): string {
  const run = c.req.param('run') ?? '';
  if (!/^[a-z0-9-]{1,64}\.\d{1,16}\.\d{1,16}$/.test(run))
    throw new AppError('bad-request', 'expected a run id <probe>.<boot>.<seq>');
  return run;
}

function text(field: unknown): string | undefined {
  return typeof field === 'string' ? field : undefined;
}
