import { Hono } from 'hono';
import type { DnsCheck } from '#core/config.ts';
import { OPERATOR_PATH } from '#core/operator-path.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { operatorAuth } from '../middleware/operator-auth.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { checkOf } from '../settings.ts';
import { acceptBaseline, readBaseline } from './dns-baseline.ts';

/** As `dnsBaselinePath` gives it. */
const BASELINE_ROUTE = `${OPERATOR_PATH}/api/dns/:check/baseline`;

/** Baselines of DNS checks, for `latchkey dns accept`. An operator signs in to accept one, as for every change. */
export const dnsRoutes = new Hono<Hub>();

dnsRoutes.use(BASELINE_ROUTE, sameOrigin, operatorAuth);

dnsRoutes.get(BASELINE_ROUTE, async (c) => c.json(await readBaseline(c, dnsCheckOf(c.req.param('check')))));

dnsRoutes.post(BASELINE_ROUTE, async (c) =>
  c.json(await acceptBaseline(c, dnsCheckOf(c.req.param('check')), 'operator')),
);

/** @throws AppError when there is no DNS check of that id */
function dnsCheckOf(id: string): DnsCheck {
  const check = checkOf(id);
  if (!check) throw new AppError('not-found', `there is no check ${id.slice(0, 64)}`);
  if (check.kind !== 'dns')
    throw new AppError('bad-request', `${id} is a ${check.kind} check, not a dns check`);
  return check;
}
