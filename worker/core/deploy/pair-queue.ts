/**
 * A pair that a probe was asked to run: the sides of one check, as many runs. Times are milliseconds by the probe's
 * monotonic clock.
 */
export type WantedPair = { check: string; runs: number; dueMs: number };

/** What of verifications waits on a probe, and what runs. */
export type PairQueue<Pair extends WantedPair> = {
  waiting: readonly Pair[];
  /** Runs under way, by check. */
  running: ReadonlyMap<string, number>;
  /** When a pair of each check was last begun. */
  begunMs: ReadonlyMap<string, number>;
};

export type PairDecision<Pair extends WantedPair> = {
  queue: PairQueue<Pair>;
  /** To start now, each with all its sides. */
  start: Pair[];
  /** Waited too long for a place: to report as `invalid` `overload`, not to run. */
  missed: Pair[];
  /** When to decide again, unless something happens before. */
  wakeInMs: number | undefined;
};

/**
 * How long a pair may wait for a place. With the wait, the getting ready, a journey's timeout of 20 s and the way to the hub
 * it is still told within the minute after which it counts as lost (`pairTimeout` in `canary/settings.ts`).
 */
export const PAIR_WAIT_MS_MAX = 10_000;
/** A pair is two runs at the same moment: with less room, none would ever start. */
const PLACES_MIN = 2;

/**
 * Runs of verifications at once, on a probe that runs so many of its schedule's: as many again, so that two cores bear one
 * pair beside two runs of the schedule, which are worth more and get nothing taken away.
 */
export function pairPlaces(concurrency: number): number {
  return Math.max(PLACES_MIN, concurrency);
}

export function emptyPairQueue<Pair extends WantedPair>(): PairQueue<Pair> {
  return { waiting: [], running: new Map(), begunMs: new Map() };
}

/** With one more pair, or `undefined` when one of its check waits already. It waits for one of its check that runs. */
export function withPair<Pair extends WantedPair>(
  queue: PairQueue<Pair>,
  pair: Pair,
): PairQueue<Pair> | undefined {
  const isThere = queue.waiting.some(({ check }) => check === pair.check);
  return isThere ? undefined : { ...queue, waiting: [...queue.waiting, pair] };
}

/** One run of a check's pair has ended: its place is free. */
export function withoutPairRun<Pair extends WantedPair>(
  queue: PairQueue<Pair>,
  check: string,
): PairQueue<Pair> {
  const running = new Map(queue.running);
  const left = (running.get(check) ?? 0) - 1;
  if (left > 0) running.set(check, left);
  else running.delete(check);
  return { ...queue, running };
}

/**
 * What starts now. The check whose last pair is the longest ago goes first, so that none of many starves; a pair that finds
 * too few places holds back those behind it, or runs of one side alone would always be quicker.
 */
export function decidePairs<Pair extends WantedPair>(
  queue: PairQueue<Pair>,
  given: { nowMs: number; places: number },
): PairDecision<Pair> {
  const { nowMs, places } = given;
  const isLate = ({ dueMs }: Pair): boolean => nowMs > dueMs + PAIR_WAIT_MS_MAX;
  const running = new Map(queue.running);
  const begunMs = new Map(queue.begunMs);
  const agoOf = ({ check }: Pair): number => begunMs.get(check) ?? Number.NEGATIVE_INFINITY;
  const missed = queue.waiting.filter(isLate);
  const waiting = queue.waiting
    .filter((pair) => !isLate(pair))
    .toSorted((a, b) => (agoOf(a) === agoOf(b) ? a.dueMs - b.dueMs : agoOf(a) - agoOf(b)));
  let free = places - [...running.values()].reduce((sum, runs) => sum + runs, 0);
  const start: Pair[] = [];
  for (const pair of waiting) {
    // Not for a place, but for the pair of its check: it holds nobody back.
    if (running.has(pair.check)) continue;
    if (pair.runs > free) break;
    free -= pair.runs;
    start.push(pair);
    running.set(pair.check, pair.runs);
    begunMs.set(pair.check, nowMs);
  }
  const left = waiting.filter((pair) => !start.includes(pair));
  const wakeInMs =
    left.length === 0
      ? undefined
      : Math.max(0, Math.min(...left.map(({ dueMs }) => dueMs)) + PAIR_WAIT_MS_MAX + 1 - nowMs);
  return { queue: { waiting: left, running, begunMs }, start, missed, wakeInMs };
}
