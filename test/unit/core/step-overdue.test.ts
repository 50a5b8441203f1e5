import { describe, expect, it } from 'vitest';
import { isBursting } from '#core/check-state.ts';
import { aFailedRun, anInvalidRun, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

function calm(): Story {
  return new Story()
    .passRounds(6)
    .alive(...FOUR_REGIONS)
    .wait(10_000);
}

function bursting(story: Story): boolean {
  return isBursting(story.state, story.nowMs);
}

describe('a run that is overdue', () => {
  it('begins the burst before it ends, with the deadline of confirmations', () => {
    const story = calm().overdue('us-east');
    expect(story.effects).toEqual([
      { atMs: story.effects[0]?.atMs, effect: { type: 'burst', deadlineMs: 6_000 } },
    ]);
    expect(bursting(story)).toBe(true);
  });

  it('never pages by itself, not even in every region for ever', () => {
    const story = calm();
    for (let round = 0; round < 60; round++)
      for (const region of FOUR_REGIONS) story.overdue(region).wait(2_000).tick();
    expect(story.pages).toEqual([]);
    expect(story.state.suspicion).toBeUndefined();
  });

  it('is the beginning of what it ends in: its ledger says when the hub knew, and when the burst was asked', () => {
    const story = calm();
    const startedAtMs = story.nowMs - 4_000;
    const overdueMs = story.nowMs;
    story.overdue('us-east').wait(2_000);
    for (const region of ['us-west', 'eu-west', 'ap-south']) story.overdue(region, 2_000);
    story.wait(14_000).run(aFailedRun, 'us-east', { agoMs: 20_000 });
    expect(story.pages).toHaveLength(0);
    for (const region of ['us-west', 'eu-west', 'ap-south']) story.run(aFailedRun, region, { agoMs: 6_000 });
    story.wait(6_000).run(aFailedRun, 'us-east', { agoMs: 6_000 });
    expect(story.told).toEqual(['trigger portal-login:1']);
    expect(story.incident?.ledger).toMatchObject({
      firstFailedStartMs: startedAtMs,
      overdueMs,
      burstAskedMs: overdueMs,
    });
  });

  it('that ends well ends the burst, and leaves nothing', () => {
    const story = calm().overdue('us-east').wait(2_000).run(aRun, 'us-east', { agoMs: 6_000 });
    expect(bursting(story)).toBe(false);
    expect(story.state.suspicion).toBeUndefined();
    expect(story.state.regions['us-east']?.overdue).toBeUndefined();
  });

  it('does not end a burst while another one is overdue', () => {
    const story = calm().overdue('us-east').overdue('us-west').run(aRun, 'us-east');
    expect(bursting(story)).toBe(true);
    story.run(aRun, 'us-west');
    expect(bursting(story)).toBe(false);
  });

  it('and turns out to say nothing ends the burst', () => {
    const story = calm().overdue('us-east').run(anInvalidRun, 'us-east');
    expect(bursting(story)).toBe(false);
  });

  it('and never ends is given up 10 s after its timeout, at the very moment the state asks for', () => {
    const story = calm().overdue('us-east', 4_000);
    story.wait(25_000).tick();
    expect(bursting(story)).toBe(true);
    expect(story.wakeInMs).toBe(1_000);
    story.wait(1_000).tick();
    expect(bursting(story)).toBe(false);
    expect(story.wakeInMs).toBeUndefined();
  });

  it('asks the others again only a minute after the last time', () => {
    const story = calm().overdue('us-east').run(aRun, 'us-east');
    story.wait(59_999).overdue('us-east');
    expect(story.bursts).toBe(1);
    expect(story.state.regions['us-east']?.overdue).toBeUndefined();
    story.wait(1).overdue('us-east');
    expect(story.bursts).toBe(2);
  });

  it('counts a minute for each region by itself', () => {
    const story = calm().overdue('us-east').run(aRun, 'us-east').wait(1_000).overdue('us-west');
    expect(story.bursts).toBe(2);
  });

  it('is heard again at once while a burst is on', () => {
    const story = calm().overdue('us-east').run(aFailedRun, 'us-east').wait(1_000).overdue('us-east', 900);
    expect(story.state.regions['us-east']?.overdue?.atMs).toBe(story.nowMs);
  });

  it('is not held back by a clock that has been set back', () => {
    const story = calm().overdue('us-east').run(aRun, 'us-east').wait(-3_600_000).overdue('us-east');
    expect(story.bursts).toBe(2);
  });

  it('is no news in an incident', () => {
    const story = new Story().page();
    const { bursts } = story;
    story.wait(30_000).overdue('us-east');
    expect(story.bursts).toBe(bursts);
    expect(story.state.regions['us-east']?.overdue).toBeUndefined();
  });

  it('is no news when its timeout is over: its result is what counts', () => {
    const story = calm().overdue('us-east', 20_001);
    expect(story.bursts).toBe(0);
    story.overdue('us-east', 20_000);
    expect(story.bursts).toBe(1);
  });

  it('is no news of a region that is known to be bad by itself', () => {
    const story = calm();
    for (let round = 0; round < 11; round++)
      story.run(aFailedRun, 'us-east').allPass(['us-west', 'eu-west', 'ap-south']).wait(27_000).tick();
    expect(story.notices.map(({ reason }) => reason)).toEqual(['one-region']);
    const { bursts } = story;
    story.wait(120_000).overdue('us-east');
    expect(story.bursts).toBe(bursts);
  });

  it('is a sign of life', () => {
    const story = calm().alive('us-west').overdue('us-east');
    expect(story.state.regions['us-east']?.silent).toBe(false);
  });
});
