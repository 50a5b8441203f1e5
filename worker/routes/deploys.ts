import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { Announcement, ANNOUNCEMENT_BYTES_MAX } from '#core/deploy/pipeline/announcement.ts';
import { tellableProblems } from '#core/deploy/pipeline/announcement-problems.ts';
import { AttemptsReport, ATTEMPTS_BYTES_MAX } from '#core/deploy/pipeline/attempts.ts';
import { DEPLOY_PHASES } from '#core/deploy/deploy.ts';
import { ATTEMPTS_PATH, deployPath, DEPLOYS_PATH } from '#core/deploy/pipeline/path.ts';
import { plainDeploy } from '#core/deploy/telling/plain-deploy.ts';
import { resolveChecks } from '#core/deploy/pipeline/resolve.ts';
import { CommandResult, type Announced, type ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { duration } from '#core/duration.ts';
import { describeProblems, parseWith, type Problem } from '#core/problem.ts';
import { MS_PER_SECOND } from '#core/units.ts';
import { withDeadline } from '../deadline.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { bodySize } from '../middleware/body-size.ts';
import { mustBeOf, serviceAuth } from '../middleware/service-auth.ts';
import type { AnnounceResult, RollbackWished } from '../objects/deploy-rpc.ts';
import { config } from '../settings.ts';
import { jsonBody } from './json-body.ts';

/** An object answers in milliseconds; one that is being moved may take seconds. */
const OBJECT_TIMEOUT_MS = 5_000;
/** Shorter than what proxies between wait for an answer: 30 s are the least in wide use (Heroku, “Request timeout”). */
const WAIT_MS_MAX = 25 * MS_PER_SECOND;
/** How often a request that waits looks: a pipeline hears of the end a second late at most. */
const LOOK_INTERVAL_MS = MS_PER_SECOND;
/** Bytes of a command's result: its error has 500 characters. */
const RESULT_BYTES_MAX = 4 * 1024;

/** How a deploy may be asked for. */
const Wait = z.strictObject({
  /** Answer only when phase, outcome or rollback has changed, or after this long. */
  wait: duration(0, WAIT_MS_MAX).optional(),
  /** The phase that whoever asks knows of: answer at once when it is another by now. */
  phase: z.enum(DEPLOY_PHASES).optional(),
});

/**
 * What pipelines and applications ask of the hub, with the token of their service: announce a deploy, see how its verification
 * does, roll it back, and report real attempts. JSON, or lines for a shell when `text/plain` is accepted.
 */
export const deployRoutes = new Hono<Hub>();

for (const path of [DEPLOYS_PATH, `${DEPLOYS_PATH}/*`, ATTEMPTS_PATH]) deployRoutes.use(path, serviceAuth);

deployRoutes.post(DEPLOYS_PATH, bodySize(ANNOUNCEMENT_BYTES_MAX), async (c) => {
  const announcement = await jsonBody(c, Announcement, 'the announcement', tellableProblems);
  mustBeOf(c.get('service'), 'service', announcement.service);
  const resolved = resolveChecks(config, announcement);
  if (!resolved.ok) throw cannotVerify(resolved.problems);
  const announced = await answerOf<AnnounceResult>(object(c).announce(announcement, bearer(c)));
  if (!announced.ok && 'waitMs' in announced)
    throw new AppError(
      'too-many',
      `too many deploys of ${c.get('service')} within a minute; try again in ${Math.ceil(announced.waitMs / MS_PER_SECOND)} s`,
    );
  if (!announced.ok) throw cannotVerify(announced.problems);
  const { isNew, deploy } = announced;
  c.header('location', deployPath(deploy.service, deploy.n));
  const status = isNew ? 201 : 200;
  if (wantsText(c)) return c.text(plainDeploy(deploy), status);
  return c.json({ isNew, deploy } satisfies Announced, status);
});

deployRoutes.get(`${DEPLOYS_PATH}/:service/:n{[1-9][0-9]{0,8}|latest}`, async (c) => {
  mustBeOf(c.get('service'), 'the address', c.req.param('service'));
  const query = parseWith(Wait, c.req.query());
  if (!query.ok) throw new AppError('bad-request', describeProblems(query.problems), query.problems);
  const asked = c.req.param('n');
  const { wait = 0, phase } = query.value;
  const told = await whenMoved(c, asked === 'latest' ? undefined : Number(asked), wait, phase);
  if (!told) throw unknownDeploy(c, asked);
  return wantsText(c) ? c.text(plainDeploy(told)) : c.json(told);
});

const ROLLBACK_ROUTE = `${DEPLOYS_PATH}/:service/:n{[1-9][0-9]{0,8}}/rollback`;

deployRoutes.post(ROLLBACK_ROUTE, async (c) => {
  mustBeOf(c.get('service'), 'the address', c.req.param('service'));
  const n = Number(c.req.param('n'));
  const wished = await answerOf<RollbackWished>(object(c).rollBack(n, bearer(c), 'pipeline'));
  return rollbackAnswer(c, n, wished, `the configuration names no way to roll ${c.get('service')} back`);
});

deployRoutes.post(`${ROLLBACK_ROUTE}/result`, bodySize(RESULT_BYTES_MAX), async (c) => {
  mustBeOf(c.get('service'), 'the address', c.req.param('service'));
  const n = Number(c.req.param('n'));
  const result = await jsonBody(c, CommandResult, 'the result');
  const noted = await answerOf<RollbackWished>(object(c).commandEnded(n, result, bearer(c)));
  return rollbackAnswer(
    c,
    n,
    noted,
    `a rollback of ${c.get('service')} is no command, which a pipeline runs`,
  );
});

deployRoutes.post(ATTEMPTS_PATH, bodySize(ATTEMPTS_BYTES_MAX), async (c) => {
  const report = await jsonBody(c, AttemptsReport, 'the report');
  mustBeOf(c.get('service'), 'service', report.service);
  const { n } = await answerOf<{ n?: number | undefined }>(object(c).attempts(report));
  // Which deploy they count for, if one is going on.
  return c.json(n === undefined ? {} : { n });
});

/** The deploy once it is another than whoever asks knows, once nothing more follows, or as it is after `waitMs`. */
async function whenMoved(
  c: Context<Hub>,
  n: number | undefined,
  waitMs: number,
  knownPhase: ToldDeploy['phase'] | undefined,
): Promise<ToldDeploy | undefined> {
  const untilMs = Date.now() + waitMs;
  const first = await deployOf(c, n);
  if (!first) return undefined;
  const phase = knownPhase ?? first.phase;
  const hasMoved = (told: ToldDeploy): boolean =>
    told.phase === 'ended' ||
    told.phase !== phase ||
    told.outcome !== first.outcome ||
    told.rollback?.state !== first.rollback?.state;
  let told: ToldDeploy | undefined = first;
  while (told && !hasMoved(told)) {
    const leftMs = untilMs - Date.now();
    if (leftMs <= 0 || c.req.raw.signal.aborted) break;
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_INTERVAL_MS, leftMs)));
    told = await deployOf(c, first.n);
  }
  return told;
}

function deployOf(c: Context<Hub>, n: number | undefined): Promise<ToldDeploy | undefined> {
  return answerOf<ToldDeploy | undefined>(object(c).deploy(n));
}

function rollbackAnswer(c: Context<Hub>, n: number, wished: RollbackWished, none: string): Response {
  // A command is for the pipeline to run: nobody else does.
  if (wished.ok) return c.json({ kind: wished.kind, state: wished.state }, wished.isNew ? 202 : 200);
  const service = c.get('service');
  switch (wished.why) {
    case 'unknown':
      throw unknownDeploy(c, String(n));
    case 'none':
      throw new AppError('conflict', none);
    case 'not-bad':
      throw new AppError(
        'conflict',
        `deploy ${n} of ${service} is over or not bad: there is nothing to roll back`,
      );
  }
}

/** @throws DeadlineError when the object does not answer in time, which is told as 503 */
function answerOf<T>(work: unknown): Promise<T> {
  return withDeadline(work as Promise<T>, OBJECT_TIMEOUT_MS, 'the service');
}

function object(c: Context<Hub>) {
  return c.env.DEPLOYS.getByName(c.get('service'));
}

/** Who did it, for the timeline and the audit log. */
function bearer(c: Context<Hub>): string {
  return `pipeline ${c.get('service')}`;
}

function wantsText(c: Context<Hub>): boolean {
  return /\btext\/plain\b/i.test(c.req.header('accept') ?? '');
}

function cannotVerify(problems: readonly Problem[]): AppError {
  return new AppError('bad-request', 'the deploy cannot be verified so', problems);
}

function unknownDeploy(c: Context<Hub>, asked: string): AppError {
  const service = c.get('service');
  return new AppError(
    'not-found',
    asked === 'latest'
      ? `nothing of ${service} has been deployed yet`
      : `there is no deploy ${asked} of ${service}`,
  );
}
