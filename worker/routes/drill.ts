import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { DRILL_WAIT_MS_MAX, drillPassed, type Drill, type ToldDrill } from '#core/network/drill.ts';
import { DRILL_PATH } from '#core/operator-path.ts';
import { audit } from '../audit.ts';
import { withDeadline } from '../deadline.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { bodySize } from '../middleware/body-size.ts';
import { operatorAuth } from '../middleware/operator-auth.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { NETWORK_NAME, type DrillStarted } from '../objects/network-rpc.ts';
import { networkPolicy, config } from '../settings.ts';
import { jsonBody } from './json-body.ts';

/** Bytes of a wish for a drill: the names of all channels. */
const WISH_BYTES_MAX = 4 * 1024;
/** An object answers in milliseconds; one that is being moved may take seconds. */
const OBJECT_TIMEOUT_MS = 5_000;

/** What a drill is asked for with: the page channels of all checks when none is named. */
const Wish = z.strictObject({
  channels: z
    .array(
      z.string().refine((name) => Object.hasOwn(config.channels, name), {
        error: `expected one of ${Object.keys(config.channels).join(', ')}`,
      }),
    )
    .min(1)
    .optional(),
  /** How long somebody has to acknowledge it; 0: nobody need. */
  waitMs: z.int().min(0).max(DRILL_WAIT_MS_MAX).default(0),
});

/** Drills, for `latchkey drill`: begin one, and see how it does. An operator signs in for it, as for every change. */
export const drillRoutes = new Hono<Hub>();

for (const path of [DRILL_PATH, `${DRILL_PATH}/*`]) drillRoutes.use(path, sameOrigin, operatorAuth);

drillRoutes.post(DRILL_PATH, bodySize(WISH_BYTES_MAX), async (c) => {
  const { channels = networkPolicy.routes.page, waitMs } = await jsonBody(c, Wish, 'the wish');
  const by = 'operator';
  const wish = { by, channels: [...new Set(channels)], waitMs };
  const { isNew, drill } = await withDeadline<DrillStarted>(
    network(c).startDrill(wish),
    OBJECT_TIMEOUT_MS,
    'the network',
  );
  if (!isNew) throw new AppError('conflict', `drill ${drill.n} is not over yet; wait for its end`);
  audit(c.env.DB, c.executionCtx, {
    action: 'drill',
    who: by,
    via: 'operator',
    check: 'drill',
    seq: drill.n,
    requestId: c.get('requestId'),
  });
  return c.json(told(drill), 201);
});

drillRoutes.get(`${DRILL_PATH}/:n{[0-9]{1,9}}`, async (c) => {
  const n = Number(c.req.param('n'));
  const asked = network(c).drill(n) as Promise<Drill | undefined>;
  const drill = await withDeadline(asked, OBJECT_TIMEOUT_MS, 'the network');
  if (!drill) throw new AppError('not-found', `there is no drill ${n}`);
  return c.json(told(drill));
});

function told(drill: Drill): ToldDrill {
  return { ...drill, passed: drillPassed(drill) };
}

function network(c: Context<Hub>) {
  return c.env.NETWORK.getByName(NETWORK_NAME);
}
