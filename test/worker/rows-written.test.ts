import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { addresses, someEvidence } from '#test/fixtures/dns-evidence.ts';
import { aRun, checkObject, migrate, REGIONS, report } from './hub.ts';

beforeAll(migrate);

const ROUNDS = 10;
const TICKS = 10;

/** Counts the rows that objects of this isolate write from now on, and the alarms they set. */
function counted(check: string): Promise<{ rows(): number; alarms(): number }> {
  return runInDurableObject(checkObject(check), (_object, { storage }) => {
    const exec = vi.spyOn(Object.getPrototypeOf(storage.sql) as SqlStorage, 'exec');
    const setAlarm = vi.spyOn(Object.getPrototypeOf(storage) as DurableObjectStorage, 'setAlarm');
    onTestFinished(() => {
      exec.mockRestore();
      setAlarm.mockRestore();
    });
    return Promise.resolve({
      rows: () =>
        exec.mock.results.reduce(
          (sum, { type, value }) => sum + (type === 'return' ? value.rowsWritten : 0),
          0,
        ),
      alarms: () => setAlarm.mock.calls.length,
    });
  });
}

it('an ordinary run writes two rows, itself and the state; an alarm is shared by many, and a tick writes nothing', async () => {
  const check = 'login';
  for (const region of REGIONS) await report(region, aRun(check, region));
  const counts = await counted(check);
  for (let round = 0; round < ROUNDS; round++)
    for (const region of REGIONS) await report(region, aRun(check, region));
  expect(counts.rows()).toBe(2 * ROUNDS * REGIONS.length);
  for (let tick = 0; tick < TICKS; tick++) await checkObject(check).tick();
  expect(counts.rows()).toBe(2 * ROUNDS * REGIONS.length);
  // One each ten seconds at most, for the copy to D1: this takes less.
  expect(counts.alarms()).toBeLessThanOrEqual(1);
});

it('an ordinary run of a DNS check writes two rows as well; a third one only with news for its memory', async () => {
  const check = 'dns-rows';
  const same = { dns: someEvidence(addresses(8)) };
  for (const region of REGIONS) await report(region, aRun(check, region, same));
  const counts = await counted(check);
  for (let round = 0; round < ROUNDS; round++)
    for (const region of REGIONS) await report(region, aRun(check, region, same));
  expect(counts.rows()).toBe(2 * ROUNDS * REGIONS.length);
  await report('us-east', aRun(check, 'us-east', { dns: someEvidence(addresses(9)) }));
  expect(counts.rows()).toBe(2 * ROUNDS * REGIONS.length + 3);
});
