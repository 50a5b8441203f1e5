import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DeployPhase } from '#core/deploy/deploy.ts';
import type { DeploySide } from '#core/run.ts';
import {
  announce,
  BROKEN,
  commandsIn,
  latest,
  pairsAsked,
  reportPair,
  rollbacksOf,
  serviceObject,
  work,
} from './deploy-probes.ts';
import { breakPager, checkObject, mendPager, migrate, REGIONS, until } from './hub.ts';

beforeAll(migrate);
afterEach(mendPager);
afterAll(() => void vi.useRealTimers());

const passes = () => undefined;
const canaryFails = (side: DeploySide) => (side === 'canary' ? BROKEN : undefined);

/** Moves the hub's clock; timers go by real time, and are not waited for. */
function later(durationMs: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + durationMs });
}

async function live(): Promise<void> {
  for (const region of REGIONS) await commandsIn(region);
}

/** Waits until the deploy is in that phase, doing meanwhile what is asked of its probes; the objects end every time. */
async function workUntil(service: string, phase: DeployPhase): Promise<void> {
  await until(async () => {
    await abortAllDurableObjects();
    later(1_100);
    await serviceObject(service).tick();
    await work(service, passes);
    return (await latest(service)).phase === phase;
  });
}

describe('an object that ends', () => {
  it('goes on where it was, in every phase of a deploy', async () => {
    await live();
    await announce({ service: 'portal-cut', version: '1', key: 'release-1' });
    await abortAllDurableObjects();
    expect(await announce({ service: 'portal-cut', version: '1', key: 'release-1' })).toMatchObject({
      isNew: false,
      deploy: { n: 1 },
    });
    // It had been asking how its checks stand.
    await until(async () => (await latest('portal-cut')).phase === 'verifying');
    const asked = await until(async () => {
      const pairs = await pairsAsked('portal-cut');
      return pairs.length > 0 && pairs;
    });
    await abortAllDurableObjects();
    // What was asked for before is still known after, pair by pair.
    const before = (await latest('portal-cut')).verification?.pairs ?? [];
    expect(before.map(({ pair }) => pair)).toEqual(
      expect.arrayContaining(asked.map(({ command }) => command.deploy.pair)),
    );
    for (const { region, command } of asked) {
      await reportPair(region, command, canaryFails);
      await abortAllDurableObjects();
    }
    // A call that was cut off is made again once its lease is over.
    later(16_000);
    await live();
    const bad = await until(async () => {
      await serviceObject('portal-cut').tick();
      const told = await latest('portal-cut');
      return told.rollback?.state === 'called' && told;
    });
    expect(bad).toMatchObject({ outcome: 'bad', phase: 'verifying-again' });
    await workUntil('portal-cut', 'ended');
    await abortAllDurableObjects();
    const over = await latest('portal-cut');
    expect(over).toMatchObject({ outcome: 'bad', healthyAgainAtMs: expect.any(Number) });
    expect(over.verification?.pairs.length).toBeGreaterThanOrEqual(REGIONS.length);
    const keys = (await rollbacksOf('portal-cut')).map(({ body }) => body.data.key);
    expect(new Set(keys)).toEqual(new Set([`portal-cut.1.${over.announcedAtMs}`]));
    await until(async () =>
      (await checkObject('cut-login').view()).state.deploys?.some(
        ({ n, rolledBackAtMs }) => n === 1 && rolledBackAtMs,
      ),
    );
  });

  it('in the middle of calling a rollback calls again once its lease is over, under the same key', async () => {
    await breakPager({ fault: 'accept-then-hang', path: 'webhook', count: 1 });
    await live();
    await announce({ service: 'portal-hung', version: '1' });
    await until(async () => {
      await work('portal-hung', canaryFails);
      return (await rollbacksOf('portal-hung')).length === 1;
    });
    await abortAllDurableObjects();
    expect(await latest('portal-hung')).toMatchObject({
      phase: 'rolling-back',
      rollback: { state: 'asked', attempts: 1 },
    });
    await serviceObject('portal-hung').tick();
    expect(await rollbacksOf('portal-hung')).toHaveLength(1);
    later(16_000);
    await serviceObject('portal-hung').tick();
    await until(async () => (await latest('portal-hung')).phase === 'verifying-again');
    const calls = await rollbacksOf('portal-hung');
    const { announcedAtMs } = await latest('portal-hung');
    const key = `portal-hung.1.${announcedAtMs}`;
    expect(calls.map(({ body }) => body.data.key)).toEqual([key, key]);
    // The receiver sees that it has had the first one already.
    expect(calls[1]?.duplicate).toBe(true);
    expect(await latest('portal-hung')).toMatchObject({ rollback: { state: 'called', attempts: 2 } });
  });
});

describe('a check that cannot be told of a deploy', () => {
  it('is told later, also by an object that has ended since', async () => {
    await live();
    const rename = (from: string, to: string) =>
      runInDurableObject(checkObject('unmarked-login'), (_object, { storage }) => {
        storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
      });
    const lines = vi.spyOn(console, 'log');
    onTestFinished(() => lines.mockRestore());
    await rename('state', 'state_gone');
    await announce({ service: 'portal-unmarked', version: '1', markOnly: true });
    await until(async () => JSON.stringify(lines.mock.calls).includes('deploy-not-marked'));
    await rename('state_gone', 'state');
    expect((await checkObject('unmarked-login').view()).state.deploys ?? []).toEqual([]);
    await abortAllDurableObjects();
    await serviceObject('portal-unmarked').tick();
    await until(async () =>
      (await checkObject('unmarked-login').view()).state.deploys?.some(
        ({ service }) => service === 'portal-unmarked',
      ),
    );
  });
});
