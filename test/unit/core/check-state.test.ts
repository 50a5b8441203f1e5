import { describe, expect, it } from 'vitest';
import {
  briefing,
  checkDeadlines,
  initialState,
  pagedOf,
  PROBES_MAX,
  restoredState,
  type CheckState,
} from '#core/check-state.ts';
import { step } from '#core/step.ts';
import { aFailedRun, aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { START_MS, Story } from './story.ts';

function brief(story: Story) {
  return briefing(story.policy, story.state, story.nowMs);
}

describe('a late run', () => {
  it('older than interval + timeout neither pages nor clears', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let count = 0; count < 10; count++) story.run(aFailedRun, 'us-east', { agoMs: 50_001 });
    expect(story.effects).toEqual([]);
    story.run(aFailedRun, 'us-east').run(aRun, 'us-west', { agoMs: 60_000 });
    expect(story.state.suspicion?.streak.count).toBe(1);
  });

  it('is one older than interval + timeout, not one just as old', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    story.run(aFailedRun, 'us-east', { agoMs: 50_000 });
    expect(story.state.suspicion?.streak.count).toBe(1);
  });

  it('does not page for an outage that its probe has slept through, however many there are', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(3_600_000)
      .alive(...FOUR_REGIONS);
    for (let round = 0; round < 30; round++)
      for (const region of FOUR_REGIONS) story.run(aFailedRun, region, { agoMs: 3_000_000 - round * 30_000 });
    expect(story.effects).toEqual([]);
    expect(story.state.lastSeq).toBe(0);
  });

  it('resolves nothing: an incident that fails now is not ended by passes of before', () => {
    const story = new Story(aPolicy({}, { clearAfterMs: 1_000, resolveAfterMs: 2_000 })).page();
    for (let round = 0; round < 5; round++)
      for (const region of FOUR_REGIONS) story.run(aRun, region, { agoMs: 51_000 }).wait(1_000);
    expect(story.incident).toMatchObject({ status: 'open', successes: {} });
    expect(story.incident?.cleanSinceMs).toBeUndefined();
  });

  it('is a sign of life all the same', () => {
    const story = new Story().allPass().alive('us-east');
    expect(story.state.regions['us-west']?.silent).toBe(true);
    story.run(aFailedRun, 'us-west', { agoMs: 51_000 });
    expect(story.state.regions['us-west']).toMatchObject({ silent: false, heardAtMs: story.nowMs });
  });
});

describe('a run out of its probe’s order', () => {
  it('is history', () => {
    const story = new Story().run(aRun, 'us-east', { seq: 5 }).run(aFailedRun, 'us-east', { seq: 4 });
    expect(story.state.suspicion).toBeUndefined();
    story.run(aFailedRun, 'us-east', { seq: 9, boot: 1 });
    expect(story.state.suspicion).toBeUndefined();
    story.run(aFailedRun, 'us-east', { seq: 1, boot: 1_900_000_000_000 });
    expect(story.state.suspicion?.streak.count).toBe(1);
  });

  it('delivered twice votes once', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let count = 0; count < 20; count++)
      for (const region of FOUR_REGIONS) story.run(aFailedRun, region, { seq: 2 });
    expect(story.pages).toHaveLength(0);
    expect(story.state.suspicion?.streak.count).toBe(4);
  });

  it('ends no incident', () => {
    const story = new Story(aPolicy({}, { clearAfterMs: 1_000, resolveAfterMs: 2_000 })).page();
    for (let count = 0; count < 5; count++)
      for (const region of FOUR_REGIONS) story.run(aRun, region, { seq: 1 }).wait(1_000);
    expect(story.incident?.successes).toEqual({});
    expect(story.told).toEqual(['trigger portal-login:1']);
  });

  it('is none of a probe whose clock was set back, once the runs before cannot be fresh any more', () => {
    const story = new Story().run(aRun, 'us-east', { boot: 1_900_000_000_000 }).wait(200_000);
    story.run(aFailedRun, 'us-east', { seq: 1, boot: 1_800_000_000_000 });
    expect(story.state.suspicion?.streak.count).toBe(1);
  });

  it('is told apart from those of the region’s other probes', () => {
    const story = new Story().run(aRun, 'us-east', { seq: 50, probe: 'one' });
    story.run(aFailedRun, 'us-east', { seq: 2, probe: 'two' });
    expect(story.state.suspicion?.streak.count).toBe(1);
  });
});

describe('what a check remembers', () => {
  it('is the order of a bounded number of probes, however many names there have been', () => {
    const story = new Story();
    for (let index = 0; index < 400; index++) story.run(aRun, 'us-east', { probe: `pod-${index}` }).wait(10);
    expect(Object.keys(story.state.probes).length).toBeLessThanOrEqual(PROBES_MAX);
    story.wait(600_000).run(aRun, 'us-east', { probe: 'pod-last' });
    expect(Object.keys(story.state.probes)).toEqual(['pod-last']);
  });

  it('is nothing of a region it does not have', () => {
    const story = new Story().run(aFailedRun, 'mars').overdue('mars').alive('mars');
    expect(story.state).toEqual(initialState());
  });

  it('is complete once it has been stored by a version that knew less', () => {
    const stored = {
      lastSeq: 4,
      probes: {},
      regions: { 'us-east': { heardAtMs: 5, liveSinceMs: 5, silent: false, failuresInRow: 2 } },
    } as unknown as Partial<CheckState>;
    const restored = restoredState(stored);
    expect(restored).toMatchObject({ lastSeq: 4, flapping: false });
    expect(restored.regions['us-east']).toMatchObject({
      heardAtMs: 5,
      failuresInRow: 2,
      failedAtMs: [],
      told: [],
      latestMs: [],
      baselineMs: [],
    });
    const event = { type: 'run', nowMs: 60_000, startedAtMs: 59_000, run: aFailedRun() } as const;
    expect(step(aPolicy(), restored, event).state.lastSeq).toBe(4);
  });

  it('is the same after a way through JSON', () => {
    const story = new Story().passRounds(4).page().acknowledge(1, 'Ada').passRounds(5);
    expect(restoredState(JSON.parse(JSON.stringify(story.state)) as CheckState)).toEqual(story.state);
  });

  it('tells the outbox of its incidents: over or not, and who has them', () => {
    const story = new Story();
    expect(pagedOf(story.state)).toEqual([]);
    story.page().acknowledge(1, 'Ada', 'link');
    expect(pagedOf(story.state)).toEqual([
      { seq: 1, isOver: false, acknowledged: { atMs: story.nowMs, by: 'Ada', via: 'link' } },
    ]);
    story.passRounds(12).tick();
    expect(pagedOf(story.state)).toMatchObject([{ seq: 1, isOver: true }]);
  });
});

describe('the briefing of a probe', () => {
  it('has the ceiling as soft deadline and no other deadline while nothing is known', () => {
    expect(brief(new Story())).toEqual({
      softDeadlineMs: 8_000,
      incident: { seq: 0, open: false, accepted: false },
    });
  });

  it('has the soft deadline that all regions’ passes have taught', () => {
    const story = new Story();
    for (let round = 0; round < 6; round++)
      for (const region of FOUR_REGIONS) story.run(aRun, region, { durationMs: 1_900 }).wait(1_000);
    expect(brief(story).softDeadlineMs).toBe(5_700);
    expect(checkDeadlines(story.policy, story.state)).toEqual({ softMs: 5_700, confirmMs: 8_550 });
  });

  it('has a deadline for the next run only while a burst is on', () => {
    const story = new Story().passRounds(6);
    expect(brief(story).deadlineMs).toBeUndefined();
    story.run(aFailedRun, 'us-east');
    expect(brief(story).deadlineMs).toBe(6_000);
    for (let count = 0; count < 3; count++) story.wait(1_000).run(aRun, 'us-east');
    expect(brief(story).deadlineMs).toBeUndefined();
  });

  it('has no deadline of its own where a confirmation may take the whole timeout', () => {
    const story = new Story().allPass().run(aFailedRun, 'us-east');
    expect(brief(story)).not.toHaveProperty('deadlineMs');
  });

  it('learns nothing from failures, however quick', () => {
    const story = new Story().page().wait(1_000);
    for (let round = 0; round < 5; round++) story.fail();
    expect(brief(story).softDeadlineMs).toBe(8_000);
  });

  it('says what a probe must know to page by itself: the last incident, and whether a provider has it', () => {
    const story = new Story().page();
    expect(brief(story).incident).toEqual({ seq: 1, open: true, accepted: false });
    story.accept(1);
    expect(brief(story).incident).toEqual({ seq: 1, open: true, accepted: true });
    story.passRounds(12).tick();
    expect(brief(story).incident).toEqual({ seq: 1, open: false, accepted: false });
  });

  it('says of an incident that a window holds that its page is not out: the probe knows the window and its end', () => {
    const maintenance = [{ title: 'Move', fromMs: START_MS, untilMs: START_MS + 3_600_000 }];
    const story = new Story(aPolicy({}, {}, { maintenance })).page();
    expect(brief(story).incident).toEqual({ seq: 1, open: true, accepted: false });
  });
});
