import { describe, expect, it } from 'vitest';
import { isShifted, latencyOf, slowRegions } from '#core/latency.ts';
import { median } from '#core/statistics.ts';
import { PAGING_DEFAULTS } from '#core/paging-settings.ts';
import { aFailedRun, aPolicy, aRegion, aRun, FIVE_REGIONS, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const NOW = 1_800_000_000_000;
const TIMING = { intervalMs: 30_000, timeoutMs: 20_000 };
const { latency } = PAGING_DEFAULTS;
const NORMAL_MS = 800;
const SLOW_MS = 5_000;
const OTHERS = ['us-west', 'eu-west', 'ap-south'];

/** Rounds of 30 s in which every given region passes in so many milliseconds. */
function pace(
  story: Story,
  rounds: number,
  durationMs: number,
  regions: readonly string[] = FOUR_REGIONS,
): Story {
  for (let round = 0; round < rounds; round++) {
    for (const region of regions) story.run(aRun, region, { durationMs }).wait(1_000);
    story.wait(30_000 - 1_000 * regions.length).tick();
  }
  return story;
}

/** Rounds in which `us-east` alone is slow. */
function oneSlow(story: Story, rounds: number): Story {
  for (let round = 0; round < rounds; round++) {
    story.run(aRun, 'us-east', { durationMs: 15_000 });
    pace(story, 1, NORMAL_MS, OTHERS);
  }
  return story;
}

/** Time enough for every region to know what is normal. */
function settled(policy = aPolicy({}, { clearAfterMs: 30_000, resolveAfterMs: 60_000 })): Story {
  const story = new Story(policy);
  return pace(story, 16, NORMAL_MS, policy.check.regions).alive(...policy.check.regions);
}

function several(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value);
}

describe('the median', () => {
  it.each([
    { values: [], median: 0 },
    { values: [3], median: 3 },
    { values: [9, 1, 4], median: 4 },
    { values: [9, 1, 4, 6], median: 5 },
  ])('of $values is $median', ({ values, median: wanted }) => {
    expect(median(values)).toBe(wanted);
  });
});

describe('a region has shifted', () => {
  const region = (latestMs: number[], baselineMs: number[]) => aRegion(NOW, { latestMs, baselineMs });

  it.each([
    { name: 'at three times its median and a second more', latest: several(5, 3_000), shifted: true },
    { name: 'not at less than three times', latest: several(5, 2_999), shifted: false },
    {
      name: 'by the median of five: two outliers are none',
      latest: [800, 800, 800, 9_000, 9_000],
      shifted: false,
    },
    { name: 'by the median of five: three are', latest: [800, 800, 9_000, 9_000, 9_000], shifted: true },
    { name: 'not of four passes', latest: several(4, 9_000), shifted: false },
  ])('$name', ({ latest, shifted }) => {
    expect(isShifted(region(latest, several(10, 1_000)), latency)).toBe(shifted);
  });

  it('not before it knows what is normal', () => {
    expect(isShifted(region(several(5, 9_000), several(9, 1_000)), latency)).toBe(false);
  });

  it('not by a few milliseconds, however many times they are', () => {
    expect(isShifted(region(several(5, 1_099), several(10, 100)), latency)).toBe(false);
    expect(isShifted(region(several(5, 1_100), several(10, 100)), latency)).toBe(true);
  });

  it('as the configuration measures it', () => {
    const strict = { timesMedian: 1.5, atLeastMs: 50 };
    expect(isShifted(region(several(5, 150), several(10, 100)), strict)).toBe(true);
    expect(isShifted(region(several(5, 149), several(10, 100)), strict)).toBe(false);
  });
});

describe('the slow regions', () => {
  const some = (slow: number, all: number) =>
    Object.fromEntries(
      FIVE_REGIONS.slice(0, all).map((id, index) => [
        id,
        aRegion(NOW, {
          vote: { outcome: 'pass', runId: 'x', startedAtMs: NOW - 1, durationMs: 1 },
          latestMs: several(5, index < slow ? 5_000 : 800),
          baselineMs: several(10, 800),
        }),
      ]),
    );

  it.each([
    { slow: 1, all: 1, told: false },
    { slow: 1, all: 2, told: false },
    { slow: 2, all: 2, told: true },
    { slow: 2, all: 3, told: true },
    { slow: 2, all: 4, told: false },
    { slow: 3, all: 4, told: true },
    { slow: 2, all: 5, told: false },
    { slow: 3, all: 5, told: true },
  ])(
    'are told when they are most of the quorum, and two at least: $slow of $all → $told',
    ({ slow, all, told }) => {
      expect(slowRegions(some(slow, all), latency, TIMING, NOW)).toHaveLength(told ? slow : 0);
    },
  );

  it('have a median of now and one of normal', () => {
    expect(latencyOf(some(3, 4), FOUR_REGIONS.slice(0, 3))).toEqual({ latestMs: 5_000, normalMs: 800 });
  });
});

describe('being slow in most regions', () => {
  it('is a page of its own, that says how slow and where', () => {
    const story = pace(settled(), 3, SLOW_MS);
    expect(story.told).toEqual(['trigger portal-login:1']);
    expect(story.pages[0]).toMatchObject({
      reason: 'latency',
      summary: expect.stringMatching(
        /^Portal login is slow in [34] of 4 regions — 5\.0 s instead of 800 ms$/,
      ),
    });
    expect(story.state.slow?.latency).toMatchObject({ normalMs: NORMAL_MS, latestMs: SLOW_MS });
    expect(story.incident).toBeUndefined();
  });

  it('is told once', () => {
    const story = pace(settled(), 60, SLOW_MS);
    expect(story.told).toEqual(['trigger portal-login:1']);
  });

  it('takes three passes of a region: a hiccup of two in all of them is none', () => {
    const story = settled();
    for (let count = 0; count < 5; count++) pace(pace(story, 2, SLOW_MS), 6, NORMAL_MS);
    expect(story.pages).toEqual([]);
  });

  it('is over when it is as quick as before for as long as any incident takes', () => {
    const story = pace(pace(settled(), 5, SLOW_MS), 2, NORMAL_MS);
    expect(story.told).toHaveLength(1);
    pace(story, 5, NORMAL_MS);
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
    expect(story.state.slow).toMatchObject({ status: 'resolved' });
  });

  it('wakes the state at the moments at which it recovers and is over', () => {
    const story = pace(pace(settled(), 5, SLOW_MS), 3, NORMAL_MS);
    const cleanSinceMs = story.state.slow?.cleanSinceMs ?? 0;
    expect(story.nowMs + (story.wakeInMs ?? 0)).toBe(cleanSinceMs + 30_000);
    story.nowMs = cleanSinceMs + 30_000;
    expect(story.tick().state.slow?.status).toBe('recovered');
    expect(story.wakeInMs).toBe(30_000);
    story.wait(30_000).tick();
    expect(story.told).toHaveLength(2);
  });

  it('inside the hold is the same incident', () => {
    const policy = aPolicy({}, { clearAfterMs: 30_000, resolveAfterMs: 300_000 });
    const story = pace(pace(settled(policy), 5, SLOW_MS), 4, NORMAL_MS);
    expect(story.state.slow?.status).toBe('recovered');
    pace(story, 4, SLOW_MS);
    expect(story.state.slow).toMatchObject({ status: 'open', cleanSinceMs: undefined });
    expect(story.told).toHaveLength(1);
  });

  it('does not become the measure of itself', () => {
    const story = pace(settled(), 40, SLOW_MS);
    expect(story.state.regions['us-east']?.baselineMs.every((durationMs) => durationMs === NORMAL_MS)).toBe(
      true,
    );
    pace(story, 12, NORMAL_MS);
    expect(median(story.state.regions['us-east']?.baselineMs ?? [])).toBe(NORMAL_MS);
    pace(story, 4, SLOW_MS);
    expect(story.told.at(-1)).toBe('trigger portal-login:2');
  });

  it('under another configuration is what is normal there', () => {
    const story = settled();
    for (let round = 0; round < 10; round++)
      for (const region of FOUR_REGIONS)
        story.run(aRun, region, { durationMs: SLOW_MS, configHash: 'another' }).wait(1_000);
    expect(story.pages).toEqual([]);
    expect(story.state.regions['us-east']).toMatchObject({
      configHash: 'another',
      latestMs: several(5, SLOW_MS),
    });
  });

  it('ends when the check fails, which is paged anew under a higher number', () => {
    const story = pace(settled(), 4, SLOW_MS).fail();
    expect(story.told).toEqual([
      'trigger portal-login:1',
      'trigger portal-login:2',
      'resolve portal-login:1',
    ]);
    expect(story.incident).toMatchObject({ seq: 2, rule: 'unanimous' });
    expect(story.state.slow?.status).toBe('resolved');
  });

  it('is not told while the check fails, nor while that is being confirmed', () => {
    const failing = settled(aPolicy()).fail();
    pace(failing, 5, SLOW_MS);
    expect(failing.state.regions['us-east']?.latestMs).toEqual(several(5, SLOW_MS));
    expect(failing.told).toEqual(['trigger portal-login:1']);
    const suspect = settled().run(aFailedRun, 'us-east');
    for (const region of [...OTHERS, ...OTHERS, ...OTHERS])
      suspect.run(aRun, region, { durationMs: SLOW_MS }).wait(500);
    expect(suspect.state.suspicion).toBeDefined();
    expect(suspect.pages).toEqual([]);
  });

  it('is not over because nobody says anything any more', () => {
    const story = pace(settled(), 5, SLOW_MS).wait(3_600_000).tick();
    expect(story.told).toHaveLength(1);
    story.alive().wait(3_600_000).tick();
    expect(story.told).toHaveLength(1);
    story.run(aRun, 'us-east', { durationMs: SLOW_MS });
    expect(story.state.slow).toMatchObject({ status: 'open', seq: 1 });
  });

  it('is acknowledged, and timed, like any incident', () => {
    const story = pace(settled(), 3, SLOW_MS).acknowledge(1, 'Ada').accept(1);
    expect(story.state.slow).toMatchObject({
      acknowledged: { by: 'Ada' },
      ledger: { acceptedBy: 'oncall', acknowledgedBy: 'Ada' },
    });
    const ledger = story.state.slow?.ledger;
    expect(ledger?.firstFailedStartMs).toBeLessThanOrEqual(ledger?.decidedMs ?? 0);
    expect((ledger?.decidedMs ?? 0) - (ledger?.firstFailedStartMs ?? 0)).toBeLessThan(30_000);
  });
});

describe('one region alone', () => {
  it('may be as slow as it likes: a far one is always an outlier', () => {
    const story = oneSlow(settled(), 100);
    expect(story.pages).toEqual([]);
  });

  it('that is the only one of the check is not told either', () => {
    const story = pace(settled(aPolicy({ regions: ['us-east'] })), 20, SLOW_MS, ['us-east']);
    expect(story.pages).toEqual([]);
  });
});
