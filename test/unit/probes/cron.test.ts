import { expect, it } from 'vitest';
import { isDue, parseCron } from '#probes/host/cron.ts';
import { startCronLoop } from '#probes/host/cron-loop.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import { ManualClock } from '#test/fixtures/manual-clock.ts';

/** Saturday. */
const NOON_MS = Date.UTC(2026, 10, 21, 12, 0);

it.each([
  ['* * * * *', true],
  ['0 12 * * *', true],
  ['1 12 * * *', false],
  ['*/15 * * * *', true],
  ['5/15 * * * *', false],
  ['0 9-17/3 * * *', true],
  ['0 9-17/2 * * *', false],
  ['0 0,12 21 NOV *', true],
  ['0 12 * * SAT', true],
  ['0 12 * * 7', true],
  ['0 12 * * MON-FRI', false],
  ['0 12 * DEC *', false],
])('says whether “%s” is due at noon of a Saturday in November', (expression, due) => {
  expect(isDue(parseCron(expression), NOON_MS)).toBe(due);
});

it.each([
  '',
  '* * * *',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '5-1 * * * *',
  '*/0 * * * *',
  '* * L * *',
  'x * * * *',
])('refuses “%s”, which it cannot read', (expression) => {
  expect(() => parseCron(expression)).toThrow(/cron “.*”: /);
});

it('fires at the start of each minute with that minute, and goes on after one that fails', async () => {
  const clock = new ManualClock();
  const { log, named } = eventLog();
  const fired: number[] = [];
  const end = startCronLoop(
    ['* * * * *'],
    clock,
    (_expression, timeMs) => {
      fired.push(timeMs);
      return fired.length === 1 ? Promise.reject(new Error('no')) : Promise.resolve('exception');
    },
    log,
  );
  clock.advance(150_000);
  await Promise.resolve();
  end();
  clock.advance(600_000);
  expect(fired).toHaveLength(2);
  expect(fired.map((timeMs) => timeMs % 60_000)).toEqual([0, 0]);
  expect((fired[1] ?? 0) - (fired[0] ?? 0)).toBe(60_000);
  await expect.poll(() => named('cron-failed')).toMatchObject([{ error: 'no' }, { outcome: 'exception' }]);
});
