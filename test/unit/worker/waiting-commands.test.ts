import { expect, it } from 'vitest';
import { SILENT_AFTER_MS, type Command } from '#core/wire.ts';
import { WaitingCommands } from '#worker/objects/waiting-commands.ts';

const runNow = (check: string, deadlineMs?: number): Command => ({
  type: 'run-now',
  check,
  trigger: 'burst',
  ...(deadlineMs === undefined ? {} : { deadlineMs }),
});
const verifyNow = (check: string, pair: number): Command => ({
  type: 'verify-now',
  check,
  deploy: { service: 'portal', n: 1, pair },
  sides: [{ side: 'canary' }],
});
const lookNow = (item: string): Command => ({
  type: 'look-now',
  service: 'portal',
  n: 1,
  item,
  urls: ['https://portal.test/app.js'],
});

it('a pair to verify does not take the place of a run of the same check, nor the other way round', () => {
  const commands = new WaitingCommands();
  commands.put('one', runNow('login', 5_000), 0);
  commands.put('one', verifyNow('login', 1), 0);
  commands.put('one', lookNow('assets'), 0);
  commands.put('one', runNow('login', 4_000), 0);
  commands.put('two', verifyNow('login', 2), 0);
  expect(commands.take('one', 0)).toEqual([verifyNow('login', 1), lookNow('assets'), runNow('login', 4_000)]);
  expect(commands.take('one', 0)).toEqual([]);
  expect(commands.take('two', 0)).toEqual([verifyNow('login', 2)]);
});

it('a repeat takes the place of what it repeats', () => {
  const commands = new WaitingCommands();
  for (const atMs of [0, 1]) {
    commands.put('one', verifyNow('login', 1), atMs);
    commands.put('one', lookNow('assets'), atMs);
  }
  expect(commands.take('one', 1)).toHaveLength(2);
});

it('what waits is bounded, the oldest goes first, and a burst is never what goes', () => {
  const commands = new WaitingCommands();
  commands.put('one', runNow('login'), 0);
  for (let pair = 1; pair <= 1_000; pair++) commands.put('one', verifyNow('login', pair), 0);
  const taken = commands.take('one', 0);
  expect(taken.length).toBeLessThanOrEqual(100);
  expect(taken[0]).toEqual(runNow('login'));
  expect(taken.at(-1)).toEqual(verifyNow('login', 1_000));
});

it('a pair that was asked for before a silence is not run after it', () => {
  const commands = new WaitingCommands();
  commands.put('one', verifyNow('login', 1), 0);
  commands.put('one', runNow('login'), 0);
  expect(commands.take('one', SILENT_AFTER_MS + 1)).toEqual([runNow('login')]);
});
