import { Hono } from 'hono';
import type { ToldBaseline } from '#core/dns/memory/told-baseline.ts';
import { OPERATOR_PATH } from '#core/operator-path.ts';
import { audit } from '../audit.ts';
import { withDeadline } from '../deadline.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { operatorAuth } from '../middleware/operator-auth.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { checkOf } from '../settings.ts';

/** An object answers in milliseconds; one that is being moved may take seconds. */
const OBJECT_TIMEOUT_MS = 5_000;
/** As `dnsBaselinePath` gives it. */
const BASELINE_ROUTE = `${OPERATOR_PATH}/api/dns/:check/baseline`;

/** Baselines of DNS checks, for `latchkey dns accept`. An operator signs in to accept one, as for every change. */
export const dnsRoutes = new Hono<Hub>();

dnsRoutes.use(BASELINE_ROUTE, sameOrigin, operatorAuth);

dnsRoutes.get(BASELINE_ROUTE, async (c) => {
  const check = dnsCheckOf(c.req.param('check'));
  const asked = c.env.CHECKS.getByName(check).dnsBaseline() as Promise<ToldBaseline | undefined>;
  return c.json(await withDeadline(asked, OBJECT_TIMEOUT_MS, 'the check'));
});

dnsRoutes.post(BASELINE_ROUTE, async (c) => {
  const check = dnsCheckOf(c.req.param('check'));
  const by = 'operator';
  const asked = c.env.CHECKS.getByName(check).acceptDnsBaseline(by) as Promise<ToldBaseline | undefined>;
  const told = await withDeadline(asked, OBJECT_TIMEOUT_MS, 'the check');
  if (!told)
    throw new AppError('conflict', `nothing of ${check} has been measured yet; wait for its first run`);
  audit(c.env.DB, c.executionCtx, {
    action: 'dns-accept',
    who: by,
    via: 'operator',
    check,
    requestId: c.get('requestId'),
  });
  return c.json(told);
});

/** @throws AppError when there is no DNS check of that id */
function dnsCheckOf(id: string): string {
  const check = checkOf(id);
  if (!check) throw new AppError('not-found', `there is no check ${id.slice(0, 64)}`);
  if (check.kind !== 'dns')
    throw new AppError('bad-request', `${id} is a ${check.kind} check, not a dns check`);
  return check.id;
}
