import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { latestHistory, latestIncidentHistory } from '#worker/store/history.ts';
import { aRun, checkObject, migrate, pagedFor, REGIONS, report, TIMED_OUT, until } from './hub.ts';

beforeAll(migrate);
afterEach(() => {
  vi.useRealTimers();
});

/** Lets the check's alarm go off as it would after its wait, without waiting. */
async function ringAfter(check: string, waitMs: number): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + waitMs });
  await runDurableObjectAlarm(checkObject(check));
  vi.useRealTimers();
}

it('reaches D1 by the alarm, once, and the object knows what D1 has', async () => {
  const failed = aRun('history', 'us-east', { failure: TIMED_OUT });
  const passed = aRun('history', 'us-east');
  await report('us-east', failed, passed);
  expect((await checkObject('history').view()).historyLag.runs).toBe(2);
  await ringAfter('history', 11_000);
  expect(await latestHistory(env.DB, 'history', 10)).toMatchObject([
    { runId: passed.id, outcome: 'pass', failureLabel: undefined },
    { runId: failed.id, outcome: 'fail', failureLabel: 'timeout' },
  ]);
  expect((await checkObject('history').view()).historyLag.runs).toBe(0);
  const { detail } = (await env.DB.prepare('SELECT detail FROM runs WHERE run_id = ?')
    .bind(failed.id)
    .first<{ detail: string }>()) ?? { detail: '' };
  expect(JSON.parse(detail)).toEqual({ failure: failed.failure, steps: failed.steps });
});

it('sets one alarm for many runs', async () => {
  const alarms = async () =>
    runInDurableObject(checkObject('history'), (_object, state) => state.storage.getAlarm());
  await report('us-west', aRun('history', 'us-west'));
  const first = await alarms();
  await report('us-west', aRun('history', 'us-west'), aRun('history', 'us-west'));
  expect(first).toEqual(expect.any(Number));
  expect(await alarms()).toBe(first);
});

it('a broken D1 does not hold up a page, and history follows once D1 is well', async () => {
  await env.DB.exec('ALTER TABLE runs RENAME TO runs_gone');
  for (let round = 0; round < 2; round++)
    for (const region of REGIONS) await report(region, aRun('no-history', region, { failure: TIMED_OUT }));
  await ringAfter('no-history', 11_000);
  expect(await until(async () => (await pagedFor('no-history')).length > 0)).toBe(true);
  expect((await checkObject('no-history').view()).historyLag.runs).toBe(8);

  await env.DB.exec('ALTER TABLE runs_gone RENAME TO runs');
  await ringAfter('no-history', 60_000);
  expect(await latestHistory(env.DB, 'no-history', 10)).toHaveLength(8);
  expect(await latestIncidentHistory(env.DB, 'no-history', 10)).toMatchObject([{ seq: 1, status: 'open' }]);
});
