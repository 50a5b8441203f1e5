import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { checkObject, migrate, until } from './hub.ts';

beforeAll(migrate);
afterEach(() => void vi.useRealTimers());

const HEARTBEAT_MS = 10_000;

function asker(region: string) {
  return env.WORKER_PROBES.getByName(region);
}

describe('what the asker of a region without probes writes', () => {
  /** Counts the rows that objects write by key, and the alarms they set. */
  async function counted(region: string) {
    const spies = await runInDurableObject(asker(region), (_object, { storage }) => {
      const kv = Object.getPrototypeOf(storage.kv) as SyncKvStorage;
      const own = Object.getPrototypeOf(storage) as DurableObjectStorage;
      return Promise.resolve({
        put: vi.spyOn(kv, 'put'),
        delete: vi.spyOn(kv, 'delete'),
        setAlarm: vi.spyOn(own, 'setAlarm'),
      });
    });
    onTestFinished(() => Object.values(spies).forEach((spy) => spy.mockRestore()));
    return {
      put: (prefix: string) => spies.put.mock.calls.filter(([key]) => key.startsWith(prefix)).length,
      deleted: () => spies.delete.mock.calls.length,
      alarms: () => spies.setAlarm.mock.calls.length,
    };
  }

  it('is two rows a heartbeat while there is nothing to do: the alarm, and when its region heard it', async () => {
    await asker('edge-idle').wake();
    const rows = await counted('edge-idle');
    const HEARTBEATS = 36;
    for (let beat = 0; beat < HEARTBEATS; beat += 1) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HEARTBEAT_MS });
      await runDurableObjectAlarm(asker('edge-idle'));
    }
    expect([rows.put('agenda'), rows.put('run:'), rows.deleted()]).toEqual([0, 0, 0]);
    expect([rows.alarms(), rows.put('probe:')]).toEqual([HEARTBEATS, HEARTBEATS]);
  });

  it('is three rows a run beside: its number, and the run into the spool and out of it', async () => {
    const runs = async (): Promise<number> =>
      ((await checkObject('edge-told').view()).runs['edge-test'] ?? []).length;
    const runNow = async (): Promise<void> => {
      const before = await runs();
      await env.REGIONS.getByName('edge-test').runNow('edge-told', 'manual');
      await until(async () => (await runs()) > before);
    };
    await asker('edge-test').wake();
    await runNow();
    const rows = await counted('edge-test');
    const RUNS = 5;
    for (let run = 0; run < RUNS; run += 1) await runNow();
    await until(async () => Promise.resolve(rows.deleted() === RUNS));
    expect([rows.put('agenda'), rows.put('run:'), rows.deleted()]).toEqual([RUNS, RUNS, RUNS]);
    // The asker's own, and that of the copy to D1.
    expect(rows.alarms()).toBeLessThanOrEqual(2);
  });
});
