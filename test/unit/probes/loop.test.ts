import { expect, test } from 'vitest';
import { Loop, type Pause } from '#probes/hub/loop.ts';

/** A loop that pauses as listed and then stops. */
function scripted(pauses: Pause[]): { loop: Loop; done: Promise<void>; steps: () => number } {
  let steps = 0;
  const loop = new Loop(() => {
    steps += 1;
    const pause = pauses.shift();
    if (pause === undefined) loop.stop();
    return Promise.resolve(pause ?? 'now');
  });
  return { loop, done: loop.start(), steps: () => steps };
}

test('a wake ends a pause that waits for it', async () => {
  const { loop, done, steps } = scripted(['until-woken', { untilWokenOrMs: 60_000 }]);
  await Promise.resolve();
  loop.wake();
  await new Promise(setImmediate);
  expect(steps()).toBe(2);
  loop.wake();
  await done;
  expect(steps()).toBe(3);
});

test('a wake during a step is not lost', async () => {
  let steps = 0;
  const loop = new Loop(() => {
    steps += 1;
    if (steps === 1) loop.wake();
    else loop.stop();
    return Promise.resolve<Pause>('until-woken');
  });
  await loop.start();
  expect(steps).toBe(2);
});

test('a wake does not shorten a pause for a time, but a stop does', async () => {
  const { loop, done, steps } = scripted([{ forMs: 60_000 }]);
  await Promise.resolve();
  loop.wake();
  await new Promise(setImmediate);
  expect(steps()).toBe(1);
  loop.stop();
  await done;
  expect(steps()).toBe(1);
});
