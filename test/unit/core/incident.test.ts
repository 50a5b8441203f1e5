import { describe, expect, it } from 'vitest';
import { isBursting } from '#core/check-state.ts';
import { aFailedRun, aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const paged = () =>
  new Story()
    .allPass()
    .alive(...FOUR_REGIONS)
    .wait(10_000)
    .allFail()
    .run(aFailedRun, 'us-east');

function cleanForMs(story: Story): number {
  return story.nowMs - (story.state.incident?.cleanSinceMs ?? story.nowMs);
}

describe('resolve', () => {
  it('waits for two successes per live region, 120 s clean, and 300 s before the provider is told', () => {
    const story = paged();
    const passRound = () => story.wait(26_000).allPass();
    passRound();
    expect(story.state.incident?.status).toBe('open');
    while (cleanForMs(story) < 120_000) passRound();
    expect(story.state.incident?.status).toBe('recovered');
    expect(story.pages).toHaveLength(1);
    while (cleanForMs(story) < 300_000) passRound();
    story.tick();
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
    expect(story.state.incident?.status).toBe('resolved');
  });

  it('comes at the very moments that the state asks to be woken at', () => {
    const story = paged()
      .wait(5_000)
      .allPass()
      .allPass()
      .alive(...FOUR_REGIONS);
    const cleanSinceMs = story.state.incident?.cleanSinceMs ?? 0;
    expect(story.nowMs + (story.wakeInMs ?? 0)).toBe(cleanSinceMs + 120_000);
    while (cleanForMs(story) < 119_000 - 4_000) story.allPass();
    story.nowMs = cleanSinceMs + 119_999;
    expect(story.tick().state.incident?.status).toBe('open');
    story.wait(1).tick();
    expect(story.state.incident).toMatchObject({ status: 'recovered', recoveredAtMs: story.nowMs });
    expect(story.nowMs + (story.wakeInMs ?? 0)).toBe(cleanSinceMs + 300_000);
    while (cleanForMs(story) < 299_000 - 4_000) story.allPass();
    story.nowMs = cleanSinceMs + 299_999;
    expect(story.tick().state.incident?.status).toBe('recovered');
    story.wait(1).tick();
    expect(story.state.incident).toMatchObject({ status: 'resolved', resolvedAtMs: story.nowMs });
    expect(story.wakeInMs).toBeUndefined();
  });

  it('says that the service worked from the first success, not from when we were sure', () => {
    const story = paged().wait(5_000).run(aRun, 'us-west');
    const firstMs = story.nowMs - 500;
    story.passRounds(12).tick();
    expect(story.pages[1]).toMatchObject({ event: 'resolve', resolvedAtMs: firstMs });
  });

  it('is held up by a live region that has passed only once', () => {
    const story = new Story(aPolicy({}, { clearAfterMs: 10_000, resolveAfterMs: 20_000 })).page();
    story.wait(5_000).run(aRun, 'ap-south').wait(1_000);
    for (let round = 0; round < 15; round++) story.allPass(['us-east', 'us-west', 'eu-west']);
    expect(story.incident?.status).toBe('open');
    story.run(aRun, 'ap-south');
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
  });

  it('does not wait for a region whose results do not come any more', () => {
    const story = new Story(aPolicy({}, { clearAfterMs: 10_000, resolveAfterMs: 20_000 })).page();
    story.wait(5_000).run(aRun, 'ap-south').wait(1_000);
    for (let round = 0; round < 21; round++)
      story.allPass(['us-east', 'us-west', 'eu-west']).alive(...FOUR_REGIONS);
    expect(story.state.incident).toMatchObject({ status: 'resolved', successes: { 'ap-south': 1 } });
  });

  it('is the same incident when it fails again inside the hold', () => {
    const story = paged();
    for (let round = 0; round < 6; round++) story.wait(26_000).allPass();
    expect(story.state.incident?.status).toBe('recovered');
    story.allFail().allFail();
    expect(story.state.incident).toMatchObject({ seq: 1, status: 'open', successes: {} });
    expect(story.pages).toHaveLength(1);
  });

  it('is the same incident at a single failure in the last moment of the hold', () => {
    const story = paged().wait(5_000).allPass();
    const cleanSinceMs = story.state.incident?.cleanSinceMs ?? 0;
    while (cleanForMs(story) < 290_000) story.allPass();
    story.nowMs = cleanSinceMs + 299_999;
    story.run(aFailedRun, 'us-east');
    expect(story.incident).toMatchObject({ seq: 1, status: 'open', cleanSinceMs: undefined });
    story.wait(1).tick();
    expect(story.told).toHaveLength(1);
  });

  it('is a new incident with a new key after the hold', () => {
    const story = paged();
    for (let round = 0; round < 12; round++) story.wait(26_000).allPass().tick();
    expect(story.state.incident?.status).toBe('resolved');
    story.allFail().run(aFailedRun, 'us-east');
    expect(story.told).toEqual([
      'trigger portal-login:1',
      'resolve portal-login:1',
      'trigger portal-login:2',
    ]);
  });

  it('leaves nothing of the old incident that a single failure could page on', () => {
    const story = new Story(aPolicy({}, { clearAfterMs: 2_000, resolveAfterMs: 5_000 })).allPass();
    story
      .alive(...FOUR_REGIONS)
      .wait(10_000)
      .allFail()
      .allFail()
      .allFail();
    story.wait(10_000).allPass().wait(10_000).allPass().tick();
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
    story.wait(10_000).run(aFailedRun, 'us-east');
    expect(story.pages).toHaveLength(2);
    expect(isBursting(story.state, story.nowMs)).toBe(true);
  });

  it('does not come from silence', () => {
    const story = paged().wait(3_600_000).tick();
    expect(story.state.incident?.status).toBe('open');
  });

  it('does not come from a silence that follows a few passes', () => {
    const story = paged().wait(5_000).allPass().allPass().wait(3_600_000).tick();
    expect(story.state.incident?.status).toBe('open');
    story.alive().tick();
    expect(story.told).toEqual(['trigger portal-login:1']);
  });

  it('does not wait for a region that has been failing alone and is told of', () => {
    const story = new Story(aPolicy({}, { clearAfterMs: 20_000, resolveAfterMs: 30_000 })).allPass();
    const others = ['us-west', 'eu-west', 'ap-south'];
    story.alive(...FOUR_REGIONS);
    for (let round = 0; round < 11; round++) story.run(aFailedRun, 'us-east').allPass(others).wait(27_000);
    expect(story.notices).toHaveLength(1);
    story.fail();
    expect(story.told).toEqual(['trigger portal-login:1']);
    for (let round = 0; round < 3; round++) story.run(aFailedRun, 'us-east').allPass(others).wait(27_000);
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
  });
});

describe('an incident', () => {
  it('is one, however long it fails', () => {
    const story = paged();
    for (let round = 0; round < 50; round++) story.allFail().wait(26_000).tick();
    expect(story.told).toEqual(['trigger portal-login:1']);
    expect(story.state.lastSeq).toBe(1);
  });

  it('remembers when the check was last well', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    const lastGoodAtMs = story.nowMs - 1_000 - 500;
    story.wait(10_000).fail();
    expect(story.incident?.lastGoodAtMs).toBe(lastGoodAtMs);
    expect(story.pages[0]?.lastGoodAtMs).toBe(lastGoodAtMs);
  });
});
