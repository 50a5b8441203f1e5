import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { nextStartInMs, phaseMs } from '#core/schedule.ts';
import type { RegionView } from '#core/view.ts';
import { MESSAGE_BYTES_MAX, type PollAnswer } from '#core/wire.ts';
import type { ProbeRecord } from '#worker/objects/probe-registry.ts';
import { aRun, ask, checkObject, migrate, report, TIMED_OUT, until } from './hub.ts';
import { connect, helloOf, reportOf } from './probe-socket.ts';

beforeAll(migrate);

describe('a plan', () => {
  it('has the checks of the region, each at its own phase', async () => {
    const east = await connect('us-east');
    east.send(helloOf('plan-east'));
    const plan = await east.next('plan');
    const eastChecks = plan.starts.map(({ check }) => check);
    expect(eastChecks).toContain('command');
    expect(eastChecks).not.toContain('two-regions');

    const phases = [0, 1, 2, 3].map((index) => phaseMs('login', 30_000, index, 4));
    const gaps = phases
      .map((phase) => (phase - (phases[0] ?? 0) + 30_000) % 30_000)
      .toSorted((a, b) => a - b);
    expect(gaps).toEqual([0, 7_500, 15_000, 22_500]);
    const login = plan.starts.find(({ check }) => check === 'login');
    const expected = nextStartInMs(Date.now(), 30_000, phases[0] ?? 0);
    // The clock has gone on since the plan was made; around the interval's end the wait starts anew.
    const elapsedMs = ((login?.inMs ?? 0) - expected + 30_000) % 30_000;
    expect(elapsedMs).toBeLessThan(15_000);
    east.close();
  });

  it('shares the checks among the probes of a region, and gives them back when one leaves', async () => {
    const one = await connect('us-west');
    one.send(helloOf('share-one'));
    const alone = await one.next('plan');
    const two = await connect('us-west');
    two.send(helloOf('share-two'));
    const [first, second] = [await one.next('plan'), await two.next('plan')];
    const names = (plan: typeof first) => plan.starts.map(({ check }) => check);
    expect(names(first).length).toBeLessThan(names(alone).length);
    expect([...names(first), ...names(second)].toSorted()).toEqual(names(alone).toSorted());
    two.close();
    const again = await one.next('plan');
    expect(names(again).toSorted()).toEqual(names(alone).toSorted());
    one.close();
  });
});

describe('a socket', () => {
  it('acknowledges what is stored, and says when the check starts next', async () => {
    const probe = await connect('eu-west');
    probe.send(helloOf('probe-eu-west'));
    await probe.next('plan');
    const run = aRun('login', 'eu-west');
    probe.send(reportOf(run));
    const ack = await probe.next('ack');
    expect(ack.runs).toEqual([run.id]);
    expect(ack.starts.map(({ check }) => check)).toEqual(['login']);
    expect(await checkObject('login').run(run.id)).toMatchObject({ run });
    probe.close();
  });

  it('is answered on a heartbeat by the runtime, without waking its object', async () => {
    const probe = await connect('ap-south');
    probe.send(helloOf('beat'));
    await probe.next('plan');
    const region = env.REGIONS.getByName('ap-south');
    await evictDurableObject(region);
    probe.send('ping');
    await until(async () => probe.texts.includes('pong'));
    const answeredAt = await runInDurableObject(region, (_object, state) =>
      state.getWebSockets().map((socket) => state.getWebSocketAutoResponseTimestamp(socket)),
    );
    expect(answeredAt).toEqual([expect.any(Date)]);
    expect(await region.overview()).toMatchObject({ live: true, probes: [{ probe: 'beat', live: true }] });
    probe.close();
  });

  it('refuses what is not a message, says why, and changes nothing', async () => {
    const probe = await connect('us-east');
    probe.send('{"type":"report"');
    expect(await probe.next('refusal')).toMatchObject({
      status: 400,
      error: expect.stringContaining('JSON'),
    });
    probe.send(new ArrayBuffer(4));
    expect(await probe.next('refusal')).toMatchObject({
      status: 400,
      error: expect.stringContaining('binary'),
    });
    probe.send(reportOf(aRun('login', 'us-east')));
    expect(await probe.next('refusal')).toMatchObject({
      status: 400,
      error: expect.stringContaining('hello'),
    });
    probe.send(helloOf('strict'));
    await probe.next('plan');
    const run = aRun('login', 'us-east');
    probe.send({ type: 'report', entries: [{ ageMs: -1, run }] });
    expect(await probe.next('refusal')).toMatchObject({
      status: 400,
      error: expect.stringContaining('entries.0.ageMs'),
    });
    const foreign = aRun('login', 'us-west');
    probe.send(reportOf(run, foreign));
    expect(await probe.next('refusal')).toMatchObject({
      status: 403,
      error: expect.stringContaining('region'),
    });
    expect(await checkObject('login').run(run.id)).toBeUndefined();
    expect(await checkObject('login').run(foreign.id)).toBeUndefined();
    probe.close();
  });

  it('is closed on a message over the limit', async () => {
    const probe = await connect('us-east');
    probe.send('x'.repeat(MESSAGE_BYTES_MAX + 1));
    expect(await probe.next('refusal')).toMatchObject({ status: 413 });
    await until(async () => probe.closed?.code === 1_009);
  });

  it('is refused when it speaks another wire version', async () => {
    const probe = await connect('us-east');
    probe.send(helloOf('old', { wireVersion: 99 }));
    expect(await probe.next('refusal')).toMatchObject({ status: 409 });
    await until(async () => probe.closed !== undefined);
  });

  it('is refused when its token is for another probe', async () => {
    const probe = await connect('us-east', 'mine');
    probe.send(helloOf('yours'));
    expect(await probe.next('refusal')).toMatchObject({ status: 403 });
    await until(async () => probe.closed !== undefined);
  });

  it('is replaced by a newer one of the same probe', async () => {
    const older = await connect('eu-west');
    older.send(helloOf('twice'));
    await older.next('plan');
    const newer = await connect('eu-west');
    newer.send(helloOf('twice', { boot: 2_000 }));
    await newer.next('plan');
    await until(async () => older.closed?.code === 4_000);
    const { probes } = await env.REGIONS.getByName('eu-west').overview();
    expect(probes.filter(({ probe }) => probe === 'twice')).toMatchObject([{ boot: 2_000, live: true }]);
    newer.close();
  });

  it('keeps its probe through an eviction of the object', async () => {
    const probe = await connect('eu-west');
    probe.send(helloOf('asleep'));
    await probe.next('plan');
    const region = env.REGIONS.getByName('eu-west');
    await evictDurableObject(region);
    expect(await region.runNow('two-regions', 'manual')).toMatchObject({ live: true });
    expect(await probe.next('run-now')).toEqual({ type: 'run-now', check: 'two-regions', trigger: 'manual' });
    probe.close();
  });
});

describe('a failure', () => {
  it('has the check run at once in every region, and again right after', async () => {
    const probe = await connect('us-west');
    probe.send(helloOf('burst-west'));
    await probe.next('plan');
    await report('eu-west', aRun('two-regions', 'eu-west', { failure: TIMED_OUT }));
    expect(await probe.next('run-now')).toEqual({ type: 'run-now', check: 'two-regions', trigger: 'burst' });
    const failed = aRun('two-regions', 'us-west', { probe: 'burst-west', failure: TIMED_OUT });
    probe.send(reportOf(failed));
    const ack = await probe.next('ack');
    expect(ack.starts).toMatchObject([{ check: 'two-regions', inMs: 100 }]);
    probe.close();
  });
});

describe('a probe without a socket', () => {
  it('gets its plan and its commands by polling, each command once', async () => {
    const poll = async () => {
      const response = await ask('us-east', 'POST', '/api/probe/poll', helloOf('poller'));
      expect(response.status).toBe(200);
      return response.json<PollAnswer>();
    };
    const region = env.REGIONS.getByName('us-east');
    const first = await poll();
    expect(first.plan.starts.map(({ check }) => check)).toContain('command');
    expect(await region.runNow('command', 'manual')).toMatchObject({ live: true });
    await region.runNow('command', 'manual');
    expect((await poll()).commands).toEqual([{ type: 'run-now', check: 'command', trigger: 'manual' }]);
    expect((await poll()).commands).toEqual([]);
    const { probes } = await region.overview();
    expect(probes.find(({ probe }) => probe === 'poller')).toMatchObject({ transport: 'http', live: true });
  });
});

describe('a region whose object lost its sockets, as at every deploy', () => {
  const HOUR_MS = 3_600_000;

  /** What the region says of a probe once its object has died, an hour after the hello; heartbeats are not stored. */
  async function afterDeath(name: string): Promise<RegionView['probes'][number] | undefined> {
    await runInDurableObject(env.REGIONS.getByName('ap-south'), (_object, state) => {
      const record = state.storage.kv.get<ProbeRecord>(`probe:${name}`);
      if (record) state.storage.kv.put(`probe:${name}`, { ...record, lastHeardMs: Date.now() - HOUR_MS });
    });
    await abortAllDurableObjects();
    const { probes } = await env.REGIONS.getByName('ap-south').overview();
    return probes.find(({ probe }) => probe === name);
  }

  it('is not called silent before its probe has had time to come back', async () => {
    const probe = await connect('ap-south');
    probe.send(helloOf('longstanding'));
    await probe.next('plan');
    expect(await afterDeath('longstanding')).toMatchObject({ live: true });
    // That time is given once, not at every start of the object.
    expect(await afterDeath('longstanding')).toMatchObject({ live: false });
  });

  it('is silent all the same when its probe had left before', async () => {
    const probe = await connect('ap-south');
    probe.send(helloOf('gone'));
    await probe.next('plan');
    probe.close();
    await until(() =>
      runInDurableObject(
        env.REGIONS.getByName('ap-south'),
        (_object, state) => state.storage.kv.get<ProbeRecord>('probe:gone')?.connected === false,
      ),
    );
    expect(await afterDeath('gone')).toMatchObject({ live: false });
  });
});

it('however many names there have been, a probe that is connected is not forgotten', async () => {
  const stable = await connect('us-west');
  stable.send(helloOf('stable'));
  await stable.next('plan');
  for (let index = 0; index < 60; index++)
    await ask('us-west', 'POST', '/api/probe/poll', helloOf(`pod-${index}`));
  const { probes } = await env.REGIONS.getByName('us-west').overview();
  expect(probes.length).toBeLessThanOrEqual(50);
  expect(probes.map(({ probe }) => probe)).toContain('stable');
  stable.close();
});

it('a silent region says so', async () => {
  const region = env.REGIONS.getByName('nobody-here');
  expect(await region.runNow('login', 'burst')).toMatchObject({ live: false, lastHeardMs: 0 });
});
