import { deployPath, DEPLOYS_PATH } from '#core/deploy/pipeline/path.ts';
import { deploySubject } from '#core/deploy/telling/subject.ts';
import { Announced, ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import type { Rig } from '../../e2e/rig.ts';
import { until } from '../../e2e/until.ts';
import type { FaultInput } from '../../fixtures/portal/faults.ts';
import { UP_DEADLINE_MS } from '../page/outage.ts';
import { soonestDecidableMs } from './limit.ts';

/** What is wrong with a version. Its name begins the figures that are of deploys of this kind only. */
export type Break = { readonly name: 'fast500' | 'ltiCrash' | 'hang'; readonly fault: FaultInput };

export const BREAKS: readonly Break[] = [
  { name: 'fast500', fault: { fault: 'http-500' } },
  { name: 'ltiCrash', fault: { fault: 'lti-crash' } },
  { name: 'hang', fault: { fault: 'hang' } },
];

export const SERVICE = 'portal';

/** Past this the rollback does not come at all: three times what is promised. */
const ROLLBACK_DEADLINE_MS = 360_000;
/** 49 clean runs of each journey, on a machine that may be busy, and the ends of those that hang. */
const HEALTHY_DEADLINE_MS = 600_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** The way of one bad deploy, in seconds from its announcement. */
export type BadDeploy = {
  /** The first pair was asked for. */
  readonly askedS: number;
  /** The end of the last run that had to be seen. */
  readonly seenS: number;
  readonly decidedS: number;
  /** The rollback hook was called. */
  readonly calledS: number;
  /** The version before was seen healthy. */
  readonly healthyS: number;
  /** From asking for the first pair to the end of the last run that had to be seen: no verification could be shorter. */
  readonly limitS: number;
};

export type Occasion = {
  readonly rig: Rig;
  readonly token: string;
  readonly version: string;
  readonly signal: AbortSignal;
};

/**
 * Deploys a broken canary, announces it as a pipeline does, awaits that the hub takes it back and sees the version before
 * healthy. Rejects when one of these does not come, when it is called more than once, or when somebody was paged.
 */
export async function measureBadDeploy({ fault }: Break, occasion: Occasion): Promise<BadDeploy> {
  const { rig, version, signal } = occasion;
  const { portal, pager } = rig;
  await untilQuiet(occasion);
  await portal.deployCanary({ version, fault });
  const announcedAtMs = Date.now();
  const n = await announce(occasion);
  const callsOf = () => portal.rollbacks().filter(({ body }) => versionIn(body) === version);
  const called = await until(
    `the rollback of ${version}`,
    () => {
      signal.throwIfAborted();
      return callsOf()[0];
    },
    ROLLBACK_DEADLINE_MS,
    async () => JSON.stringify(await deployNow(occasion, n)),
  );
  const told = await until(
    `the version before ${version} healthy again`,
    async () => {
      signal.throwIfAborted();
      const deploy = await deployNow(occasion, n);
      return deploy.phase === 'ended' ? deploy : undefined;
    },
    HEALTHY_DEADLINE_MS,
    async () => JSON.stringify(await deployNow(occasion, n)),
  );
  const { verification, decidedAtMs, healthyAgainAtMs, outcome } = told;
  const [call, ...others] = callsOf();
  if (outcome !== 'bad' || !verification || decidedAtMs === undefined || healthyAgainAtMs === undefined)
    throw new Error(`expected a bad deploy that was taken back, got ${JSON.stringify(told)}`);
  if (call?.tookBack?.wasCanary !== true || call.times > 1 || others.length > 0)
    throw new Error(`expected one call of the rollback, got ${JSON.stringify(callsOf())}`);
  const pages = pager.alerts().filter(({ dedupKey }) => dedupKey.startsWith(`${deploySubject(SERVICE)}:`));
  if (pages.length > 0)
    throw new Error(`a canary that was taken back woke somebody: ${JSON.stringify(pages)}`);
  const firstAskedAtMs = Math.min(...verification.pairs.map(({ askedAtMs }) => askedAtMs));
  const seenAtMs = soonestDecidableMs(verification);
  const since = (atMs: number): number => (atMs - announcedAtMs) / 1_000;
  return {
    askedS: since(firstAskedAtMs),
    seenS: since(seenAtMs),
    decidedS: since(decidedAtMs),
    calledS: since(called.atMs),
    healthyS: since(healthyAgainAtMs),
    limitS: (seenAtMs - firstAskedAtMs) / 1_000,
  };
}

/** An incident of the checks, by a machine that is too busy, would hold the announcement up. */
async function untilQuiet({ rig, signal }: Occasion): Promise<void> {
  await rig.untilUp(UP_DEADLINE_MS, signal);
  await until(
    'no open incident',
    async () => {
      signal.throwIfAborted();
      const { incidents } = await rig.overview();
      return incidents.every(({ status }) => status === 'resolved') || undefined;
    },
    UP_DEADLINE_MS,
    async () => JSON.stringify((await rig.overview()).incidents),
  );
}

async function announce({ rig, token, version }: Occasion): Promise<number> {
  const response = await fetch(rig.hubUrl + DEPLOYS_PATH, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ service: SERVICE, version }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`announcement: HTTP ${response.status} ${await response.text()}`);
  return Announced.parse(await response.json()).deploy.n;
}

async function deployNow({ rig, token }: Occasion, n: number): Promise<ToldDeploy> {
  const response = await fetch(rig.hubUrl + deployPath(SERVICE, n), {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`deploy ${n}: HTTP ${response.status} ${await response.text()}`);
  return ToldDeploy.parse(await response.json());
}

/** `data.version` of a message to the hook. */
function versionIn(body: unknown): unknown {
  const data: unknown = (body as { data?: unknown }).data;
  return typeof data === 'object' && data !== null && 'version' in data ? data.version : undefined;
}
