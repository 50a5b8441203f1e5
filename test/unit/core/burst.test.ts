import { describe, expect, it } from 'vitest';
import { BURST_MAX_MS } from '#core/burst.ts';
import { isBursting } from '#core/check-state.ts';
import { aFailedRun, aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

function bursting(story: Story): boolean {
  return isBursting(story.state, story.nowMs);
}

function deadlines(story: Story): number[] {
  return story.effects.flatMap(({ effect }) => (effect.type === 'burst' ? [effect.deadlineMs] : []));
}

describe('burst', () => {
  it('asks all regions at the first failure and again while it lasts', () => {
    const story = new Story().allPass().run(aFailedRun, 'us-east');
    expect(story.bursts).toBe(1);
    expect(bursting(story)).toBe(true);
    story.wait(1_000).tick();
    expect(story.bursts).toBe(1);
    expect(story.wakeInMs).toBe(4_000);
    story.wait(3_999).tick();
    expect(story.bursts).toBe(1);
    story.wait(1).tick();
    expect(story.bursts).toBe(2);
  });

  it('is not held up by a clock that is set back, and is no longer for it', () => {
    const story = new Story().allPass().run(aFailedRun, 'us-east').wait(-3_600_000);
    story.run(aFailedRun, 'us-east');
    expect(story.bursts).toBe(2);
    expect(isBursting(story.state, story.nowMs + BURST_MAX_MS)).toBe(false);
  });

  it('ends when all is clear: three passes in a row where it failed', () => {
    const story = new Story().allPass().run(aFailedRun, 'us-east');
    for (let count = 0; count < 2; count++) story.wait(1_000).run(aRun, 'us-east');
    expect(bursting(story)).toBe(true);
    story.wait(1_000).run(aRun, 'us-east');
    expect(story.state.suspicion).toBeUndefined();
    expect(bursting(story)).toBe(false);
    expect(story.wakeInMs).toBeUndefined();
  });

  it('ends with the page', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .allFail()
      .run(aFailedRun, 'us-east');
    expect(story.pages).toHaveLength(1);
    expect(bursting(story)).toBe(false);
  });

  it('ends after two minutes without a decision, and begins anew only when a second region fails', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let atMs = 0; atMs < BURST_MAX_MS; atMs += 4_000)
      story
        .run(aFailedRun, 'us-east')
        .run(aRun, 'us-west')
        .run(aRun, 'eu-west')
        .run(aRun, 'ap-south')
        .wait(4_000);
    story.tick();
    expect(bursting(story)).toBe(false);
    const before = story.bursts;
    story.run(aFailedRun, 'us-east').wait(1_000);
    expect(story.bursts).toBe(before);
    story.run(aFailedRun, 'eu-west');
    expect(story.bursts).toBe(before + 1);
    expect(bursting(story)).toBe(true);
  });

  it('gives a confirmation run the whole timeout while nothing has been learnt', () => {
    expect(deadlines(new Story().allPass().run(aFailedRun, 'us-east'))).toEqual([20_000]);
  });

  it('gives a confirmation run what the check’s own history allows, at each asking', () => {
    const story = new Story().passRounds(5).run(aFailedRun, 'us-east').wait(5_000).tick();
    // Every pass took 0.5 s: the soft deadline is at its floor of 4 s.
    expect(deadlines(story)).toEqual([6_000, 6_000]);
  });

  it('never gives a confirmation run longer than the check’s timeout', () => {
    const story = new Story(aPolicy({ timeoutMs: 5_000 })).passRounds(5).run(aFailedRun, 'us-east');
    expect(deadlines(story)).toEqual([5_000]);
  });

  it('is not asked for in an incident, which is told already', () => {
    const story = new Story().page();
    const { bursts } = story;
    story.wait(30_000).allFail().wait(30_000).allFail().tick();
    expect(story.bursts).toBe(bursts);
  });
});
