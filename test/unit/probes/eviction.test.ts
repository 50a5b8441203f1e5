import { expect, test } from 'vitest';
import type { Outcome } from '#core/run.ts';
import { runsToDrop } from '#probes/spool/eviction.ts';

const runs = (...outcomes: Outcome[]) =>
  outcomes.map((outcome, index) => ({ id: `${outcome}${index}`, outcome, bytes: 100 }));

test.each([
  { runsMax: 6, bytesMax: 600, dropped: [] },
  { runsMax: 5, bytesMax: 600, dropped: ['pass1'] },
  { runsMax: 4, bytesMax: 600, dropped: ['pass1', 'pass4'] },
  { runsMax: 3, bytesMax: 600, dropped: ['pass1', 'pass4', 'invalid2'] },
  { runsMax: 6, bytesMax: 299, dropped: ['pass1', 'pass4', 'invalid2', 'invalid5'] },
  { runsMax: 1, bytesMax: 600, dropped: ['pass1', 'pass4', 'invalid2', 'invalid5', 'fail0'] },
])('bounds of $runsMax runs and $bytesMax bytes drop $dropped', ({ runsMax, bytesMax, dropped }) => {
  const spooled = runs('fail', 'pass', 'invalid', 'fail', 'pass', 'invalid');
  expect(runsToDrop(spooled, { runsMax, bytesMax })).toEqual(dropped);
});
