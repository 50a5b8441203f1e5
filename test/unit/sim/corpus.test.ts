import { expect, test } from 'vitest';
import { CORPUS } from '#test/sim/corpus.ts';
import { simulateSeed } from '#test/sim/simulation.ts';

test.each(CORPUS)('seed $seed stays mended: $why', ({ seed }) => {
  expect(simulateSeed(seed, true).violation).toBeUndefined();
});
