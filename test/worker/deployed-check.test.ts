import { abortAllDurableObjects, runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Announcement } from '#core/deploy/pipeline/announcement.ts';
import type { DeployMark } from '#core/deploy/telling/mark.ts';
import type { Failure } from '#core/failure.ts';
import type { DeployRef, Run } from '#core/run.ts';
import { latestHistory } from '#worker/store/history.ts';
import { storedRuns } from '#worker/store/stored-lines.ts';
import { aRun, checkObject, migrate, pagedFor, REGIONS, until } from './hub.ts';

beforeAll(migrate);
afterEach(() => {
  vi.useRealTimers();
});

const BROKEN: Failure = {
  owner: 'target',
  class: 'http',
  httpStatus: 500,
  message: 'internal error',
  step: 'Launch',
};

function aMark(over: Partial<DeployMark> = {}): DeployMark {
  return {
    service: 'portal',
    title: 'Portal',
    n: 7,
    version: '4.2.1',
    previousVersion: '4.2.0',
    atMs: Date.now() - 12_000,
    isCanary: false,
    rollback: 'kubectl rollout undo deployment/portal',
    ...over,
  };
}

function verifying(over: Partial<DeployRef> = {}): Pick<Run, 'trigger' | 'deploy'> {
  return {
    trigger: 'deploy',
    deploy: { service: 'portal', n: 7, pair: 1, side: 'canary', apart: true, ...over },
  };
}

/** Hands runs to their check's object, as their region's does. */
async function ingest(...runs: Run[]): Promise<string[]> {
  const [first] = runs;
  if (!first) return [];
  const entries = runs.map((run) => ({ ageMs: run.durationMs, runJson: JSON.stringify(run) }));
  const { results } = await checkObject(first.check).ingest(entries);
  return results.filter(({ duplicate }) => !duplicate).map(({ id }) => id);
}

async function failEverywhere(check: string, over: Partial<Run> = {}, rounds = 2): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const region of REGIONS) await ingest(aRun(check, region, { failure: BROKEN, ...over }));
}

describe('a check that knows of a deploy', () => {
  it('pages with what was deployed before, and how it is taken back', async () => {
    const check = 'deployed';
    await checkObject(check).deployed(aMark());
    await failEverywhere(check);
    const [trigger] = await until(async () => {
      const paged = await pagedFor(check);
      return paged.length > 0 && paged;
    });
    expect(trigger?.body.payload?.summary).toMatch(/at “Launch”, 1[12] s after Portal 4\.2\.1$/);
    expect(trigger?.body).toMatchObject({
      payload: {
        custom_details: {
          Deploy: expect.stringMatching(/^Portal 4\.2\.1 \(was 4\.2\.0\), 1[12] s before$/),
          'Roll back': 'kubectl rollout undo deployment/portal',
        },
      },
      links: expect.arrayContaining([{ href: 'https://hub.test/operator/deploys/portal/7', text: 'Deploy' }]),
    });
  });

  it('keeps what becomes of it with the incident, also when its object dies', async () => {
    const check = 'deployed';
    const { incident } = (await checkObject(check).view()).state;
    const mark = incident?.deploy?.deploy;
    if (!mark) throw new Error('the incident names no deploy');
    await checkObject(check).deployed({ ...mark, outcome: 'bad', rolledBackAtMs: Date.now() });
    await abortAllDurableObjects();
    const { state } = await checkObject(check).view();
    expect(state.deploys).toMatchObject([{ n: 7, outcome: 'bad' }]);
    expect(state.incident?.deploy).toMatchObject({ deploy: { n: 7, outcome: 'bad' } });
    expect((await checkObject(check).incident(1))?.incident.deploy?.deploy.outcome).toBe('bad');
  });

  it('says how it stands when a deploy asks', async () => {
    expect(await checkObject('deployed').standing()).toEqual({
      check: 'deployed',
      openIncident: { seq: 1, summary: expect.stringContaining('fails in 4 of 4 regions — http 500') },
    });
    expect(await checkObject('deployed-apart').standing()).toEqual({ check: 'deployed-apart' });
    expect(await checkObject('no-such-check').standing()).toEqual({ check: 'no-such-check' });
  });
});

it('a deploy that is announced is a change event at the pager, wakes nobody, and is known to its checks', async () => {
  const check = 'deployed-apart';
  const announcement = Announcement.parse({
    service: 'announced',
    version: '4.2.1',
    previousVersion: '4.2.0',
    checks: [check],
    markOnly: true,
  });
  const announced = await env.DEPLOYS.getByName('announced').announce(announcement, 'pipeline test');
  expect(announced).toMatchObject({ ok: true, isNew: true });
  const change = await until(async () => {
    const response = await fetch('https://pager.test/api/changes');
    const changes = await response.json<{ event: { payload: { source: string } } }[]>();
    return changes.find(({ event }) => event.payload.source === 'deploy.announced');
  });
  expect(change).toMatchObject({
    event: {
      payload: { summary: expect.stringContaining('announced 4.2.1'), timestamp: expect.any(String) },
      links: [{ href: 'https://hub.test/operator/deploys/announced/1', text: 'Deploy' }],
    },
  });
  expect(await pagedFor('deploy.announced')).toEqual([]);
  await until(async () => {
    const { deploys = [] } = (await checkObject(check).view()).state;
    return deploys.some(({ service, n }) => service === 'announced' && n === 1);
  });
});

describe('a run that only a canary answered', () => {
  const check = 'deployed-apart';

  it('is stored with its page, pages nobody, and is not among the runs of its region', async () => {
    await ingest(...REGIONS.map((region) => aRun(check, region)));
    await failEverywhere(check, verifying(), 3);
    const apart = aRun(check, 'us-east', { failure: BROKEN, ...verifying({ pair: 9 }) });
    expect(await ingest(apart)).toEqual([apart.id]);
    // Twice is harmless.
    expect(await ingest(apart)).toEqual([]);
    const { runs, state, deliveries, verdict } = await checkObject(check).view();
    expect({ verdict, deliveries, incident: state.incident }).toEqual({ verdict: 'up', deliveries: [] });
    for (const region of REGIONS) expect(runs[region]).toMatchObject([{ outcome: 'pass' }]);
    expect(await checkObject(check).run(apart.id)).toMatchObject({
      run: { outcome: 'fail', deploy: { pair: 9, apart: true } },
      late: false,
    });
  });

  it('is in history as what it is, also when it passed, and the baseline beside it', async () => {
    const pass = aRun(check, 'us-west', verifying({ pair: 10 }));
    const baseline = aRun(check, 'us-west', verifying({ pair: 10, side: 'baseline', apart: false }));
    await ingest(pass, baseline);
    // Lets the alarm go off that copies to D1, without waiting for it.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_000 });
    await runDurableObjectAlarm(checkObject(check));
    vi.useRealTimers();
    const lines = await latestHistory(env.DB, check, 30);
    const lineOf = ({ id }: Run) => lines.find(({ runId }) => runId === id);
    expect(lineOf(pass)).toMatchObject({ trigger: 'deploy', deploy: { pair: 10, apart: true } });
    expect(lineOf(baseline)).toMatchObject({ deploy: { side: 'baseline', apart: false } });
    expect(lines.filter(({ trigger }) => trigger === 'schedule').every(({ deploy }) => !deploy)).toBe(true);
    const stored = await storedRuns(env.DB, check, { fromMs: 0, toMs: Date.now() + 1 }, undefined, 100);
    expect(stored.find(({ run }) => run.id === pass.id)?.run.deploy).toEqual(pass.deploy);
    expect(stored.find(({ run }) => run.trigger === 'schedule')?.run).not.toHaveProperty('deploy');
  });

  it('leaves the runs of what everybody gets in the view, however many there are', async () => {
    for (let pair = 11; pair < 40; pair += 1)
      await ingest(...REGIONS.map((region) => aRun(check, region, verifying({ pair }))));
    const { runs } = await checkObject(check).view();
    for (const region of REGIONS)
      expect(runs[region]?.some(({ trigger }) => trigger === 'schedule')).toBe(true);
    expect(runs['us-west']).toMatchObject([
      { trigger: 'deploy', deploy: { side: 'baseline' } },
      { trigger: 'schedule' },
    ]);
  });
});
