import { Hono, type Context } from 'hono';
import type { z } from 'zod';
import {
  ANSWER_MS_MAX,
  BrokeGlass,
  Hello,
  Looked,
  MESSAGE_BYTES_MAX,
  Overdue,
  PROBE_PATHS,
  Report,
  SCREENSHOT_BYTES_MAX,
  type Ack,
  type PollAnswer,
  type Refusal,
} from '#core/wire.ts';
import { withDeadline } from '../deadline.ts';
import { AppError, errorOfStatus } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { bodySize } from '../middleware/body-size.ts';
import { probeAuth } from '../middleware/probe-auth.ts';
import { TOKEN_PROBE_HEADER } from '../objects/region-object.ts';
import { imageTypeOf, putScreenshot } from '../store/artifacts.ts';
import { jsonBody } from './json-body.ts';

/** A region's object answers once the checks' objects have stored the runs: longer than they are given. */
const REGION_TIMEOUT_MS = ANSWER_MS_MAX;

/** The probe API: its paths and messages are those of `#core/wire.ts`. */
export const probeRoutes = new Hono<Hub>();

for (const path of Object.values(PROBE_PATHS)) {
  probeRoutes.use(path, probeAuth);
  probeRoutes.use(`${path}/*`, probeAuth);
}

probeRoutes.get(PROBE_PATHS.socket, async (c) => {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket')
    throw new AppError('upgrade-required', 'expected a WebSocket upgrade');
  const { probe } = c.get('probe');
  const headers = new Headers({ upgrade: 'websocket' });
  if (probe !== undefined) headers.set(TOKEN_PROBE_HEADER, probe);
  return withDeadline(region(c).fetch('https://region/socket', { headers }), REGION_TIMEOUT_MS, 'the region');
});

probeRoutes.post(PROBE_PATHS.report, bodySize(MESSAGE_BYTES_MAX), async (c) => {
  const report = await body(c, Report);
  const answer = withDeadline<Ack | Refusal>(
    region(c).report(report, c.get('probe')),
    REGION_TIMEOUT_MS,
    'the region',
  );
  return c.json(accepted(await answer));
});

probeRoutes.post(PROBE_PATHS.poll, bodySize(MESSAGE_BYTES_MAX), async (c) => {
  const hello = await body(c, Hello);
  const answer = withDeadline<PollAnswer | Refusal>(
    region(c).poll(hello, c.get('probe')),
    REGION_TIMEOUT_MS,
    'the region',
  );
  return c.json(accepted(await answer));
});

probeRoutes.post(PROBE_PATHS.overdue, bodySize(MESSAGE_BYTES_MAX), async (c) => {
  const overdue = await body(c, Overdue);
  const refused = region(c).overdue(overdue, c.get('probe'));
  accepted((await withDeadline(refused, REGION_TIMEOUT_MS, 'the region')) ?? {});
  return c.json({});
});

probeRoutes.post(PROBE_PATHS.looked, bodySize(MESSAGE_BYTES_MAX), async (c) => {
  const looked = await body(c, Looked);
  const refused = region(c).looked(looked, c.get('probe'));
  accepted((await withDeadline(refused, REGION_TIMEOUT_MS, 'the region')) ?? {});
  return c.json({});
});

probeRoutes.post(PROBE_PATHS.brokeGlass, bodySize(MESSAGE_BYTES_MAX), async (c) => {
  const glass = await body(c, BrokeGlass);
  const answer = withDeadline<Ack | Refusal>(
    region(c).brokeGlass(glass, c.get('probe')),
    REGION_TIMEOUT_MS,
    'the region',
  );
  return c.json(accepted(await answer));
});

probeRoutes.put(`${PROBE_PATHS.screenshots}/:run`, bodySize(SCREENSHOT_BYTES_MAX), async (c) => {
  const run = c.req.param('run');
  const identity = c.get('probe');
  const probe = /^([a-z0-9-]{1,64})\.\d{1,16}\.\d{1,16}$/.exec(run)?.[1];
  if (probe === undefined)
    throw new AppError('bad-request', `expected a run id <probe>.<boot>.<seq>, got ${run.slice(0, 160)}`);
  const isOwn = identity.probe === undefined || identity.probe === probe;
  if (!isOwn || !(await withDeadline(region(c).knows(probe), REGION_TIMEOUT_MS, 'the region')))
    throw new AppError('forbidden', `the token is not for the runs of probe ${probe}`);
  const bytes = await c.req.arrayBuffer();
  const type = imageTypeOf(new Uint8Array(bytes));
  if (type === undefined) throw new AppError('unsupported-type', 'expected a PNG or a JPEG');
  await putScreenshot(c.env.ARTIFACTS, run, bytes, type);
  return c.json({ stored: run });
});

function region(c: Context<Hub>) {
  return c.env.REGIONS.getByName(c.get('probe').region);
}

function body<T>(c: Context<Hub>, schema: z.ZodType<T>): Promise<T> {
  return jsonBody(c, schema, 'the message');
}

/** What the region accepted. @throws AppError what it refused, with the status it would have on a socket */
function accepted<T extends object>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw errorOfStatus(answer.status, answer.error);
  return answer;
}

function isRefusal(answer: object): answer is Refusal {
  return 'type' in answer && answer.type === 'refusal';
}
