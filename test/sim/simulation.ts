import { generate } from './generator.ts';
import { Oracles, type Violation } from './oracles.ts';
import type { Scenario } from './scenario.ts';
import { World } from './world.ts';

/** What has come of one simulation. */
export type Outcome = {
  violation: Violation | undefined;
  /** Hash of all that has happened. */
  hash: string;
  events: number;
  /** What has happened, when it was asked for. */
  lines: readonly string[];
};

/** Lets a scenario happen under the eyes of the oracles. Whatever throws, or spins, is a violation too. */
export function simulate(scenario: Scenario, keepsLines = false): Outcome {
  const oracles = new Oracles(scenario);
  const world = new World(scenario, oracles, keepsLines);
  oracles.watch(world);
  try {
    world.runUntil(scenario.endMs, () => oracles.violation === undefined);
    oracles.finish();
  } catch (error) {
    oracles.violation = { oracle: 'E', message: (error as Error).message, atMs: world.sinceStartMs };
  }
  return {
    violation: oracles.violation,
    hash: world.trace.hash(),
    events: world.clock.events,
    lines: world.trace.lines ?? [],
  };
}

/** One seed. `twice`: D: the same seed gives the same trace again. */
export function simulateSeed(seed: number, twice: boolean): Outcome {
  const outcome = simulate(generate(seed));
  if (!twice || outcome.violation) return outcome;
  const again = simulate(generate(seed));
  if (again.hash === outcome.hash) return outcome;
  return {
    ...outcome,
    violation: { oracle: 'D', message: `${outcome.hash} and then ${again.hash}`, atMs: 0 },
  };
}
