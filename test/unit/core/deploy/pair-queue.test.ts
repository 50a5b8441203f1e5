import { expect, test } from 'vitest';
import {
  decidePairs,
  emptyPairQueue,
  PAIR_WAIT_MS_MAX,
  pairPlaces,
  withoutPairRun,
  withPair,
  type PairQueue,
  type WantedPair,
} from '#core/deploy/pair-queue.ts';

const wanted = (check: string, dueMs = 0, runs = 2): WantedPair => ({ check, dueMs, runs });

function queueOf(...pairs: WantedPair[]): PairQueue<WantedPair> {
  return pairs.reduce<PairQueue<WantedPair>>((queue, pair) => {
    const next = withPair(queue, pair);
    if (!next) throw new Error(`${pair.check} is under way already`);
    return next;
  }, emptyPairQueue());
}

const namesOf = (pairs: readonly WantedPair[]): string[] => pairs.map(({ check }) => check);

test('as many pairs start as have room with both sides, and the next when one has ended whole', () => {
  const first = decidePairs(queueOf(wanted('a'), wanted('b'), wanted('c')), { nowMs: 0, places: 5 });
  expect(namesOf(first.start)).toEqual(['a', 'b']);
  const half = withoutPairRun(first.queue, 'a');
  expect(namesOf(decidePairs(half, { nowMs: 1, places: 4 }).start)).toEqual([]);
  expect(namesOf(decidePairs(withoutPairRun(half, 'a'), { nowMs: 1, places: 4 }).start)).toEqual(['c']);
});

test('a pair waits until both runs of the one of its check have ended, and holds no other back', () => {
  const { queue: first } = decidePairs(queueOf(wanted('a')), { nowMs: 0, places: 4 });
  const both = [wanted('a', 5), wanted('b', 6)].reduce(
    (queue, pair) => withPair(queue, pair) ?? queue,
    first,
  );
  const { queue, start, wakeInMs } = decidePairs(both, { nowMs: 6, places: 4 });
  expect([namesOf(start), namesOf(queue.waiting), wakeInMs]).toEqual([['b'], ['a'], PAIR_WAIT_MS_MAX]);
  const half = withoutPairRun(queue, 'a');
  expect(namesOf(decidePairs(half, { nowMs: 7, places: 4 }).start)).toEqual([]);
  const whole = withoutPairRun(half, 'a');
  expect(namesOf(decidePairs(whole, { nowMs: 8, places: 4 }).start)).toEqual(['a']);
  expect(namesOf(decidePairs(half, { nowMs: 6 + PAIR_WAIT_MS_MAX, places: 4 }).missed)).toEqual(['a']);
});

test('of one check a single pair waits', () => {
  expect(withPair(queueOf(wanted('a')), wanted('a', 1))).toBeUndefined();
});

test('a pair waits its turn and no longer than the limit, and then is missed', () => {
  const { queue, wakeInMs } = decidePairs(queueOf(wanted('a'), wanted('b', 400)), { nowMs: 400, places: 2 });
  expect(wakeInMs).toBe(PAIR_WAIT_MS_MAX + 1);
  const inTime = decidePairs(queue, { nowMs: 400 + PAIR_WAIT_MS_MAX, places: 2 });
  expect([inTime.missed, namesOf(inTime.queue.waiting)]).toEqual([[], ['b']]);
  const late = decidePairs(queue, { nowMs: 401 + PAIR_WAIT_MS_MAX, places: 2 });
  expect([namesOf(late.missed), late.queue.waiting, late.wakeInMs]).toEqual([['b'], [], undefined]);
});

test('a place that comes free in the last moment is taken', () => {
  const { queue } = decidePairs(queueOf(wanted('a'), wanted('b')), { nowMs: 0, places: 2 });
  const free = withoutPairRun(withoutPairRun(queue, 'a'), 'a');
  expect(namesOf(decidePairs(free, { nowMs: PAIR_WAIT_MS_MAX, places: 2 }).start)).toEqual(['b']);
});

test('runs of one side take one place each, but do not pass a pair that waits for two', () => {
  const start = (pairs: WantedPair[]): string[] =>
    namesOf(decidePairs(queueOf(...pairs), { nowMs: 0, places: 2 }).start);
  expect(start([wanted('a', 0, 1), wanted('b', 0, 1), wanted('c', 0, 1)])).toEqual(['a', 'b']);
  expect(start([wanted('a', 0, 1), wanted('b', 0, 2), wanted('c', 0, 1)])).toEqual(['a']);
});

test('of more journeys than there is room for all get their turn, again and again', () => {
  const checks = Array.from({ length: 20 }, (_none, index) => `journey-${index}`);
  const PAIR_MS = 2_000;
  const started = new Map<string, number>();
  let queue = emptyPairQueue<WantedPair>();
  for (let nowMs = 0; nowMs < 120_000; nowMs += PAIR_MS) {
    for (const [check, runs] of queue.running)
      for (let run = 0; run < runs; run += 1) queue = withoutPairRun(queue, check);
    // All that are not under way are asked for again at once, always in the same order.
    for (const check of checks) queue = withPair(queue, wanted(check, nowMs)) ?? queue;
    const decision = decidePairs(queue, { nowMs, places: 2 });
    queue = decision.queue;
    for (const { check } of decision.start) started.set(check, (started.get(check) ?? 0) + 1);
  }
  const counts = checks.map((check) => started.get(check) ?? 0);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
  expect(Math.max(...counts)).toBeLessThanOrEqual(4);
});

test('there is always room for one pair, and for as many runs as the schedule has', () => {
  expect([1, 2, 3, 8].map(pairPlaces)).toEqual([2, 2, 3, 8]);
});
