import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { deploySubject } from '#core/deploy/telling/subject.ts';
import type { DeploySide } from '#core/run.ts';
import type { LookNow } from '#core/wire.ts';
import { latestAudit } from '#worker/store/audit-log.ts';
import {
  announce,
  BROKEN,
  commandsIn,
  latest,
  pairsAsked,
  reportPair,
  rollbacksOf,
  runsOf,
  serviceObject,
  work,
} from './deploy-probes.ts';
import { aRun, ask, checkObject, migrate, REGIONS, report, until } from './hub.ts';
import { connect, helloOf, reportOf } from './probe-socket.ts';

beforeAll(migrate);

const passes = () => undefined;
const canaryFails = (side: DeploySide) => (side === 'canary' ? BROKEN : undefined);

async function live(): Promise<void> {
  for (const region of REGIONS) await commandsIn(region);
}

describe('a deploy', () => {
  it('is compared by pairs that polling probes run, found bad, taken back, and the version before seen healthy', async () => {
    await live();
    const { isNew, deploy } = await announce({
      service: 'portal',
      version: '4.2.1',
      previousVersion: '4.2.0',
    });
    expect({ isNew, n: deploy.n, checks: deploy.checks }).toEqual({
      isNew: true,
      n: 1,
      checks: ['portal-login'],
    });
    expect(JSON.stringify(deploy)).not.toContain('a-door-for-few');

    const asked = await until(async () => {
      const pairs = await pairsAsked('portal');
      return pairs.length > 0 && pairs;
    });
    expect(asked.map(({ region }) => region)).toEqual([...REGIONS]);
    const sides = asked.map(({ command }) => command.sides.map(({ side }) => side).join(' '));
    expect(sides.toSorted()).toEqual([
      'baseline canary',
      'baseline canary',
      'canary baseline',
      'canary baseline',
    ]);
    for (const { command } of asked)
      for (const { side, selector } of command.sides)
        expect(selector).toEqual(
          side === 'canary' ? { kind: 'header', name: 'x-canary', value: 'a-door-for-few' } : undefined,
        );
    for (const { region, command } of asked) await reportPair(region, command, canaryFails);

    const bad = await until(async () => {
      const told = await latest('portal');
      return told.phase === 'verifying-again' && told;
    });
    expect(bad).toMatchObject({
      outcome: 'bad',
      rollback: { state: 'called', attempts: 1, via: 'setting' },
      verification: { checks: [{ outcome: 'roll-back', canary: { failures: expect.any(Number) } }] },
    });
    expect(await rollbacksOf('portal')).toMatchObject([
      { body: { type: 'deploy.rollback', data: { deploy: 1, version: '4.2.1', previousVersion: '4.2.0' } } },
    ]);
    // What only the canary answered says nothing of what everybody gets.
    const { state, incidents } = await checkObject('portal-login').view();
    expect(incidents).toEqual([]);
    expect(Object.values(state.regions).map(({ vote }) => vote?.outcome)).toEqual(REGIONS.map(() => 'pass'));

    const over = await until(async () => {
      const commands = await work('portal', passes);
      // Where the new version was there is the one before now.
      const selector = { kind: 'header', name: 'x-canary', value: 'a-door-for-few' };
      expect(commands.flatMap((command) => command.sides)).toEqual(
        commands.map(() => ({ side: 'canary', selector })),
      );
      const told = await latest('portal');
      return told.phase === 'ended' && told;
    });
    expect(over).toMatchObject({ outcome: 'bad', healthyAgainAtMs: expect.any(Number) });
    await until(async () => {
      const marks = (await checkObject('portal-login').view()).state.deploys ?? [];
      return marks.some(({ n, outcome, rolledBackAtMs }) => n === 1 && outcome && rolledBackAtMs);
    });
    const audited = await until(async () => {
      const entries = (await latestAudit(env.DB, 50)).filter(
        ({ check }) => check === deploySubject('portal'),
      );
      return entries.length > 1 && entries;
    });
    expect(audited.map(({ action, who, via, seq }) => [action, who, via, seq])).toEqual([
      ['rollback', 'the configuration', 'setting', 1],
      ['deploy', 'pipeline test', 'pipeline', 1],
    ]);
  });

  it('of a service that the configuration does not have goes by the checks it names', async () => {
    await live();
    const first = await announce({ service: 'unlisted', version: '1', checks: ['portal-login'] });
    expect(first.deploy).toMatchObject({ n: 1, title: 'unlisted', checks: ['portal-login'] });
    const again = await announce({ service: 'unlisted', version: '1', checks: ['portal-login'] });
    expect(again).toMatchObject({ isNew: false, deploy: { n: 1 } });
    await until(async () => (await latest('unlisted')).phase === 'verifying');

    const second = await announce({ service: 'unlisted', version: '2', checks: ['two-regions'] });
    expect(second).toMatchObject({ isNew: true, deploy: { n: 2, checks: ['two-regions'] } });
    expect(await serviceObject('unlisted').deploy(1)).toMatchObject({
      outcome: 'superseded',
      phase: 'ended',
      verification: { checks: [{ check: 'portal-login' }] },
    });
    const { deploys } = await serviceObject('unlisted').overview();
    expect(deploys.map(({ n }) => n)).toEqual([2, 1]);
    expect(await serviceObject('unlisted').rollBack(1, 'ada', 'operator')).toEqual({
      ok: false,
      why: 'not-bad',
    });
    expect(await serviceObject('unlisted').rollBack(9, 'ada', 'operator')).toEqual({
      ok: false,
      why: 'unknown',
    });
    expect(await serviceObject('unlisted').liftFreeze('ada')).toBe(false);
    expect(await serviceObject('unlisted').acknowledge(2, 'ada', 'operator')).toEqual({ state: 'unknown' });
  });

  it('that was never announced leaves nothing in the storage of its object, whatever is told or asked', async () => {
    await live();
    const run = runsOf(
      'us-east',
      {
        type: 'verify-now',
        check: 'portal-login',
        deploy: { service: 'never-was', n: 3, pair: 1 },
        sides: [{ side: 'canary' }],
      },
      passes,
    );
    // It is of no use to anybody, and would otherwise be sent for ever.
    expect((await report('us-east', ...run)).runs).toEqual(run.map(({ id }) => id));
    const object = serviceObject('never-was');
    await object.looked('us-east', {
      type: 'looked',
      probe: 'probe-us-east',
      service: 'never-was',
      n: 1,
      item: 'assets',
      answers: [],
    });
    const counters = [{ side: 'canary' as const, attempts: 5, failures: 1 }];
    expect(await object.attempts({ service: 'never-was', source: 'pod-1', counters })).toEqual({});
    await object.tick();
    expect(await object.deploy()).toBeUndefined();
    expect(await object.overview()).toMatchObject({ deploys: [], deliveries: [] });
    const left = await runInDurableObject(object, async (_object, { storage }) => ({
      tables: storage.sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'")
        .toArray(),
      keys: [...storage.kv.list()],
      alarm: await storage.getAlarm(),
    }));
    expect(left).toEqual({ tables: [], keys: [], alarm: null });
  });
});

describe('a run that verifies a deploy', () => {
  it('is acknowledged once both its check and its service have stored it, and counts once however often it comes', async () => {
    await live();
    await announce({ service: 'portal-stored', version: '1' });
    const [first] = await until(async () => {
      const asked = await pairsAsked('portal-stored');
      return asked.length > 0 && asked;
    });
    if (!first) throw new Error('no pair was asked for');
    const runs = runsOf(first.region, first.command, passes);
    const ids = runs.map(({ id }) => id);
    const ordinary = aRun('login', first.region);
    const rename = (from: string, to: string) =>
      runInDurableObject(serviceObject('portal-stored'), (_object, { storage }) => {
        storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
      });
    await rename('texts', 'texts_gone');
    expect((await report(first.region, ...runs, ordinary)).runs).toEqual([ordinary.id]);
    await rename('texts_gone', 'texts');
    expect((await latest('portal-stored')).verification?.checks).toMatchObject([{ canary: { runs: 0 } }]);

    expect((await report(first.region, ...runs)).runs).toEqual(ids);
    expect((await report(first.region, ...runs)).runs).toEqual(ids);
    expect((await latest('portal-stored')).verification?.checks).toMatchObject([
      { canary: { runs: 1 }, baseline: { runs: 1 } },
    ]);
    for (const id of ids) expect(await checkObject('stored-login').run(id)).toBeDefined();
  });
});

describe('a region', () => {
  const command = {
    type: 'verify-now' as const,
    check: 'two-regions',
    deploy: { service: 'elsewhere', n: 1, pair: 1 },
    sides: [{ side: 'canary' as const }],
  };

  it('tells its probe over the socket, and says so', async () => {
    const probe = await connect('eu-west');
    probe.send(helloOf('socket-eu-west'));
    await probe.next('plan');
    // Whichever of the live probes has the check: here the others poll.
    const region = env.REGIONS.getByName('eu-west');
    expect(
      await region.lookNow({
        type: 'look-now',
        service: 'elsewhere',
        n: 1,
        item: 'a',
        urls: ['https://a.test/'],
      }),
    ).toEqual({ live: true });
    expect(await region.verifyNow(command)).toEqual({ live: true });
    await until(async () => {
      const polled = await commandsIn('eu-west');
      return [...probe.messages, ...polled].some(({ type }) => type === 'verify-now');
    });
    probe.close();
  });

  it('that the check does not run in has nobody to tell, nor has one without probes', async () => {
    await commandsIn('us-east');
    expect(await env.REGIONS.getByName('us-east').verifyNow(command)).toEqual({ live: false });
    const worker = env.REGIONS.getByName('edge-test');
    expect(await worker.verifyNow({ ...command, check: 'edge-told' })).toEqual({ live: false });
    expect(
      await worker.lookNow({
        type: 'look-now',
        service: 'elsewhere',
        n: 1,
        item: 'a',
        urls: ['https://a.test/'],
      }),
    ).toEqual({ live: false });
  });

  it('passes on what its probes saw at the addresses of a checklist, and of nobody else’s', async () => {
    await live();
    const { deploy } = await announce({ service: 'portal-primed', version: '1' });
    expect(deploy.checklist.find(({ id }) => id === 'assets')).toMatchObject({ state: 'waiting' });
    for (const region of REGIONS) {
      const { item, urls, n } = await until(async () =>
        (await commandsIn(region)).find(
          (wanted): wanted is LookNow => wanted.type === 'look-now' && wanted.service === 'portal-primed',
        ),
      );
      const looked = {
        type: 'looked',
        probe: `probe-${region}`,
        service: 'portal-primed',
        n,
        item,
        answers: urls.map((url) => ({ url, status: 200, headers: { 'x-cache': 'HIT' } })),
      };
      const response = await ask(region, 'POST', '/api/probe/looked', looked);
      expect([response.status, await response.json()]).toEqual([200, {}]);
      expect((await ask(region, 'POST', '/api/probe/looked', { ...looked, item: 'No Item' })).status).toBe(
        400,
      );
    }
    const told = await until(async () => {
      const now = await latest('portal-primed');
      return now.phase === 'verifying' && now;
    });
    expect(told.checklist.find(({ id }) => id === 'assets')).toMatchObject({
      state: 'passed',
      evidence: expect.arrayContaining([expect.stringContaining('us-east')]),
    });
  });

  it('takes nothing from a probe by the token of another one', async () => {
    await live();
    await announce({ service: 'portal-primed', version: '2' });
    const probe = await connect('us-west', 'only-me');
    probe.send(helloOf('only-me'));
    await probe.next('plan');
    const looked = {
      type: 'looked',
      service: 'portal-primed',
      n: (await latest('portal-primed')).n,
      item: 'assets',
      answers: [{ url: 'https://portal.test/app.js', status: 200, headers: { 'x-cache': 'MISS' } }],
    };
    const evidence = async () =>
      (await latest('portal-primed')).checklist.find(({ id }) => id === 'assets')?.evidence;
    probe.send({ ...looked, probe: 'probe-us-west' });
    probe.send(reportOf(aRun('login', 'us-west', { probe: 'only-me' })));
    // It is not answered: a refusal there would be taken for the answer to the report.
    await probe.next('ack');
    expect(probe.messages.map(({ type }) => type)).not.toContain('refusal');
    expect(await evidence()).toEqual([]);
    probe.send({ ...looked, probe: 'only-me' });
    await until(async () => (await evidence())?.some((line) => line.startsWith('us-west: ')));
    probe.close();
  });
});

describe('a deploy that is only marked beside one that goes on', () => {
  it('is stored and told, once, and takes nothing of the other one', async () => {
    const service = 'portal-marked-beside';
    const checks = ['portal-login'];
    const object = serviceObject(service);
    await announce({ service, version: '1', checks });
    const count = async (attempts: number) =>
      object.attempts({ service, source: 'web-1', counters: [{ side: 'canary', attempts, failures: 0 }] });
    await count(40);
    const marking = { service, version: '2', checks, key: 'mark-2', markOnly: true };
    for (const isNew of [true, false])
      expect(await announce(marking)).toMatchObject({ isNew, deploy: { n: 2, outcome: 'marked' } });
    await count(41);
    expect(await object.deploy(2)).toMatchObject({ n: 2, outcome: 'marked' });
    // Its real attempts are counted on.
    const going = await until(async () => {
      const told = await latest(service);
      return told.verification?.checks[0]?.realAttempts?.canary.attempts === 41 && told;
    });
    expect(going).toMatchObject({ n: 1, phase: 'verifying' });
    expect((await object.overview()).deploys.map(({ n }) => n)).toEqual([1, 2]);
  });
});
