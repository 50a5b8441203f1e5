import { expect, test } from 'vitest';
import { Prng } from '#test/sim/prng.ts';

const draws = (prng: Prng, count: number): number[] => Array.from({ length: count }, () => prng.next());

test('a seed and a name give the same stream again, and another one for another name or seed', () => {
  const first = draws(new Prng(7, 'link'), 20);
  expect(draws(new Prng(7, 'link'), 20)).toEqual(first);
  expect(draws(new Prng(8, 'link'), 20)).not.toEqual(first);
  expect(draws(new Prng(7, 'probe'), 20)).not.toEqual(first);
});

test('a stream is uniform enough: a tenth of 10,000 draws in each tenth', () => {
  const counts = Array.from({ length: 10 }, () => 0);
  for (const draw of draws(new Prng(1, 'uniform'), 10_000)) {
    const tenth = Math.floor(draw * 10);
    counts[tenth] = (counts[tenth] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(120);
});

test('some items of a list come in its order and once each', () => {
  const prng = new Prng(3, 'some');
  for (let count = 0; count <= 5; count++) {
    const chosen = prng.some(['a', 'b', 'c', 'd', 'e'], count);
    expect(chosen).toEqual(['a', 'b', 'c', 'd', 'e'].filter((item) => chosen.includes(item)));
    expect(chosen).toHaveLength(count);
  }
});
