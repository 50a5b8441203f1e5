import { describe, expect, it } from 'vitest';
import { MINUTE } from '#test/fixtures/deploy-story.ts';
import { RandomDeploys } from './random-deploys.ts';

/** About five seconds of them. */
const SEEDS = 25;

describe('deploys as they may come', () => {
  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))('hold what was promised, seed %d', (seed) => {
    const random = new RandomDeploys(seed);
    random.story.until(70 * MINUTE);
    if (random.story.state.deploy) random.story.until(6 * 60 * MINUTE);
    random.judge();
    expect(random.faults).toEqual([]);
  });
});
