import { describe, expect, it } from 'vitest';
import { isBursting } from '#core/check-state.ts';
import { aFailedRun, aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const HOUR_MS = 3_600_000;

describe('old evidence', () => {
  it('a failure of hours ago is no part of a streak, and the page does not count from it', () => {
    const regions = ['us-east'];
    const story = new Story(aPolicy({ regions })).run(aFailedRun, 'us-east').wait(3 * HOUR_MS);
    const backAtMs = story.nowMs;
    story.run(aFailedRun, 'us-east').wait(2_000).run(aFailedRun, 'us-east');
    expect(story.pages).toHaveLength(0);
    expect(story.bursts).toBeGreaterThan(1);
    story.wait(2_000).run(aFailedRun, 'us-east');
    expect(story.pages.map((page) => page.sinceMs)).toEqual([backAtMs - 500]);
  });

  it('what a region said before it fell silent does not make a page when it comes back', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let count = 0; count < 6; count++) story.run(aFailedRun, 'us-west').run(aRun, 'us-east').wait(1_000);
    const others = ['us-east', 'eu-west', 'ap-south'];
    story
      .alive(...others)
      .wait(HOUR_MS)
      .allPass(others);
    for (let count = 0; count < 6; count++) story.run(aFailedRun, 'us-east').run(aRun, 'eu-west').wait(1_000);
    story.alive(...FOUR_REGIONS).run(aFailedRun, 'us-west');
    expect(story.pages).toHaveLength(0);
    expect(story.state.regions['us-west']).toMatchObject({
      failuresInRow: 1,
      failedAtMs: [story.nowMs - 500],
    });
  });

  it('a region that died while it failed keeps no suspicion alive, and no burst', () => {
    const others = ['us-east', 'eu-west', 'ap-south'];
    const story = new Story()
      .allPass()
      .run(aFailedRun, 'us-west')
      .alive(...others);
    story.wait(HOUR_MS).allPass(others);
    expect(story.state.suspicion).toBeUndefined();
    for (let round = 0; round < 60; round++)
      story.run(aFailedRun, 'us-east').run(aRun, 'eu-west').run(aRun, 'ap-south').wait(10_000).tick();
    expect(isBursting(story.state, story.nowMs)).toBe(false);
  });

  it('a long failure of one region is not the beginning of the partial outage that follows', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 60; round++) {
      story.run(aFailedRun, 'us-east').run(aRun, 'us-west').run(aRun, 'eu-west').run(aRun, 'ap-south');
      story.wait(30_000).tick();
    }
    const onsetMs = story.nowMs;
    for (let round = 0; round < 12 && story.told.length === 0; round++)
      for (const [index, region] of FOUR_REGIONS.entries())
        story.run(index === 0 || (index + round) % 2 === 0 ? aFailedRun : aRun, region).wait(3_000);
    const page = story.pages.find(({ event }) => event === 'trigger');
    expect(page?.reason).toBe('partial');
    expect(page?.sinceMs).toBeGreaterThanOrEqual(onsetMs - 500);
    expect(story.state.incident?.ledger.burstAskedMs).toBeGreaterThanOrEqual(onsetMs);
  });
});

describe('a suspicion', () => {
  it('counts a partial outage from the first failure since all was clear', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(10_000);
    const onsetMs = story.nowMs;
    for (let round = 0; round < 12 && story.told.length === 0; round++)
      for (const [index, region] of FOUR_REGIONS.entries())
        story.run((index + round) % 2 === 0 ? aFailedRun : aRun, region).wait(2_000);
    expect(story.pages.map(({ reason }) => reason)).toEqual(['partial']);
    expect(story.pages[0]?.sinceMs).toBe(onsetMs - 500);
  });

  it('counts a partial outage from its own beginning, not from that of the one region that had failed before', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 7; round++)
      story.run(aFailedRun, 'us-east').allPass(FOUR_REGIONS.slice(1)).wait(22_000).tick();
    expect(story.pages).toEqual([]);
    const onsetMs = story.nowMs;
    for (let round = 0; round < 12 && story.told.length === 0; round++)
      for (const [index, region] of FOUR_REGIONS.entries())
        story.run(index === 0 || (index + round) % 2 === 0 ? aFailedRun : aRun, region).wait(2_000);
    expect(story.pages.map(({ reason }) => reason)).toEqual(['partial']);
    expect(story.pages[0]?.sinceMs).toBeGreaterThanOrEqual(onsetMs - 500);
  });

  it('counts a total outage from its own first failure, not from a hiccup before', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .run(aFailedRun, 'us-east')
      .wait(1_000)
      .run(aRun, 'us-west')
      .wait(10_000);
    const onsetMs = story.nowMs - 500;
    story.allFail(['us-west', 'eu-west', 'ap-south', 'us-east']).run(aFailedRun, 'us-west');
    expect(story.pages.map(({ reason }) => reason)).toEqual(['unanimous']);
    expect(story.pages[0]?.sinceMs).toBe(onsetMs);
  });

  it('never counts from the future, however far ahead a run claims to have begun', () => {
    const story = new Story().allPass().run(aFailedRun, 'us-east', { agoMs: -5_000, durationMs: 800 });
    expect(story.state.suspicion?.ledger.firstFailedStartMs).toBe(story.nowMs);
  });

  it('is over when every region that failed has passed three times in a row', () => {
    const story = new Story().allPass().run(aFailedRun, 'us-east').run(aFailedRun, 'us-west');
    for (let count = 0; count < 3; count++) story.run(aRun, 'us-east').wait(1_000);
    story.run(aRun, 'us-west').wait(1_000).run(aRun, 'us-west').wait(1_000);
    expect(story.state.suspicion).toBeDefined();
    story.run(aRun, 'us-west');
    expect(story.state.suspicion).toBeUndefined();
    expect(story.state.regions['us-east']?.failedAtMs).toEqual([]);
  });

  it('speaks of the latest failure', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(10_000)
      .allFail();
    story.run(aFailedRun, 'us-east', {
      failure: { owner: 'target', class: 'timeout', message: 'No answer', step: 'Open' },
      screenshot: true,
    });
    expect(story.pages[0]).toMatchObject({ errorClass: 'timeout', error: 'No answer', step: 'Open' });
    expect(story.pages[0]?.screenshotUrl).toMatch(/\/operator\/runs\/probe-us-east\.\d+\.3\/screenshot$/);
  });
});
