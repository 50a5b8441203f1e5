import {
  abortAllDurableObjects,
  createScheduledController,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Run } from '#core/run.ts';
import type { RunLine } from '#core/view.ts';
import { WIRE_VERSION } from '#core/wire.ts';
import hub from '#worker/index.ts';
import { workerProbeName } from '#worker/objects/worker-probe-rpc.ts';
import type { StoredAgenda } from '#worker/store/worker-agenda.ts';
import type { SpooledRun } from '#worker/store/worker-spool.ts';
import { checkObject, migrate, until } from './hub.ts';

const REGION = 'edge-test';
/** Has a check of every two seconds. */
const OFTEN = 'edge-often';
/** Has none. */
const IDLE = 'edge-idle';
const PROBE = 'worker-edge-test';
const HOUR_MS = 3_600_000;

beforeAll(migrate);
beforeEach(async () => {
  await abortAllDurableObjects();
  for (const region of [REGION, OFTEN, IDLE])
    await runInDurableObject(asker(region), (_object, { storage }) => storage.deleteAlarm());
  await abortAllDurableObjects();
});
afterEach(() => void vi.useRealTimers());

function asker(region = REGION) {
  return env.WORKER_PROBES.getByName(region);
}

function regionObject(region = REGION) {
  return env.REGIONS.getByName(region);
}

/** Moves the hub's clock; timers go by real time, and are not waited for. */
function later(durationMs: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + durationMs });
}

async function runsOf(check: string): Promise<RunLine[]> {
  return Object.values((await checkObject(check).view()).runs).flat();
}

/** Runs of a check that are stored, once there are more than there were; the newest first. */
function newRuns(check: string, before: readonly RunLine[]): Promise<RunLine[]> {
  return until(async () => {
    const known = new Set(before.map(({ id }) => id));
    const fresh = (await runsOf(check)).filter(({ id }) => !known.has(id));
    return fresh.length > 0 && fresh;
  });
}

async function stored(check: string, id: string): Promise<Run> {
  const found = await checkObject(check).run(id);
  if (!found) throw new Error(`${id} is not stored`);
  return found.run;
}

/** What becomes of a check when the hub wants it run now. */
async function runNow(check: string, deadlineMs?: number): Promise<Run> {
  const before = await runsOf(check);
  await asker().wake();
  await regionObject().runNow(check, 'manual', deadlineMs);
  const [line] = await newRuns(check, before);
  return stored(check, line?.id ?? '');
}

function spooled(region = REGION): Promise<SpooledRun[]> {
  return runInDurableObject(asker(region), (_object, { storage }) =>
    Array.from(storage.kv.list<SpooledRun>({ prefix: 'run:' }), ([, run]) => run),
  );
}

function spool(...runs: SpooledRun[]): Promise<void> {
  return runInDurableObject(asker(), (_object, { storage }) => {
    for (const run of runs) storage.kv.put(`run:${run.run.id}`, run);
  });
}

function agenda(region = REGION): Promise<StoredAgenda | undefined> {
  return runInDurableObject(asker(region), (_object, { storage }) => storage.kv.get<StoredAgenda>('agenda'));
}

function alarmMs(region = REGION): Promise<number | null> {
  return runInDurableObject(asker(region), (_object, { storage }) => storage.getAlarm());
}

describe('the asker of a region without probes', () => {
  it('runs what is due by its timers and alarms, again and again, and reports it', async () => {
    await asker(OFTEN).wake();
    const lines = await until(async () => {
      const runs = await runsOf('edge-often');
      return runs.length >= 3 && runs;
    });
    for (const line of lines)
      expect(line).toMatchObject({ outcome: 'pass', region: OFTEN, trigger: 'schedule' });
    const starts = lines.map(({ startedAtMs }) => startedAtMs).toSorted((a, b) => a - b);
    for (const [at, startedMs] of starts.entries())
      if (at > 0) expect(startedMs - (starts[at - 1] ?? 0)).toBeGreaterThan(1_000);
    const { dns } = await stored('edge-often', lines[0]?.id ?? '');
    expect(dns?.summary.addresses).toHaveLength(4);
    await until(async () => (await spooled(OFTEN)).length === 0);
  });

  it('polls its region, and says from where it asks', async () => {
    await asker().wake();
    const [probe] = (await regionObject().overview()).probes;
    expect(probe).toMatchObject({
      probe: PROBE,
      live: true,
      transport: 'http',
      configMatches: true,
      versions: { runtime: 'Workers', near: 'weur' },
    });
  });

  it('is woken by the cron', async () => {
    await hub.scheduled(createScheduledController({ scheduledTime: new Date(), cron: '* * * * *' }), env);
    expect((await regionObject().overview()).probes[0]).toMatchObject({ probe: PROBE, live: true });
  });

  it('runs at once what it is told to, even when that is due in an hour', async () => {
    expect(await runNow('edge-told')).toMatchObject({ outcome: 'pass', trigger: 'manual' });
  });

  it('says why nothing could be measured, and that a resolver which answers with 404 is bad', async () => {
    expect(await runNow('edge-blocked')).toMatchObject({
      outcome: 'invalid',
      failure: {
        owner: 'probe',
        class: 'not-measurable',
        message: expect.stringMatching(
          /^edge\.example\.test A could not be measured: 1\.1\.1\.1 is Cloudflare's own/,
        ),
      },
    });
    const refused = await runNow('edge-404');
    expect(refused).toMatchObject({ outcome: 'fail', failure: { owner: 'target', class: 'dns' } });
    expect(refused.failure?.message).toContain('https://no-resolver.test/dns-query');
    expect(refused.dns?.exchanges).toContainEqual(
      expect.objectContaining({ outcome: 'HTTP_STATUS', trouble: 'HTTP 404' }),
    );
  });

  it('gives every run another number, also after its object began anew within the same millisecond', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const first = await runNow('edge-told');
    await abortAllDurableObjects();
    const second = await runNow('edge-told');
    expect(second.boot).toBe(first.boot);
    expect(second.seq).toBeGreaterThan(first.seq);
  });
});

describe('a run', () => {
  it('is spooled before it is reported, and reported until it is taken: once', async () => {
    const run = await runNow('edge-told');
    const before = await runsOf('edge-told');
    // As if the acknowledgement had been lost, and the object with it.
    await spool({ run, startedAtMs: run.startedAtMs });
    await abortAllDurableObjects();
    await asker().wake();
    await until(async () => (await spooled()).length === 0);
    expect(await runsOf('edge-told')).toEqual(before);
  });

  it('of a check that the configuration has no more does not keep the others from being taken', async () => {
    const run = await runNow('edge-told');
    const others = Array.from({ length: 30 }, (_, at): SpooledRun => {
      const seq = 900_000 + at;
      const check = at < 25 ? 'long-gone' : 'edge-told';
      return { run: { ...run, check, seq, id: `${PROBE}.${run.boot}.${seq}` }, startedAtMs: Date.now() };
    });
    await spool(...others);
    await asker().wake();
    await until(async () => (await spooled()).length === 0);
    const seqs = (await runsOf('edge-told')).map(({ id }) => Number(id.split('.').at(-1)));
    expect(seqs).toEqual(expect.arrayContaining([900_025, 900_026, 900_027, 900_028, 900_029]));
  });

  it('is one of sixty at most that wait, the newest, and it is told how many were given up', async () => {
    const run = await runNow('edge-told');
    const waiting = Array.from({ length: 70 }, (_, at): SpooledRun => {
      const seq = 800_000 + at;
      return { run: { ...run, check: 'long-gone', seq, id: `${PROBE}.${run.boot}.${seq}` }, startedAtMs: at };
    });
    await runInDurableObject(asker(), async (_object, { storage }) => {
      const { WorkerSpool } = await import('#worker/store/worker-spool.ts');
      const spool = new WorkerSpool(storage.kv);
      for (const one of waiting) spool.put(one);
      expect(spool.all().map(({ run: { seq } }) => seq)).toEqual(
        Array.from({ length: 60 }, (_, at) => 800_010 + at),
      );
      expect(spool.dropped).toBe(10);
      for (const {
        run: { id },
      } of waiting)
        spool.drop(id);
    });
  });

  it('is cut short by a shorter deadline while it goes on, and what was silent until then has failed', async () => {
    await asker().wake();
    const { seq } = (await agenda()) ?? {};
    await regionObject().runNow('edge-cut', 'manual');
    await until(async () => (await agenda())?.seq !== seq);
    await regionObject().runNow('edge-cut', 'burst', 2_000);
    const [line] = await newRuns('edge-cut', []);
    const cut = await stored('edge-cut', line?.id ?? '');
    expect(cut).toMatchObject({ trigger: 'manual', outcome: 'fail', deadlineMs: 2_000 });
    expect(cut.durationMs).toBeLessThan(3_500);
  });

  it('has the deadline that it is told with', async () => {
    const told = await runNow('edge-silent', 1_500);
    expect(told).toMatchObject({ outcome: 'fail', deadlineMs: 1_500 });
    expect(told.durationMs).toBeLessThan(2_500);
  });

  it('is said to be overdue while it goes on', async () => {
    const run = runNow('edge-silent');
    const { runs, state } = await until(async () => {
      const view = await checkObject('edge-silent').view();
      return view.state.regions[REGION]?.overdue !== undefined && view;
    });
    expect(state.regions[REGION]?.overdue?.atMs).toBeGreaterThan(0);
    expect((await run).durationMs).toBeGreaterThan(8_000);
    expect(runs[REGION]?.map(({ id }) => id)).not.toContain((await run).id);
  });
});

describe('its agenda', () => {
  const due = async (check: string): Promise<number> =>
    new Map((await agenda())?.pending).get(check) ?? Number.NaN;

  it('outlives its object: what was due in an hour is due then, and not an hour after', async () => {
    await runNow('edge-told');
    const dueMs = await due('edge-told');
    expect(dueMs).toBeGreaterThan(Date.now());
    expect(dueMs).toBeLessThanOrEqual(Date.now() + HOUR_MS);
    await abortAllDurableObjects();
    await asker().wake();
    expect(await due('edge-told')).toBe(dueMs);
    const before = await runsOf('edge-told');
    await abortAllDurableObjects();
    later(dueMs - Date.now() + 1);
    await runDurableObjectAlarm(asker());
    const [line] = await newRuns('edge-told', before);
    expect(line).toMatchObject({ trigger: 'schedule', outcome: 'pass' });
  });

  it('keeps a start that its alarm comes a minute too late for', async () => {
    await runNow('edge-told');
    const dueMs = await due('edge-told');
    const before = await runsOf('edge-told');
    await abortAllDurableObjects();
    later(dueMs - Date.now() + 60_000);
    await runDurableObjectAlarm(asker());
    const [line] = await newRuns('edge-told', before);
    expect(line).toMatchObject({ trigger: 'schedule', outcome: 'pass' });
    // After a long absence nothing is made up for: the cadence goes on.
    const runs = await runsOf('edge-told');
    await abortAllDurableObjects();
    later(5 * HOUR_MS);
    await runDurableObjectAlarm(asker());
    expect((await due('edge-told')) - Date.now()).toBeLessThanOrEqual(HOUR_MS);
    expect(await runsOf('edge-told')).toEqual(runs);
  });

  it('is made anew with another configuration: a shorter interval does not wait for the end of the longer one', async () => {
    await asker().wake();
    const { planned } = (await agenda()) ?? { planned: '' };
    await runInDurableObject(asker(), (_object, { storage }) => {
      const old = storage.kv.get<StoredAgenda>('agenda');
      if (!old) throw new Error('there is no agenda');
      const pending = old.pending.map(([check]): [string, number] => [check, Date.now() + 24 * HOUR_MS]);
      storage.kv.put('agenda', { ...old, pending, planned: planned.replace(/^\S+/, 'anotherhash') });
    });
    await abortAllDurableObjects();
    await asker().wake();
    expect((await agenda())?.planned).toBe(planned);
    expect(await due('edge-told')).toBeLessThanOrEqual(Date.now() + HOUR_MS);
  });
});

describe('its alarm', () => {
  it('is one, a heartbeat’s time away at the most, however often it is woken', async () => {
    await Promise.all([asker(IDLE).wake(), asker(IDLE).wake(), asker(IDLE).wake()]);
    const first = await alarmMs(IDLE);
    expect(first).toBeGreaterThan(Date.now());
    expect(first).toBeLessThanOrEqual(Date.now() + 10_000);
    await asker(IDLE).wake();
    expect(await alarmMs(IDLE)).toBe(first);
    later(10_000);
    expect(await runDurableObjectAlarm(asker(IDLE))).toBe(true);
    const second = (await alarmMs(IDLE)) ?? 0;
    expect(second - Date.now()).toBeGreaterThan(9_000);
  });

  it('is set no more once the configuration has its region no more: it has fallen asleep', async () => {
    await runInDurableObject(asker('edge-gone'), async (_object, { storage }) => {
      storage.kv.put('agenda', {
        planned: 'hash edge-told',
        pending: [['edge-told', Date.now() - 5]],
        boot: 1,
        seq: 4,
      } satisfies StoredAgenda);
      await storage.setAlarm(Date.now() + HOUR_MS);
    });
    await abortAllDurableObjects();
    expect(await runDurableObjectAlarm(asker('edge-gone'))).toBe(true);
    expect(await alarmMs('edge-gone')).toBeNull();
    expect(await spooled('edge-gone')).toEqual([]);
    expect((await regionObject('edge-gone').overview()).probes).toEqual([]);
  });

  it('is replaced by its region when it is lost: who asks for signs of life wakes the asker', async () => {
    await asker(IDLE).wake();
    await runInDurableObject(asker(IDLE), (_object, { storage }) => storage.deleteAlarm());
    await abortAllDurableObjects();
    later(60_000);
    expect(await regionObject(IDLE).liveness()).toMatchObject({ live: false });
    await until(async () => (await alarmMs(IDLE)) !== null);
    await until(async () => (await regionObject(IDLE).liveness()).live);
  });
});

describe('a region of the hub’s own', () => {
  it('takes no probe', async () => {
    const hello = {
      type: 'hello' as const,
      wireVersion: WIRE_VERSION,
      probe: 'a-probe',
      boot: 1,
      configHash: 'abc',
      versions: {},
      spooled: 0,
      dropped: 0,
    };
    expect(await regionObject().poll(hello, { region: REGION, probe: undefined })).toEqual({
      type: 'refusal',
      status: 403,
      error: 'region edge-test has no probes: the hub itself asks from there',
    });
  });

  it('has an asker of another name than any other region’s, however long that is', () => {
    const long = 'a'.repeat(63);
    expect(workerProbeName('edge-test')).toBe(PROBE);
    expect(workerProbeName(`${long}b`)).not.toBe(workerProbeName(`${long}c`));
    expect(workerProbeName(`${long}b`)).toMatch(/^worker-a{48}-[0-9a-f]{8}$/);
  });
});
