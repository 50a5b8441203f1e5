import { expect, test } from 'vitest';
import { generate } from '#test/sim/generator.ts';
import { shrink } from '#test/sim/shrink.ts';
import { simulate } from '#test/sim/simulation.ts';

test('a seed gives the same scenario and the same trace each time', () => {
  expect(generate(11)).toEqual(generate(11));
  expect(simulate(generate(11)).hash).toBe(simulate(generate(11)).hash);
});

test('what is shrunk still breaks the same promise, with no more to it than before', () => {
  // Nobody can page within a millisecond: a promise that is surely broken.
  const scenario = Array.from({ length: 50 }, (_, seed) => generate(seed)).find(
    ({ pageWithinMs, faults }) => pageWithinMs !== undefined && faults.length > 1,
  );
  if (!scenario) throw new Error('expected a scenario with a bound and faults among the first fifty');
  const broken = { ...scenario, pageWithinMs: 1 };
  expect(simulate(broken).violation?.oracle).toBe('L1');
  const smallest = shrink(broken, 'L1');
  expect(simulate(smallest).violation?.oracle).toBe('L1');
  expect(smallest.faults).toEqual([]);
  expect(smallest.regions.length).toBeLessThanOrEqual(scenario.regions.length);
});
