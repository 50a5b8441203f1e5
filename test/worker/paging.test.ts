import { abortAllDurableObjects, runDurableObjectAlarm } from 'cloudflare:test';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Failure } from '#core/failure.ts';
import {
  aRun,
  breakPager,
  checkObject,
  mendPager,
  migrate,
  pagedFor,
  REGIONS,
  report,
  TIMED_OUT,
  until,
} from './hub.ts';

beforeAll(migrate);
afterEach(mendPager);

/** Each check fails by an error of its own: by the same, within a minute, one page would tell of them all. */
const FAILURES: Record<string, Failure> = {
  outage: TIMED_OUT,
  retry: { owner: 'target', class: 'http', httpStatus: 500, message: 'internal error' },
  evicted: { owner: 'target', class: 'http', httpStatus: 502, message: 'bad gateway' },
  misnumbered: { owner: 'target', class: 'http', httpStatus: 504, message: 'gateway timeout' },
  leased: { owner: 'target', class: 'http', httpStatus: 503, message: 'unavailable' },
};

/** Failures of every region, back to back as in a burst. */
async function failEverywhere(check: string, rounds = 2): Promise<void> {
  const failure = FAILURES[check] ?? TIMED_OUT;
  for (let round = 0; round < rounds; round++)
    for (const region of REGIONS) await report(region, aRun(check, region, { failure }));
}

async function passEverywhere(check: string, rounds = 2): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const region of REGIONS) await report(region, aRun(check, region));
}

it('pages once when all regions fail, and resolves once when they have been clean for long enough', async () => {
  await passEverywhere('outage', 1);
  await failEverywhere('outage');
  const [trigger] = await until(async () => {
    const paged = await pagedFor('outage');
    return paged.length > 0 && paged;
  });
  expect(trigger?.body).toMatchObject({
    event_action: 'trigger',
    dedup_key: 'outage:1',
    payload: { summary: 'Portal login fails in 4 of 4 regions — timeout at “Sign in”' },
  });

  await passEverywhere('outage');
  const resolved = await until(async () => {
    const paged = await pagedFor('outage');
    return paged.length > 1 && paged;
  });
  expect(resolved.map(({ body }) => [body.event_action, body.dedup_key])).toEqual([
    ['trigger', 'outage:1'],
    ['resolve', 'outage:1'],
  ]);
  const { state, deliveries } = await checkObject('outage').view();
  expect(state.incident).toMatchObject({ seq: 1, status: 'resolved', rule: 'unanimous' });
  expect(state.incident?.ledger.acceptedMs).toBeGreaterThan(0);
  await until(async () => {
    const { deliveries } = await checkObject('outage').view();
    return deliveries.every(({ state }) => state === 'accepted');
  });
  expect(deliveries).toHaveLength(4);
});

it('tries again when the pager fails, until it accepts, and no more', async () => {
  await breakPager({ fault: 'status', status: 500, path: 'pagerduty', count: 2 });
  await failEverywhere('retry');
  const delivery = await until(async () => {
    const { deliveries } = await checkObject('retry').view();
    return deliveries.find(({ state }) => state === 'accepted');
  });
  expect(delivery.attempts).toBe(3);
  expect(await pagedFor('retry')).toHaveLength(1);
});

it('loses neither runs nor pages when its objects die in the middle', async () => {
  await breakPager({ fault: 'status', status: 503, path: 'pagerduty' });
  await failEverywhere('evicted', 1);
  await abortAllDurableObjects();
  await failEverywhere('evicted', 1);
  await until(async () => {
    const { deliveries } = await checkObject('evicted').view();
    return deliveries.some(({ lastError }) => lastError !== undefined);
  });
  await abortAllDurableObjects();
  await mendPager();
  const [trigger] = await until(async () => {
    const paged = await pagedFor('evicted');
    return paged.length > 0 && paged;
  });
  expect(trigger?.body.dedup_key).toBe('evicted:1');
  const { runs, state } = await checkObject('evicted').view();
  expect(Object.values(runs).flat()).toHaveLength(8);
  expect(state.lastSeq).toBe(1);
});

it('sends a page again whose attempt was cut off by a crash, when its lease is over', async () => {
  await breakPager({ fault: 'hang', path: 'pagerduty' });
  await failEverywhere('leased');
  await until(async () => {
    const { deliveries } = await checkObject('leased').view();
    return deliveries.some(({ state }) => state === 'in-flight');
  });
  await abortAllDurableObjects();
  await mendPager();
  expect((await checkObject('leased').view()).deliveries).toMatchObject([
    { state: 'in-flight', attempts: 1 },
  ]);

  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_000 });
  await runDurableObjectAlarm(checkObject('leased'));
  vi.useRealTimers();
  expect(await pagedFor('leased')).toHaveLength(1);
  expect((await checkObject('leased').view()).deliveries).toMatchObject([{ state: 'accepted', attempts: 2 }]);
});

it('resolves a page though a probe has meanwhile sent one of a higher number', async () => {
  await failEverywhere('misnumbered');
  await until(async () => (await pagedFor('misnumbered')).length > 0);
  await until(async () => {
    const { deliveries } = await checkObject('misnumbered').view();
    return deliveries.every(({ state }) => state === 'accepted');
  });
  await checkObject('misnumbered').brokeGlass({
    type: 'broke-glass',
    check: 'misnumbered',
    region: 'us-east',
    probe: 'probe-us-east',
    seq: 5,
    firstFailedAgeMs: 60_000,
    decidedAgeMs: 30_000,
    acceptedAgeMs: 29_000,
    channel: 'pager',
    failure: TIMED_OUT,
  });
  await until(async () =>
    (await pagedFor('misnumbered')).some(({ body }) => body.dedup_key === 'misnumbered:5'),
  );
  await passEverywhere('misnumbered');
  await until(async () =>
    (await pagedFor('misnumbered')).some(
      ({ body }) => body.event_action === 'resolve' && body.dedup_key === 'misnumbered:1',
    ),
  );
});
