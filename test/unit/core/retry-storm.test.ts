import { describe, expect, test } from 'vitest';
import { parseWith } from '#core/problem.ts';
import { StormRule, judgeStorm, type StormRequest } from '#core/retry-storm.ts';
import { Prng } from '#test/sim/prng.ts';

const FOR_MS = 10_000;
const SYNC = 'GET https://portal.example/api/sync';

const at = (timesMs: readonly number[], call = SYNC): StormRequest[] =>
  timesMs.map((atMs) => ({ key: call, call, atMs }));

/** Attempts of a client that waits so long before each retry, as far as they are within the time. */
function attempts(waitMs: (retry: number) => number, overMs = FOR_MS): number[] {
  const timesMs = [0];
  for (let retry = 0, atMs = waitMs(0); atMs < overMs; retry += 1, atMs += waitMs(retry)) timesMs.push(atMs);
  return timesMs;
}

const isCalm = (timesMs: readonly number[], rule: { maxRequests?: number; retryAfterS?: number } = {}) =>
  judgeStorm(at(timesMs), { maxRequests: 1_000, ...rule }, FOR_MS).isCalm;

describe('a bound', () => {
  test('is kept up to the number itself', () => {
    const timesMs = [0, 1_000, 3_000, 7_000];
    expect(isCalm(timesMs, { maxRequests: 4 })).toBe(true);
    expect(isCalm(timesMs, { maxRequests: 3 })).toBe(false);
  });

  test('is of all calls together', () => {
    const requests = [1, 2, 3, 4, 5, 6, 7].flatMap((n) => at([0], `GET https://portal.example/api/${n}`));
    expect(judgeStorm(requests, { maxRequests: 6 }, FOR_MS)).toEqual({
      isCalm: false,
      evidence: '7 requests in 10.0 s, at most 6 allowed; 7 different calls',
    });
    expect(judgeStorm(requests, { maxRequests: 7 }, FOR_MS).isCalm).toBe(true);
  });
});

describe('backing off', () => {
  test.each<[what: string, timesMs: number[], calm: boolean]>([
    ['no request', [], true],
    ['no retry', [0], true],
    ['giving up after two retries, however soon', [0, 200, 400], true],
    ['three retries at fixed gaps', [0, 2_000, 4_000, 6_000], false],
    ['doubling', [0, 1_000, 3_000, 7_000], true],
    ['the last gap just 1.5 times the first', [0, 1_000, 2_000, 3_500], true],
    ['the last gap just below', [0, 1_000, 2_000, 3_499], false],
    ['growing by a constant', [0, 500, 1_500, 3_000, 5_000, 7_500], true],
    ['fixed, once a little late', [0, 200, 400, 1_100, 1_300, 1_500, 1_700, 1_900, 2_100], false],
    ['an immediate retry, then fixed gaps', [0, 110, 2_110, 4_110, 6_110, 8_110, 9_999], false],
    ['quicker and quicker', [0, 3_000, 5_000, 6_500, 7_500, 8_000, 8_300], false],
    ['doubling up to a cap', [0, 500, 1_500, 3_500, 6_000, 8_500, 11_000, 13_500], true],
    ['a loop without any wait', attempts(() => 5), false],
    ['two parts of a page, both doubling', [0, 30, 1_000, 1_040, 3_000, 3_020, 7_000, 7_090], true],
    ['two parts of a page, both fixed', [0, 30, 2_000, 2_040, 4_000, 4_020, 6_000, 6_010], false],
    ['out of order', [7_000, 0, 3_000, 1_000], true],
  ])('%s', (_what, timesMs, calm) => expect(isCalm(timesMs)).toBe(calm));

  test('whoever waits ten seconds each time has backed off', () => {
    const over = (gapMs: number): boolean =>
      judgeStorm(at(attempts(() => gapMs, 60_000)), { maxRequests: 1_000 }, 60_000).isCalm;
    expect(over(10_000)).toBe(true);
    expect(over(9_900)).toBe(false);
  });

  test('is judged of each call by itself', () => {
    const calm = [1, 2, 3, 4].flatMap((n) => at([n * 1_000], `GET https://portal.example/api/${n}`));
    expect(judgeStorm(calm, { maxRequests: 10 }, FOR_MS).isCalm).toBe(true);
    const restless = [...calm, ...at([0, 500, 1_000, 1_500])];
    expect(judgeStorm(restless, { maxRequests: 10 }, FOR_MS)).toEqual({
      isCalm: false,
      evidence: `8 requests in 10.0 s; ${SYNC}: 4 times, gaps 500 ms, no back-off`,
    });
  });

  test('of random clients hardly one is judged wrongly', () => {
    const prng = new Prng(4_711, 'clients');
    const chance = () => prng.next();
    const shareCalm = (waitMs: (retry: number) => number, overMs: number): number => {
      let calm = 0;
      for (let client = 0; client < 2_000; client += 1)
        if (judgeStorm(at(attempts(waitMs, overMs)), { maxRequests: 1_000 }, overMs).isCalm) calm += 1;
      return calm / 2_000;
    };
    const backOff = (retry: number): number => 1_000 * 2 ** retry;
    for (const overMs of [10_000, 30_000]) {
      expect(shareCalm((retry) => chance() * backOff(retry), overMs)).toBeGreaterThan(0.985);
      expect(shareCalm((retry) => (0.5 + chance() / 2) * backOff(retry), overMs)).toBe(1);
      expect(shareCalm(() => 500 * (0.9 + 0.2 * chance()), overMs)).toBe(0);
      expect(shareCalm(() => 2_000 + 1_000 * chance(), overMs)).toBe(0);
    }
  });
});

describe('Retry-After', () => {
  test.each<[what: string, timesMs: number[], calm: boolean]>([
    ['no retry', [0], true],
    ['honoured each time, at even gaps', [0, 2_000, 4_000, 6_000, 8_000], true],
    ['honoured, with jitter on top', [0, 2_400, 4_500, 7_900], true],
    ['a timer a little early', [0, 1_950, 3_900], true],
    ['too early once', [0, 2_000, 3_900, 6_000], false],
    ['ignored by one that doubles', [0, 500, 1_500, 3_500], false],
  ])('%s', (_what, timesMs, calm) => expect(isCalm(timesMs, { retryAfterS: 2 })).toBe(calm));

  test('is named in the evidence', () => {
    expect(judgeStorm(at([0, 300, 700]), { maxRequests: 6, retryAfterS: 2 }, FOR_MS).evidence).toBe(
      `3 requests in 10.0 s; ${SYNC}: 3 times, gaps 300–400 ms, asked to wait 2.0 s`,
    );
  });
});

describe('the evidence', () => {
  test('counts, and names the call that was sent most often', () => {
    const storm = attempts((retry) => 210 + (retry % 6) * 10);
    const { isCalm: calm, evidence } = judgeStorm(
      [...at([0, 300], 'POST https://portal.example/api/log'), ...at(storm)],
      { maxRequests: 6 },
      FOR_MS,
    );
    expect(calm).toBe(false);
    expect(evidence).toBe(
      `${storm.length + 2} requests in 10.0 s, at most 6 allowed; ${SYNC}: ${storm.length} times, gaps 210–260 ms, no back-off`,
    );
  });

  test('says how many calls do the same', () => {
    const requests = [1, 2, 3].flatMap((n) => at([0, 500, 1_000, 1_500], `GET https://portal.example/${n}`));
    expect(judgeStorm(requests, { maxRequests: 20 }, FOR_MS).evidence).toBe(
      '12 requests in 10.0 s; GET https://portal.example/1: 4 times, gaps 500 ms, no back-off; 2 other calls likewise',
    );
  });

  test('is there for the calm, too', () => {
    expect(judgeStorm(at([0, 1_000, 3_000, 7_100]), { maxRequests: 6 }, FOR_MS).evidence).toBe(
      `4 requests in 10.0 s; ${SYNC}: 4 times, gaps 1.0–4.1 s`,
    );
    expect(judgeStorm(at([0]), { maxRequests: 6 }, FOR_MS).evidence).toBe('1 request in 10.0 s');
    expect(judgeStorm(at([0, 5_000]), { maxRequests: 6 }, FOR_MS).evidence).toBe(
      `2 requests in 10.0 s; ${SYNC}: 2 times, a gap of 5.0 s`,
    );
  });
});

describe('a rule', () => {
  test('has its defaults', () => {
    expect(StormRule.parse({ forMs: 5_000, maxRequests: 6 })).toEqual({
      answer: 503,
      forMs: 5_000,
      maxRequests: 6,
      ignoreQuery: false,
    });
  });

  test.each([
    [{ maxRequests: 6 }, 'forMs'],
    [{ forMs: 5_000 }, 'maxRequests'],
    [{ forMs: 5_000, maxRequests: 0 }, 'maxRequests'],
    [{ forMs: 5_000, maxRequests: 1.5 }, 'maxRequests'],
    [{ forMs: 99, maxRequests: 6 }, 'forMs'],
    [{ forMs: 300_001, maxRequests: 6 }, 'forMs'],
    [{ forMs: Number.NaN, maxRequests: 6 }, 'forMs'],
    [{ forMs: 5_000, maxRequests: 6, answer: 200 }, 'answer'],
    [{ forMs: 5_000, maxRequests: 6, answer: 600 }, 'answer'],
    [{ forMs: 5_000, maxRequests: 6, answer: 'hang' }, 'answer'],
    [{ forMs: 5_000, maxRequests: 6, retryAfterS: -1 }, 'retryAfterS'],
    [{ forMs: 5_000, maxRequests: 6, answer: 'abort', retryAfterS: 2 }, 'retryAfterS'],
    [{ forMs: 5_000, maxRequests: 6, maxRequest: 6 }, 'maxRequest'],
  ])('%j is refused, and names %s', (input, path) => {
    const parsed = parseWith(StormRule, input);
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.path)).toEqual([path]);
  });
});
