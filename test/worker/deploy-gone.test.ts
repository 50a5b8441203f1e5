import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { beforeAll, expect, it } from 'vitest';
import { CANARY_DEFAULTS } from '#core/canary/settings.ts';
import { newCanary } from '#core/canary/state.ts';
import type { Deploy } from '#core/deploy/deploy.ts';
import { keepName } from '#worker/objects/object-name.ts';
import { DeployStore } from '#worker/store/deploy-store.ts';
import { announce, latest, serviceObject } from './deploy-probes.ts';
import { migrate, until } from './hub.ts';

beforeAll(migrate);

const SERVICE = 'gone';

/** A deploy that was being verified when service and journey were taken out of the configuration. */
function begun(nowMs: number): Deploy {
  const deadlineAtMs = nowMs + 1_000;
  return {
    service: SERVICE,
    n: 7,
    version: '1',
    by: 'test',
    checks: ['gone-login'],
    announcedAtMs: nowMs,
    timeoutMs: 1_000,
    duringIncident: false,
    phase: 'verifying',
    checklist: [],
    checklistUntilMs: nowMs,
    nextPair: 1,
    verification: {
      openedAtMs: nowMs,
      deadlineAtMs,
      paired: false,
      checks: [
        {
          check: 'gone-login',
          canary: newCanary({ ...CANARY_DEFAULTS, deadlineMs: 1_000 }, { paired: false, openedAtMs: nowMs }),
        },
      ],
      pairs: [],
    },
    reason: '',
    warnings: [],
    timeline: [],
  };
}

it('a deploy of a service that the configuration no longer has comes to its end, is told, and others may follow', async () => {
  const deploy = begun(Date.now());
  const mark = { service: SERVICE, title: 'Gone', n: 7, version: '1', atMs: Date.now(), isCanary: false };
  await runInDurableObject(serviceObject(SERVICE), (_object, state) => {
    const store = new DeployStore(state.storage.sql);
    keepName(state, SERVICE);
    store.create();
    store.putState({ lastN: 7, deploy }, undefined);
    store.putMarks([{ check: 'gone-login', mark }]);
    return Promise.resolve();
  });
  await abortAllDurableObjects();
  const object = serviceObject(SERVICE);
  await object.tick();
  expect(await latest(SERVICE)).toMatchObject({ n: 7, title: SERVICE, checks: ['gone-login'] });
  await until(async () => (await latest(SERVICE)).outcome === 'cannot-tell');
  // Nobody is left to be told of it.
  await until(() =>
    runInDurableObject(object, (_object, { storage }) =>
      Promise.resolve(new DeployStore(storage.sql).marks().length === 0),
    ),
  );
  const { title, deploys } = await object.overview();
  expect([title, deploys.map(({ n }) => n)]).toEqual([SERVICE, [7]]);
  expect(await announce({ service: SERVICE, version: '2', checks: ['login'] })).toMatchObject({
    isNew: true,
    deploy: { n: 8, checks: ['login'] },
  });
  expect(await object.deploy(7)).toMatchObject({ outcome: 'cannot-tell', checks: ['gone-login'] });
});
