import { Hono, type Context } from 'hono';
import { deployPagePath, DEPLOYS_PAGE_PATH } from '#core/operator-path.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { Slug } from '#core/run.ts';
import { isRollbackOffered } from '#dashboards/operator/deploy-headline.ts';
import { deployPage } from '#dashboards/operator/deploy-page.tsx';
import { deploysPage } from '#dashboards/operator/deploys-page.tsx';
import { documentOf } from '#dashboards/operator/layout.tsx';
import { problemPage } from '#dashboards/operator/problem-page.tsx';
import { rollbackPage } from '#dashboards/operator/rollback-page.tsx';
import { withDeadline } from '../deadline.ts';
import { isUnavailable } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { log, logError } from '../log.ts';
import { bodySize } from '../middleware/body-size.ts';
import type { RollbackWished } from '../objects/deploy-rpc.ts';
import { config } from '../settings.ts';
import { NAMELESS, nameFrom, rememberedName } from './operator-name.ts';
import { FORM_BYTES_MAX, missing, show, text } from './operator-show.ts';
import { readAllServices, readDeploy, readService } from './operator-source.ts';

/** An object answers in milliseconds; whoever waits longer is better told to try again, which is harmless. */
const OBJECT_TIMEOUT_MS = 3_000;

const DEPLOY_ROUTE = `${DEPLOYS_PAGE_PATH}/:service/:n{[0-9]{1,9}}`;
/** As `rollbackFormPath` and `freezeFormPath` give them. */
export const ROLLBACK_ROUTE = `${DEPLOY_ROUTE}/rollback`;
export const LIFT_FREEZE_ROUTE = `${DEPLOYS_PAGE_PATH}/:service/lift-freeze`;

const NO_DEPLOY = 'There is no such deploy, or it has been forgotten: the latest ones of a service are kept.';
const NO_ANSWER = 'A part of the hub did not answer in time. Go back and try again: that does no harm.';

/** Why a rollback that somebody wants is not begun. */
const REFUSALS: Record<Exclude<Extract<RollbackWished, { ok: false }>['why'], 'unknown'>, string> = {
  none: 'The hub has no way of its own to roll this service back. Take it back by the way you deploy.',
  'not-bad': 'The deploy is not known to be bad, so there is nothing to roll back.',
};

/**
 * The deploys of all services, and one of them. Rolling back and lifting a freeze change something; who did is in the audit
 * log, written by the service's object. Mounted among the operator's pages, which ask who it is and where a form comes from.
 */
export const deployRoutes = new Hono<Hub>();

deployRoutes.get(DEPLOYS_PAGE_PATH, async (c) =>
  show(c, deploysPage(await readAllServices(c.env), Date.now())),
);

deployRoutes.get(DEPLOY_ROUTE, (c) =>
  withDeploy(c, async (deploy) => {
    const view = await readService(c.env, deploy.service);
    return show(c, deployPage(config, deploy, view, rememberedName(c), Date.now()));
  }),
);

/** Asks once more. Showing it changes nothing. */
deployRoutes.get(ROLLBACK_ROUTE, (c) =>
  withDeploy(c, async (deploy) =>
    isRollbackOffered(deploy)
      ? c.html(documentOf(rollbackPage(config, deploy, rememberedName(c), Date.now())))
      : c.redirect(deployPagePath(deploy.service, deploy.n), 303),
  ),
);

/** Wants the rollback, and leads back to the deploy, which tells how it goes. A second one changes nothing. */
deployRoutes.post(ROLLBACK_ROUTE, bodySize(FORM_BYTES_MAX), async (c) => {
  const service = serviceOf(c);
  if (service === undefined) return missing(c, NO_DEPLOY);
  const n = Number(c.req.param('n'));
  const form = await c.req.parseBody();
  const by = nameFrom(c, text(form.name)) ?? NAMELESS;
  const wished = await answered(
    c,
    service,
    () => c.env.DEPLOYS.getByName(service).rollBack(n, by, 'operator') as Promise<RollbackWished>,
  );
  if (wished === undefined) return unavailable(c, 'Not rolled back');
  log('rollback-wanted', {
    service,
    n,
    outcome: wished.ok ? wished.state : wished.why,
    requestId: c.get('requestId'),
  });
  if (wished.ok) return c.redirect(deployPagePath(service, n), 303);
  if (wished.why === 'unknown') return missing(c, NO_DEPLOY);
  return c.html(documentOf(problemPage('Not rolled back', REFUSALS[wished.why], Date.now())), 409);
});

/** Ends the freeze after an outage, and leads back to where the button was. A second one changes nothing. */
deployRoutes.post(LIFT_FREEZE_ROUTE, bodySize(FORM_BYTES_MAX), async (c) => {
  const service = serviceOf(c);
  if (service === undefined) return missing(c, 'There is no such service.');
  const form = await c.req.parseBody();
  const by = nameFrom(c, text(form.name)) ?? NAMELESS;
  const lifted = await answered(c, service, () => c.env.DEPLOYS.getByName(service).liftFreeze(by));
  if (lifted === undefined) return unavailable(c, 'The freeze is not lifted');
  const next = text(form.next) ?? '';
  const isOfService = next.startsWith(`${DEPLOYS_PAGE_PATH}/${service}/`) && /\/[0-9]{1,9}$/.test(next);
  return c.redirect(isOfService ? next : DEPLOYS_PAGE_PATH, 303);
});

/** Answers for a deploy; 404 when there is none of that number. @throws DeadlineError */
async function withDeploy(
  c: Context<Hub>,
  answer: (deploy: ToldDeploy) => Promise<Response> | Response,
): Promise<Response> {
  const service = serviceOf(c);
  const deploy =
    service === undefined ? undefined : await readDeploy(c.env, service, Number(c.req.param('n')));
  return deploy ? answer(deploy) : missing(c, NO_DEPLOY);
}

/** The service in the path, when it may be one. */
function serviceOf(c: Context<Hub>): string | undefined {
  return Slug.safeParse(c.req.param('service')).data;
}

/** What the service's object answers; `undefined` when it does not in time. */
async function answered<T>(c: Context<Hub>, service: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await withDeadline(ask(), OBJECT_TIMEOUT_MS, 'the service');
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    logError('service-unreadable', error, { service, requestId: c.get('requestId') });
    return undefined;
  }
}

function unavailable(c: Context<Hub>, title: string): Response | Promise<Response> {
  return c.html(documentOf(problemPage(title, NO_ANSWER, Date.now())), 503);
}
