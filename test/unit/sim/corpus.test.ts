import { expect, test } from 'vitest';
import { CORPUS } from '#test/sim/corpus.ts';
import { simulate } from '#test/sim/simulation.ts';

test.each(CORPUS)('stays mended: $why', ({ scenario }) => {
  expect(simulate(scenario).violation).toBeUndefined();
});
