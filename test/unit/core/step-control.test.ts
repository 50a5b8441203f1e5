import { describe, expect, it } from 'vitest';
import type { Run } from '#core/run.ts';
import { aFailedRun, aPolicy, aRun, FIVE_REGIONS, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

/** A failed run whose control target failed too. */
function withControlDown(over: Partial<Run> = {}): Run {
  return aFailedRun({ control: { outcome: 'fail', durationMs: 3_000, error: 'no answer' }, ...over });
}

/** A failed run whose control target answered. */
function withControlUp(over: Partial<Run> = {}): Run {
  return aFailedRun({ control: { outcome: 'pass', durationMs: 40 }, ...over });
}

describe('a failed run whose control target failed too', () => {
  it('makes its region abstain, and says why', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .run(withControlDown, 'us-east');
    expect(story.state.suspicion).toBeUndefined();
    expect(story.state.regions['us-east']).toMatchObject({
      abstains: true,
      failuresInRow: 0,
      invalid: { why: 'the control target failed too: no answer' },
    });
  });

  it('in one region alone never pages, however long', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 40; round++)
      story.run(withControlDown, 'us-east').allPass(['us-west', 'eu-west', 'ap-south']);
    expect(story.told).toEqual([]);
  });

  it('asks the others once, as the trouble may not be its own', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .run(withControlDown, 'us-east');
    expect(story.bursts).toBe(1);
    const others = ['us-west', 'eu-west', 'ap-south'];
    for (let count = 0; count < 5; count++)
      story.wait(27_000).allPass(others).run(withControlDown, 'us-east');
    expect(story.bursts).toBe(1);
    story.run(aRun, 'us-east').wait(27_000).allPass(others).run(withControlDown, 'us-east');
    expect(story.bursts).toBe(2);
  });

  it('does not keep the other regions from paging', () => {
    const others = ['us-west', 'eu-west', 'ap-south'];
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(10_000)
      .run(withControlDown, 'us-east');
    for (let round = 0; round < 2; round++) for (const region of others) story.run(withControlUp, region);
    expect(story.told).toEqual(['trigger portal-login:1']);
  });

  it.each([1, 2, 3, 4, 5])(
    'counts as soon as most of %i regions’ control fails: then it is the control target that is broken',
    (count) => {
      const regions = FIVE_REGIONS.slice(0, count);
      const story = new Story(aPolicy({ regions }))
        .allPass(regions)
        .alive(...regions)
        .wait(10_000);
      for (let round = 0; round < 4; round++)
        for (const region of regions) story.run(withControlDown, region).wait(500);
      expect(story.told).toEqual(['trigger portal-login:1']);
    },
  );

  it('does not count while it is just half of the regions', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 6; round++)
      story.run(withControlDown, 'us-east').run(withControlDown, 'us-west').allPass(['eu-west', 'ap-south']);
    expect(story.told).toEqual([]);
    expect(story.state.regions['us-west']?.abstains).toBe(true);
  });

  it('counts no region whose control failed longer ago than interval + timeout', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    story.run(withControlDown, 'us-east').run(withControlDown, 'us-west').wait(51_000);
    story.alive(...FOUR_REGIONS).run(withControlDown, 'eu-west');
    expect(story.state.regions['eu-west']?.abstains).toBe(true);
  });

  it('counts no region that has passed since', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    story.run(withControlDown, 'us-east').run(withControlDown, 'us-west').run(aRun, 'us-east');
    story.run(withControlDown, 'eu-west');
    expect(story.state.regions['eu-west']?.abstains).toBe(true);
  });

  it('counts only regions that are alive', () => {
    const two = ['us-east', 'us-west'];
    const story = new Story()
      .allPass()
      .alive(...two)
      .run(withControlDown, 'us-east');
    expect(story.state.regions['us-east']?.abstains).toBe(true);
    story.run(withControlDown, 'us-west');
    expect(story.state.regions['us-west']).toMatchObject({ abstains: false, failuresInRow: 1 });
  });
});

describe('a failed run whose control target answered', () => {
  it('is the target’s fault', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .run(withControlUp, 'us-east');
    expect(story.state.suspicion?.streak.count).toBe(1);
  });
});
