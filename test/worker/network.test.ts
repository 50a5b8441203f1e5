import { abortAllDurableObjects, createScheduledController, runDurableObjectAlarm } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ToldDrill } from '#core/network/drill.ts';
import hub from '#worker/index.ts';
import { NETWORK_NAME } from '#worker/objects/network-rpc.ts';
import { latestAudit } from '#worker/store/audit-log.ts';
import { aRun, breakPager, mendPager, migrate, pagedFor, report, until, type Region } from './hub.ts';

const HUB = 'https://hub.test';

beforeAll(migrate);
afterEach(mendPager);
afterAll(() => void vi.useRealTimers());

function network() {
  return env.NETWORK.getByName(NETWORK_NAME);
}

/** Moves the hub's clock; timers go by real time, and are not waited for. */
function later(durationMs: number): void {
  const nowMs = Date.now() + durationMs;
  vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
}

async function passIn(...regions: Region[]): Promise<void> {
  for (const region of regions) await report(region, aRun('login', region));
}

async function session(): Promise<string> {
  const response = await exports.default.fetch(`${HUB}/operator/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: HUB },
    body: new URLSearchParams({ token: env.OPERATOR_TOKEN }).toString(),
  });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

async function begin(wish: object, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(`${HUB}/operator/api/drill`, {
    method: 'POST',
    headers: { origin: HUB, cookie: await session(), 'content-type': 'application/json', ...headers },
    body: JSON.stringify(wish),
  });
}

async function drillOf(n: number): Promise<ToldDrill> {
  const response = await exports.default.fetch(`${HUB}/operator/api/drill/${n}`, {
    headers: { authorization: `Bearer ${env.OPERATOR_TOKEN}` },
  });
  expect(response.status).toBe(200);
  return response.json<ToldDrill>();
}

function ended(n: number): Promise<ToldDrill> {
  return until(async () => {
    const drill = await drillOf(n);
    return drill.passed !== undefined && drill;
  });
}

async function told(subject: string): Promise<string[]> {
  return (await pagedFor(subject)).map(({ body }) => `${body.event_action} ${body.dedup_key}`);
}

describe('the regions together', () => {
  it('pings the watchdogs only after results of two regions were stored, and never tells their addresses', async () => {
    const lines = vi.spyOn(console, 'log');
    await passIn('us-east');
    await network().tick();
    const alone = await network().overview();
    expect(alone.regions.map(({ live }) => live)).toEqual([true, false, false, false]);
    expect(alone).toMatchObject({ needed: 2, hasEvidence: false, watchdogs: [{}, {}] });
    expect(alone.watchdogs.every(({ succeededMs, failure }) => !succeededMs && !failure)).toBe(true);

    await passIn('us-west');
    later(10_001);
    await network().tick();
    const { watchdogs } = await until(async () => {
      const view = await network().overview();
      return view.watchdogs.every(({ succeededMs, failure }) => succeededMs ?? failure) && view;
    });
    expect(watchdogs).toMatchObject([
      { name: 'watchdog 1', everyMs: 1_000, succeededMs: expect.any(Number) },
      { name: 'watchdog 2', failure: { error: 'answered 404' } },
    ]);
    expect(JSON.stringify([lines.mock.calls, watchdogs])).not.toContain('hush-hush');
    expect(JSON.stringify(lines.mock.calls)).toContain('watchdog-not-pinged');
  });

  it('pages when fewer than two are live, by its alarm when its timer is lost, and resolves when two are back', async () => {
    later(41_000);
    await abortAllDurableObjects();
    await runDurableObjectAlarm(network());
    // It was away itself: before anybody is called silent, probes have the time to come back.
    expect(await pagedFor('network')).toEqual([]);
    later(40_001);
    await runDurableObjectAlarm(network());
    const [page] = await until(async () => {
      const paged = await pagedFor('network');
      return paged.length > 0 && paged;
    });
    expect(page?.body).toMatchObject({
      event_action: 'trigger',
      dedup_key: 'network:1',
      payload: { summary: expect.stringMatching(/^Latchkey is blind: 0 of 4 regions with probes report/) },
    });
    const { incidents, deliveries } = await network().overview();
    expect(incidents[0]).toMatchObject({ seq: 1, status: 'open', hadSeen: true });
    // Every check has lost its eyes: the channels of all of them are told.
    expect(deliveries.map(({ channel }) => channel).toSorted()).toEqual(['hook', 'pager']);
    expect(await network().acknowledge('network', 1, 'ada', 'operator')).toMatchObject({
      state: 'acknowledged',
    });
    expect(await network().acknowledge('network', 1, 'bob', 'link')).toEqual({ state: 'already', by: 'ada' });

    // A minute of being live, by looks that are ten seconds apart: after a longer break it would begin anew.
    for (let round = 0; round < 7; round++) {
      await passIn('us-east', 'eu-west');
      later(10_001);
      await network().tick();
    }
    await until(async () => (await told('network')).includes('resolve network:1'));
    expect((await told('network')).filter((line) => line.startsWith('trigger'))).toEqual([
      'trigger network:1',
    ]);
    const after = await network().overview();
    expect(after.incidents[0]).toMatchObject({ status: 'resolved', acknowledged: { by: 'ada' } });
    expect(await network().acknowledge('network', 1, 'bob', 'link')).toMatchObject({ state: 'over' });
  });
});

describe('a drill', () => {
  it('sends a real page to every channel, measures it, and resolves it', async () => {
    const response = await begin({});
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ n: 1, by: 'operator' });
    const drill = await ended(1);
    expect(drill).toMatchObject({ passed: true, endedMs: expect.any(Number) });
    expect(drill.channels.map(({ channel }) => channel).toSorted()).toEqual(['hook', 'pager']);
    for (const { sentMs, acceptedMs, attempts } of drill.channels) {
      expect(sentMs).toBeGreaterThanOrEqual(drill.decidedMs);
      expect(acceptedMs).toBeGreaterThanOrEqual(sentMs ?? Number.POSITIVE_INFINITY);
      expect(attempts).toBe(1);
    }
    await until(async () => (await told('drill')).includes('resolve drill:1'));
    const [page] = await pagedFor('drill');
    expect(page?.body.payload?.summary).toMatch(/^DRILL 1: nothing is broken/);
    expect((await network().overview()).drillOverdue).toBeUndefined();
    const entry = await until(async () =>
      (await latestAudit(env.DB, 20)).find(({ action }) => action === 'drill'),
    );
    expect(entry).toMatchObject({ who: 'operator', check: 'drill', seq: 1 });
  });

  it('fails when a channel refuses, tells that on the others, and leaves nothing that would wake somebody later', async () => {
    await breakPager({ fault: 'status', status: 401, path: 'webhook' });
    expect((await begin({})).status).toBe(201);
    const drill = await ended(2);
    expect(drill.passed).toBe(false);
    expect(drill.channels.find(({ channel }) => channel === 'hook')).toMatchObject({ refused: true });
    await until(async () =>
      (await network().overview()).deliveries.every(({ state }) => state !== 'in-flight'),
    );
    const { deliveries } = await network().overview();
    const open = deliveries.filter(({ state }) => state === 'pending');
    expect(open.filter(({ event }) => event === 'trigger')).toEqual([]);
  });

  it('goes to the named channels, waits to be acknowledged when asked, and is the only one meanwhile', async () => {
    expect((await begin({ channels: ['pager'], waitMs: 600_000 })).status).toBe(201);
    await until(async () => (await drillOf(3)).channels.every(({ acceptedMs }) => acceptedMs));
    expect((await begin({})).status).toBe(409);
    // Nothing of it is lost when its object dies.
    await abortAllDurableObjects();
    expect(await network().acknowledge('drill', 3, 'ada', 'link')).toMatchObject({ state: 'acknowledged' });
    const drill = await ended(3);
    expect(drill).toMatchObject({
      passed: true,
      channels: [{ channel: 'pager' }],
      acknowledged: { by: 'ada', via: 'link' },
    });
    await until(async () => (await told('drill')).includes('resolve drill:3'));
  });

  it('ends after its time when a channel never answers, and the page goes out to nobody after that', async () => {
    await breakPager({ fault: 'status', status: 503, path: 'pagerduty' });
    expect((await begin({ channels: ['pager'] })).status).toBe(201);
    await until(async () => (await drillOf(4)).channels[0]?.error !== undefined);
    later(60_000);
    await network().tick();
    expect(await ended(4)).toMatchObject({ passed: false });
    await mendPager();
    later(60_000);
    await until(async () => {
      await network().tick();
      const { deliveries } = await network().overview();
      const ours = deliveries.filter(({ page, event }) => page.dedupKey === 'drill:4' && event !== 'notice');
      return (
        ours.map(({ event, state }) => `${event} ${state}`).join() === 'trigger superseded,resolve accepted'
      );
    });
    // It may have taken the page for all that the hub knows: its end does no harm.
    expect((await told('drill')).filter((line) => line.endsWith('drill:4'))).toEqual(['resolve drill:4']);
  });

  it('is refused without a session, from another site, and with a wish that cannot be', async () => {
    const bearer = { authorization: `Bearer ${env.OPERATOR_TOKEN}` };
    expect((await begin({}, bearer)).status).toBe(403);
    expect((await begin({}, { cookie: '' })).status).toBe(401);
    expect((await begin({}, { origin: 'https://elsewhere.test' })).status).toBe(403);
    const unknown = await begin({ channels: ['nobody'] });
    expect([unknown.status, await unknown.json()]).toMatchObject([
      400,
      { problems: [{ path: 'channels.0' }] },
    ]);
    expect((await begin({ waitMs: -1 })).status).toBe(400);
    expect((await begin({ surprise: true })).status).toBe(400);
    const missing = await exports.default.fetch(`${HUB}/operator/api/drill/99`, { headers: bearer });
    expect(missing.status).toBe(404);
    expect((await network().overview()).drill?.n).toBe(4);
  });
});

it('is ticked by the cron with every check', async () => {
  const before = (await network().overview()).lookedAtMs ?? 0;
  later(120_000);
  await hub.scheduled(createScheduledController({ cron: '* * * * *' }), env);
  expect((await network().overview()).lookedAtMs).toBeGreaterThan(before);
});
