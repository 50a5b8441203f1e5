import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { SOURCES_MAX } from '#core/deploy/pipeline/attempts.ts';
import { newCanary, PAIRS_MAX } from '#core/canary/state.ts';
import { CANARY_DEFAULTS } from '#core/canary/settings.ts';
import { NEW_SERVICE, type AskedPair, type ServiceState } from '#core/deploy/deploy.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { DEPLOYS_KEPT_MAX, DeployStore } from '#worker/store/deploy-store.ts';
import { announce, commandsIn, latest, pairsAsked, runsOf, serviceObject } from './deploy-probes.ts';
import { checkObject, migrate, REGIONS, until } from './hub.ts';

beforeAll(migrate);

const passes = () => undefined;
const SERVICE = 'portal-counted';

/** Counts the rows that the object of the service writes from now on, and its alarms. */
function counted(service: string): Promise<{ rows(): number; alarms(): number }> {
  return runInDurableObject(serviceObject(service), (_object, { storage }) => {
    const exec = vi.spyOn(Object.getPrototypeOf(storage.sql) as SqlStorage, 'exec');
    const setAlarm = vi.spyOn(Object.getPrototypeOf(storage) as DurableObjectStorage, 'setAlarm');
    onTestFinished(() => {
      exec.mockRestore();
      setAlarm.mockRestore();
    });
    const isOwn = (query: unknown): boolean => /\b(texts|deliveries)\b/.test(String(query));
    return Promise.resolve({
      rows: () =>
        exec.mock.calls.reduce((sum, [query], index) => {
          const result = exec.mock.results[index];
          return sum + (isOwn(query) && result?.type === 'return' ? result.value.rowsWritten : 0);
        }, 0),
      alarms: () => setAlarm.mock.calls.length,
    });
  });
}

/** Waits until every region is told of its pair, and whoever is to hear of the deploy has. */
async function quiet(): Promise<void> {
  await until(async () => {
    const { verification, n } = await latest(SERVICE);
    const { deliveries } = await serviceObject(SERVICE).overview();
    const marks = (await checkObject('counted-login').view()).state.deploys ?? [];
    return (
      verification?.pairs.length === REGIONS.length &&
      verification.pairs.every(({ state }) => state === 'running') &&
      deliveries.every(({ state }) => state === 'accepted') &&
      marks.some((mark) => mark.n === n)
    );
  });
}

function report(source: string, attempts: number): Promise<{ n?: number | undefined }> {
  return serviceObject(SERVICE).attempts({
    service: SERVICE,
    source,
    counters: [
      { side: 'canary', attempts, failures: 0 },
      { side: 'baseline', attempts: attempts * 10, failures: 0 },
    ],
  });
}

it('each half of a pair writes one row, and one that has come before writes none', async () => {
  for (const region of REGIONS) await commandsIn(region);
  await announce({ service: SERVICE, version: '1' });
  const first = await until(async () => {
    const asked = await pairsAsked(SERVICE);
    return asked.length > 0 && asked;
  });
  await quiet();
  const counts = await counted(SERVICE);
  const { region, command } = first[0] ?? {};
  if (!region || !command) throw new Error('no pair was asked for');
  const [one, other] = runsOf(region, command, passes).map((run) => JSON.stringify(run));
  await serviceObject(SERVICE).ingest([one ?? '']);
  expect(counts.rows()).toBe(1);
  await serviceObject(SERVICE).ingest([one ?? '']);
  expect(counts.rows()).toBe(1);
  await serviceObject(SERVICE).ingest([other ?? '']);
  expect(counts.rows()).toBe(2);
  for (let again = 0; again < 5; again++) await serviceObject(SERVICE).ingest([one ?? '', other ?? '']);
  expect(counts.rows()).toBe(2);
});

it('reports of many sources are stored together, and their totals count from the deploy', async () => {
  const sources = Array.from({ length: SOURCES_MAX }, (_, index) => `pod-${index}`);
  await Promise.all(sources.map((source) => report(source, 1)));
  await announce({ service: SERVICE, version: '2' });
  await quiet();
  const { n } = await latest(SERVICE);
  const counts = await counted(SERVICE);
  const startedMs = performance.now();
  for (let round = 2; round <= 4; round++) await Promise.all(sources.map((source) => report(source, round)));
  expect(await report('pod-0', 4)).toEqual({ n });
  const tookMs = performance.now() - startedMs;
  // Each second: the counts, and the statistic of the one journey.
  expect(counts.rows()).toBeLessThanOrEqual(2 * Math.ceil(tookMs / 1_000));

  const told = await until(async () => {
    const [check] = (await latest(SERVICE)).verification?.checks ?? [];
    return check?.realAttempts?.canary.attempts === 3 * SOURCES_MAX && check;
  });
  expect(told.realAttempts).toEqual({
    canary: { attempts: 3 * SOURCES_MAX, failures: 0 },
    baseline: { attempts: 30 * SOURCES_MAX, failures: 0 },
  });
  await abortAllDurableObjects();
  await report('pod-0', 5);
  await until(async () => {
    const [check] = (await latest(SERVICE)).verification?.checks ?? [];
    return check?.realAttempts?.canary.attempts === 3 * SOURCES_MAX + 1;
  });
  // A deploy that is only marked takes no place, and no attempts either.
  const marked = await announce({ service: SERVICE, version: '3', markOnly: true });
  expect(marked).toMatchObject({ isNew: true, deploy: { outcome: 'marked' } });
  expect(await report('pod-0', 6)).toEqual({ n });
  await until(async () => {
    const [check] = (await latest(SERVICE)).verification?.checks ?? [];
    return check?.realAttempts?.canary.attempts === 3 * SOURCES_MAX + 2;
  });
});

it('a verification of the largest size is stored, in rows that an object may have, and comes back as it was', async () => {
  const checks = ['login', 'launch', 'profile'];
  // Of three bytes and of two units each: a row may end in the middle of neither.
  const long = 'ж漢🔑'.repeat(16);
  const steps = Array.from({ length: 20 }, (_, index) => ({ step: `${index} ${long}`, durationMs: index }));
  const empty = newCanary(CANARY_DEFAULTS, { paired: true, openedAtMs: 1 });
  const pairs = Array.from({ length: PAIRS_MAX }, (_, index) => ({
    id: String(index),
    region: 'us-east',
    startedAtMs: index,
    canary: 'pass' as const,
    baseline: 'pass' as const,
    ...(index < 200 ? { canarySteps: steps, baselineSteps: steps } : {}),
  }));
  const asked = checks.map((check, index): AskedPair => ({
    pair: index + 1,
    check,
    region: 'us-east',
    askedAtMs: 1,
    state: 'running',
    first: 'canary',
  }));
  const state: ServiceState = {
    lastN: 1,
    deploy: {
      service: 'large',
      n: 1,
      version: '1',
      by: 'test',
      checks,
      announcedAtMs: 1,
      timeoutMs: 1,
      duringIncident: false,
      phase: 'verifying',
      checklist: [],
      checklistUntilMs: 1,
      nextPair: 4,
      verification: {
        openedAtMs: 1,
        deadlineAtMs: 2,
        paired: true,
        checks: checks.map((check) => ({ check, canary: { ...empty, pairs } })),
        pairs: asked,
      },
      reason: '',
      warnings: [],
      timeline: [],
    },
  };
  await runInDurableObject(serviceObject('large'), (_object, { storage }) => {
    const store = new DeployStore(storage.sql);
    expect(store.state()).toEqual(NEW_SERVICE);
    store.create();
    store.created();
    store.putState(state, undefined);
    expect(new DeployStore(storage.sql).state()).toEqual(state);
    const rows = () => storage.sql.exec('SELECT 1 FROM texts').toArray().length;
    expect(rows()).toBeGreaterThan(1 + checks.length);

    const [first, ...others] = state.deploy?.verification?.checks ?? [];
    if (!state.deploy?.verification || !first) throw new Error('no verification');
    const less = { ...first, canary: empty };
    const next: ServiceState = {
      ...state,
      deploy: {
        ...state.deploy,
        verification: { ...state.deploy.verification, checks: [less, ...others] },
      },
    };
    store.putState(next, state);
    expect(new DeployStore(storage.sql).state()).toEqual(next);
    store.putState({ lastN: 1 }, next);
    expect(rows()).toBe(1);
    return Promise.resolve();
  });
});

it('deploys before the latest one are kept for a while, the older ones without their runs', async () => {
  await runInDurableObject(serviceObject('often'), (_object, { storage }) => {
    const store = new DeployStore(storage.sql);
    store.create();
    store.created();
    for (let n = 1; n <= DEPLOYS_KEPT_MAX + 9; n++) store.putPast(toldDeploy(n));
    const kept = store.pasts();
    expect(kept).toHaveLength(DEPLOYS_KEPT_MAX);
    expect(kept.map(({ n }) => n)).toEqual(kept.map((_, index) => DEPLOYS_KEPT_MAX + 9 - index));
    const withPairs = kept.filter(({ verification }) => verification?.pairs.length);
    expect(withPairs.map(({ n }) => n)).toEqual(kept.slice(0, withPairs.length).map(({ n }) => n));
    expect(withPairs.length).toBeGreaterThan(0);
    expect(withPairs.length).toBeLessThan(10);
    expect(store.past(1)).toBeUndefined();
    expect(store.past(DEPLOYS_KEPT_MAX + 9)?.verification?.pairs).toHaveLength(1);
    return Promise.resolve();
  });
});

function toldDeploy(n: number): ToldDeploy {
  return {
    service: 'often',
    title: 'Often',
    n,
    version: String(n),
    by: 'test',
    phase: 'ended',
    outcome: 'good',
    reason: '',
    warnings: [],
    checks: [],
    announcedAtMs: n,
    checklist: [],
    verification: {
      openedAtMs: 1,
      deadlineAtMs: 2,
      paired: false,
      checks: [],
      pairs: [{ pair: 1, check: 'login', region: 'us-east', askedAtMs: 1, state: 'in' }],
    },
    timeline: [],
    operatorUrl: 'https://hub.test/operator',
    nowMs: n,
  };
}
