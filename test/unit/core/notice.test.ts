import { describe, expect, it } from 'vitest';
import { isBursting } from '#core/check-state.ts';
import { aFailedRun, anInvalidRun, aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const OTHERS = ['us-west', 'eu-west', 'ap-south'];

/** Rounds of 30 s in which `us-east` does as told and the others pass. */
function rounds(story: Story, count: number, build = aFailedRun): Story {
  for (let round = 0; round < count; round++) story.run(build, 'us-east').allPass(OTHERS).wait(27_000).tick();
  return story;
}

function calm(): Story {
  return new Story().allPass().alive(...FOUR_REGIONS);
}

describe('the notice of one region that fails alone', () => {
  it('comes five minutes after its first failure began, at the moment the state asks for', () => {
    const story = calm();
    const sinceMs = story.nowMs - 500;
    rounds(story, 9);
    story.run(aFailedRun, 'us-east').allPass(OTHERS);
    expect(story.notices).toEqual([]);
    expect(story.nowMs + (story.wakeInMs ?? 0)).toBe(sinceMs + 300_000);
    story.nowMs = sinceMs + 299_999;
    expect(story.tick().notices).toEqual([]);
    story.wait(1).tick();
    expect(story.notices).toHaveLength(1);
    expect(story.notices[0]).toMatchObject({
      event: 'notice',
      reason: 'one-region',
      severity: 'warning',
      dedupKey: `portal-login:one-region:us-east:${sinceMs}`,
      summary: 'Portal login has failed in us-east alone for 5 min — http 502',
      sinceMs,
      incidentUrl: 'https://latchkey.example/operator/checks/portal-login',
    });
  });

  it('is told once, however long it goes on, and never becomes a page', () => {
    const story = rounds(calm(), 200);
    expect(story.pages.map(({ reason }) => reason)).toEqual(['one-region']);
  });

  it('is told again only after a pass, and another five minutes', () => {
    const story = rounds(calm(), 12);
    rounds(rounds(story, 1, aRun), 9);
    expect(story.notices).toHaveLength(1);
    rounds(story, 1);
    expect(story.notices).toHaveLength(2);
    expect(story.notices[1]?.dedupKey).not.toBe(story.notices[0]?.dedupKey);
  });

  it('does not come for a region that passes now and then', () => {
    const story = calm();
    for (let count = 0; count < 20; count++) rounds(rounds(story, 5), 1, aRun);
    expect(story.notices).toEqual([]);
  });

  it('does not come of a region that has fallen silent', () => {
    const story = rounds(calm(), 3).alive(...OTHERS);
    for (let count = 0; count < 12; count++) story.allPass(OTHERS).wait(27_000).tick();
    expect(story.notices).toEqual([]);
  });

  it('does not come in an incident, which says more', () => {
    const story = calm().wait(10_000).fail();
    for (let round = 0; round < 12; round++) story.allFail().wait(26_000).tick();
    expect(story.pages.map(({ event }) => event)).toEqual(['trigger']);
  });
});

describe('a region that is known to be bad', () => {
  it('leaves the quorum: the page of the others does not wait for it, nor for its streak', () => {
    const story = rounds(calm(), 11);
    expect(story.notices).toHaveLength(1);
    story.allFail(OTHERS);
    expect(story.told).toEqual([]);
    story.run(aFailedRun, 'us-west');
    expect(story.told).toEqual(['trigger portal-login:1']);
    expect(story.pages.at(-1)?.reason).toBe('unanimous');
  });

  it('does not make a page with one hiccup elsewhere', () => {
    const story = rounds(calm(), 11);
    for (let count = 0; count < 6; count++) {
      story.run(aFailedRun, 'us-east').run(aFailedRun, 'us-west').run(aRun, 'us-west').wait(9_000);
      story.allPass(['eu-west', 'ap-south']).wait(9_000);
    }
    expect(story.told).toEqual([]);
  });

  it('does not begin or keep up a burst', () => {
    const story = rounds(calm(), 11);
    const { bursts } = story;
    rounds(story, 20);
    expect(story.bursts).toBe(bursts);
    expect(isBursting(story.state, story.nowMs)).toBe(false);
    expect(story.state.suspicion).toBeUndefined();
  });

  it('does not hold up the burst’s end when another region has only hiccuped', () => {
    const story = rounds(calm(), 11).run(aFailedRun, 'us-west');
    expect(isBursting(story.state, story.nowMs)).toBe(true);
    for (let count = 0; count < 3; count++) story.wait(1_000).run(aFailedRun, 'us-east').run(aRun, 'us-west');
    expect(isBursting(story.state, story.nowMs)).toBe(false);
  });

  it('does not keep an incident open', () => {
    const policy = aPolicy({}, { clearAfterMs: 30_000, resolveAfterMs: 60_000 });
    const story = rounds(new Story(policy).allPass().alive(...FOUR_REGIONS), 11);
    for (let count = 0; count < 2; count++) story.allFail(OTHERS);
    rounds(story, 4);
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
  });

  it('comes back into the quorum with its first pass', () => {
    const story = rounds(calm(), 11).run(aRun, 'us-east').wait(1_000);
    story.allFail(OTHERS).run(aFailedRun, 'us-west');
    expect(story.told).toEqual([]);
    story.run(aFailedRun, 'us-east');
    expect(story.told).toEqual(['trigger portal-login:1']);
  });

  it('stays out when a run of it gets lost: only a pass brings it back', () => {
    const story = rounds(calm(), 11);
    story.allPass(OTHERS).wait(33_500);
    rounds(story, 15);
    expect(story.notices).toHaveLength(1);
    expect(isBursting(story.state, story.nowMs)).toBe(false);
  });
});

describe('the notice of runs that say nothing', () => {
  it('comes after five minutes in a row, once, and says why', () => {
    const story = calm();
    const sinceMs = story.nowMs - 500;
    rounds(story, 9, anInvalidRun);
    story.run(anInvalidRun, 'us-east').allPass(OTHERS);
    expect(story.notices).toEqual([]);
    expect(story.nowMs + (story.wakeInMs ?? 0)).toBe(sinceMs + 300_000);
    story.nowMs = sinceMs + 300_000;
    story.tick();
    expect(story.notices).toMatchObject([
      {
        reason: 'invalid',
        severity: 'warning',
        dedupKey: `portal-login:invalid:us-east:${sinceMs}`,
        summary: 'Portal login is not measured in us-east: The browser was killed',
        sinceMs,
      },
    ]);
    rounds(story, 50, anInvalidRun);
    expect(story.notices).toHaveLength(1);
  });

  it('comes when five of the last twenty-one say nothing, not in a row', () => {
    const story = rounds(calm(), 20, aRun);
    for (let count = 0; count < 4; count++) rounds(rounds(story, 1, anInvalidRun), 3, aRun);
    expect(story.notices).toEqual([]);
    rounds(story, 1, anInvalidRun);
    expect(story.notices.map(({ reason }) => reason)).toEqual(['invalid']);
    rounds(rounds(story, 2, aRun), 1, anInvalidRun);
    expect(story.notices).toHaveLength(1);
  });

  it('does not come when the five are spread over more than twenty-one', () => {
    const story = rounds(calm(), 20, aRun);
    for (let count = 0; count < 20; count++) rounds(rounds(story, 1, anInvalidRun), 5, aRun);
    expect(story.notices).toEqual([]);
  });

  it('does not come of the first runs ever, though a quarter of them say nothing', () => {
    const story = rounds(calm(), 5, anInvalidRun);
    expect(story.notices).toEqual([]);
  });

  it('is told again when it has been well in between', () => {
    const story = rounds(calm(), 12, anInvalidRun);
    rounds(story, 21, aRun);
    rounds(story, 12, anInvalidRun);
    expect(story.notices.map(({ reason }) => reason)).toEqual(['invalid', 'invalid']);
  });

  it('comes of each region by itself, in an incident too', () => {
    const story = calm().wait(10_000).fail();
    for (let round = 0; round < 12; round++) {
      for (const region of ['us-east', 'us-west']) story.run(anInvalidRun, region);
      story.allFail(['eu-west', 'ap-south']).wait(28_000).tick();
    }
    expect(story.notices.map(({ reason, summary }) => `${reason} ${summary.slice(0, 37)}`)).toEqual([
      'invalid Portal login is not measured in us-ea',
      'invalid Portal login is not measured in us-we',
    ]);
  });
});
