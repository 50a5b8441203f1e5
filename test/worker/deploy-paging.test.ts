import {
  abortAllDurableObjects,
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { DeploySide } from '#core/run.ts';
import hub from '#worker/index.ts';
import { latestAudit } from '#worker/store/audit-log.ts';
import { announce, BROKEN, commandsIn, latest, serviceObject, work } from './deploy-probes.ts';
import { migrate, pagedFor, REGIONS, until } from './hub.ts';

beforeAll(migrate);
afterAll(() => void vi.useRealTimers());

const SERVICE = 'portal-stored';
const canaryFails = (side: DeploySide) => (side === 'canary' ? BROKEN : undefined);

/** Moves the hub's clock; timers go by real time, and are not waited for. */
function later(durationMs: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + durationMs });
}

async function badDeploy(version: string): Promise<number> {
  for (const region of REGIONS) await commandsIn(region);
  const { deploy } = await announce({ service: SERVICE, version });
  await until(async () => {
    await work(SERVICE, canaryFails);
    return (await latest(SERVICE)).phase === 'rolling-back';
  });
  return deploy.n;
}

async function told(): Promise<string[]> {
  return (await pagedFor(`deploy.${SERVICE}`)).map(({ body }) => `${body.event_action} ${body.dedup_key}`);
}

it('a bad deploy that nobody takes back pages people, by the cron when all else is lost, until one follows it', async () => {
  const n = await badDeploy('1');
  expect(await latest(SERVICE)).toMatchObject({ outcome: 'bad', rollback: { state: 'offered' } });
  expect(await serviceObject(SERVICE).rollBack(n, 'ada', 'operator')).toEqual({ ok: false, why: 'none' });
  later(16_000);
  await abortAllDurableObjects();
  const context = createExecutionContext();
  await hub.scheduled(createScheduledController(), env);
  await waitOnExecutionContext(context);
  await until(async () => (await told()).includes(`trigger deploy.${SERVICE}:${n}`));
  const { incident, deliveries } = await serviceObject(SERVICE).overview();
  expect(incident).toMatchObject({ seq: n });
  expect(deliveries.some(({ event, seq }) => event === 'trigger' && seq === n)).toBe(true);

  const object = serviceObject(SERVICE);
  expect(await object.acknowledge(n, 'ada', 'operator')).toEqual({ state: 'acknowledged', by: 'ada' });
  expect(await object.acknowledge(n, 'bob', 'link')).toEqual({ state: 'already', by: 'ada' });
  const next = await announce({ service: SERVICE, version: '2' });
  expect(next.deploy.n).toBe(n + 1);
  await until(async () => (await told()).includes(`resolve deploy.${SERVICE}:${n}`));
  expect(await object.acknowledge(n, 'bob', 'link')).toMatchObject({ state: 'over' });
  expect(await object.deploy(n)).toMatchObject({ outcome: 'bad', phase: 'ended' });
});

it('a pipeline that takes it back by a command of its own says so, and nobody is paged', async () => {
  const n = await badDeploy('3');
  const object = serviceObject(SERVICE);
  expect(await object.rollBack(n, 'pipeline test', 'pipeline')).toMatchObject({
    ok: true,
    isNew: true,
    state: 'asked',
  });
  expect(await object.rollBack(n, 'pipeline test', 'pipeline')).toMatchObject({ ok: true, isNew: false });
  expect(await object.commandEnded(n, { state: 'called' }, 'pipeline test')).toMatchObject({
    ok: true,
    isNew: true,
    state: 'called',
  });
  await until(async () => {
    await object.tick();
    later(1_100);
    await work(SERVICE, () => undefined);
    return (await latest(SERVICE)).phase === 'ended';
  });
  expect(await latest(SERVICE)).toMatchObject({ outcome: 'bad', healthyAgainAtMs: expect.any(Number) });
  expect(await told()).not.toContain(`trigger deploy.${SERVICE}:${n}`);
  const entries = await until(async () => {
    const audited = (await latestAudit(env.DB, 100)).filter(
      ({ seq, check }) => seq === n && check === `deploy.${SERVICE}`,
    );
    return audited.length > 1 && audited;
  });
  expect(entries.map(({ action, who, via }) => `${action} ${who} ${via}`).toSorted()).toEqual([
    'deploy pipeline test pipeline',
    'rollback pipeline test pipeline',
  ]);
});
