import { expect, test } from 'vitest';
import { EventQueue } from '#test/sim/event-queue.ts';
import { Prng } from '#test/sim/prng.ts';

test('events come by time, those of one moment in the order they were asked for, and cancelled ones never', () => {
  const queue = new EventQueue();
  const prng = new Prng(1, 'queue');
  const expected: { atMs: number; seq: number }[] = [];
  const ignored = (): void => undefined;
  for (let count = 0; count < 500; count++) {
    const timer = queue.push(prng.int(0, 50), ignored);
    if (prng.chance(0.2)) timer.cancelled = true;
    else expected.push(timer);
  }
  const order = expected.toSorted((a, b) => a.atMs - b.atMs || a.seq - b.seq).map(({ seq }) => seq);
  const popped: number[] = [];
  for (let timer = queue.pop(50); timer !== undefined; timer = queue.pop(50)) popped.push(timer.seq);
  expect(popped).toEqual(order);
});

test('what is due later stays', () => {
  const queue = new EventQueue();
  queue.push(10, () => undefined);
  expect(queue.pop(9)).toBeUndefined();
  expect(queue.pop(10)?.atMs).toBe(10);
});
