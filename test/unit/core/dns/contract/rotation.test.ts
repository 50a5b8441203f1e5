import { describe, expect, it } from 'vitest';
import { answersToSeeAll, answersToSeeOne } from '#core/dns/contract/rotation.ts';

/** Ways to choose `k` of `n`. */
function choose(n: number, k: number): bigint {
  let ways = 1n;
  for (let at = 0; at < k; at += 1) ways = (ways * BigInt(n - at)) / BigInt(at + 1);
  return ways;
}

/** The chance that so many answers show the whole pool, by inclusion and exclusion in whole numbers: nothing is rounded. */
function chanceOfAll(pool: number, perAnswer: number, answers: number): number {
  let favourable = 0n;
  for (let missing = 0; missing <= pool - perAnswer; missing += 1) {
    const ways = choose(pool, missing) * choose(pool - missing, perAnswer) ** BigInt(answers);
    favourable += missing % 2 === 0 ? ways : -ways;
  }
  return Number((favourable * 1_000_000_000n) / choose(pool, perAnswer) ** BigInt(answers)) / 1e9;
}

describe('the sampling budget of a rotation', () => {
  // reference: dns, section 1.4. What it takes to see all was simulated there: an answer or three beside the exact number.
  it.each([
    { pool: 10, perAnswer: 8, all: [2, 4, 5], one: [2, 3] },
    { pool: 16, perAnswer: 8, all: [5, 9, 11], one: [5, 7] },
    { pool: 24, perAnswer: 8, all: [9, 16, 20], one: [8, 12] },
    { pool: 40, perAnswer: 8, all: [19, 30, 37], one: [14, 21] },
    { pool: 40, perAnswer: 4, all: [39, 63, 79], one: [29, 44] },
    { pool: 40, perAnswer: 13, all: [11, 17, 21], one: [8, 12] },
    { pool: 40, perAnswer: 20, all: [6, 10, 12], one: [5, 7] },
    { pool: 100, perAnswer: 8, all: [60, 90, 108], one: [36, 56] },
  ])('is that of the table for $perAnswer of $pool', ({ pool, perAnswer, all, one }) => {
    expect([0.95, 0.99].map((p) => answersToSeeOne(pool, perAnswer, p))).toEqual(one);
    for (const [at, p] of [0.5, 0.95, 0.99].entries()) {
      const answers = answersToSeeAll(pool, perAnswer, p);
      expect(chanceOfAll(pool, perAnswer, answers)).toBeGreaterThanOrEqual(p);
      expect(chanceOfAll(pool, perAnswer, answers - 1)).toBeLessThan(p);
      expect(Math.abs(answers - (all[at] ?? 0))).toBeLessThanOrEqual(p === 0.99 ? 3 : 1);
    }
  });

  it('is one answer where every answer has all', () => {
    expect(answersToSeeAll(8, 8, 0.99)).toBe(1);
    expect(answersToSeeOne(5, 8, 0.99)).toBe(1);
  });

  it('has no end where an answer has none', () => {
    expect(answersToSeeAll(8, 0, 0.99)).toBe(Number.POSITIVE_INFINITY);
    expect(answersToSeeOne(8, 0, 0.99)).toBe(Number.POSITIVE_INFINITY);
  });

  it('goes on smoothly where it is no longer computed exactly, and stays finite for the largest pool', () => {
    const [exact, apart] = [answersToSeeAll(100, 8, 0.99), answersToSeeAll(101, 8, 0.99)];
    expect(apart - exact).toBeGreaterThanOrEqual(1);
    expect(apart - exact).toBeLessThanOrEqual(4);
    const largest = answersToSeeAll(10_000, 8, 0.99);
    expect(largest).toBeGreaterThan(answersToSeeAll(1_000, 8, 0.99));
    expect(largest).toBeLessThan(20_000);
  });

  it.each([0.05, 0.5, 0.51, 0.9, 0.99, 0.999, 0.9999])(
    'gives a pool of two, one an answer, what a coin gives at %s: 1 − 2^(1−m)',
    (p) => {
      const seenAll = (answers: number): number => 1 - 2 ** (1 - answers);
      const answers = answersToSeeAll(2, 1, p);
      expect(seenAll(answers)).toBeGreaterThanOrEqual(p - 1e-9);
      expect(seenAll(answers - 1)).toBeLessThan(p);
    },
  );

  it('needs more answers for all than for one, and more for the surer', () => {
    for (let pool = 2; pool <= 120; pool += 7)
      for (let perAnswer = 1; perAnswer <= pool; perAnswer += 5) {
        const all = answersToSeeAll(pool, perAnswer, 0.95);
        expect(all, `${perAnswer} of ${pool}`).toBeGreaterThanOrEqual(answersToSeeOne(pool, perAnswer, 0.95));
        expect(answersToSeeAll(pool, perAnswer, 0.99)).toBeGreaterThanOrEqual(all);
      }
  });
});
