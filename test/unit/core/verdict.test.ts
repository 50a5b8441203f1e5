import { describe, expect, it } from 'vitest';
import type { RegionState } from '#core/region.ts';
import { extendStreak, pagingRule, unanimousStreak, verdictOf, type Streak } from '#core/verdict.ts';
import {
  aCheck,
  aFailedRun,
  aPolicy,
  aRegion,
  aRun,
  FIVE_REGIONS,
  FOUR_REGIONS,
} from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const NOW = 1_800_000_000_000;
const TIMING = { intervalMs: 30_000, timeoutMs: 20_000 };
const NO_STREAK: Streak = { count: 0, regions: [] };

/** A region that has voted a second ago, with what it adds up to. */
function voter(over: Partial<RegionState> = {}, outcome: 'pass' | 'fail' = 'pass'): RegionState {
  return aRegion(NOW, {
    vote: { outcome, runId: 'x', startedAtMs: NOW - 1_000, durationMs: 500 },
    ...over,
  });
}

function named(regions: RegionState[]): Record<string, RegionState> {
  return Object.fromEntries(regions.map((region, index) => [FIVE_REGIONS[index] ?? '', region]));
}

/** Regions with so many failures each in the tally, `agoMs` ago. */
function tallies(counts: number[], agoMs = 10_000): Record<string, RegionState> {
  return named(
    counts.map((count) => voter({ failedAtMs: Array.from({ length: count }, () => NOW - agoMs) })),
  );
}

function inRows(counts: number[]): Record<string, RegionState> {
  return named(counts.map((failuresInRow) => voter({ failuresInRow })));
}

describe('rule 1, unanimous', () => {
  it('pages when every live region has failed and the streak is 5 of 4 regions', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    story.wait(10_000).allFail();
    expect(story.pages).toHaveLength(0);
    story.run(aFailedRun, 'us-east');
    expect(story.pages).toHaveLength(1);
    expect(story.pages[0]).toMatchObject({
      event: 'trigger',
      dedupKey: 'portal-login:1',
      reason: 'unanimous',
      errorClass: 'http 502',
      step: 'Sign in',
    });
  });

  it.each([
    { live: 1, streak: 3 },
    { live: 2, streak: 4 },
    { live: 3, streak: 4 },
    { live: 4, streak: 5 },
    { live: 5, streak: 6 },
  ])('takes $streak failures in a row with $live live regions', ({ live, streak }) => {
    expect(unanimousStreak(live)).toBe(streak);
    const regions = FIVE_REGIONS.slice(0, live);
    const story = new Story(aPolicy({ regions })).allPass(regions).alive(...regions);
    for (let count = 1; count < streak; count++) story.run(aFailedRun, regions[count % live] ?? '').wait(900);
    expect(story.pages).toHaveLength(0);
    story.run(aFailedRun, regions[0] ?? '');
    expect(story.pages.map(({ reason }) => reason)).toEqual(['unanimous']);
  });

  it('starts the streak anew at a success anywhere', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(10_000);
    story.run(aFailedRun, 'us-east').run(aFailedRun, 'us-west').run(aRun, 'eu-west');
    story.run(aFailedRun, 'ap-south').run(aFailedRun, 'us-east').run(aFailedRun, 'us-west');
    expect(story.state.suspicion?.streak.count).toBe(3);
    expect(story.pages).toHaveLength(0);
  });

  it('does not page on the first region to report after a start when the others are alive', () => {
    const story = new Story()
      .run(aFailedRun, 'us-east')
      .alive(...FOUR_REGIONS)
      .wait(1_000);
    for (let count = 0; count < 6; count++) story.run(aFailedRun, 'us-east').wait(1_000);
    expect(story.pages).toHaveLength(0);
  });

  it('leaves a silent region out of the quorum', () => {
    const story = new Story().allPass().wait(5_000);
    story.run(aFailedRun, 'us-east').alive('us-east', 'us-west', 'eu-west').wait(1_000);
    story.run(aFailedRun, 'us-west').run(aFailedRun, 'eu-west').wait(1_000);
    expect(story.pages).toHaveLength(0);
    story.run(aFailedRun, 'us-east');
    expect(story.pages).toHaveLength(1);
    expect(story.pages[0]?.regions.find((line) => line.region === 'ap-south')?.vote).toBe('silent');
  });

  it('pages when the last region that has not failed dies while it is waited for', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(10_000);
    const others = ['us-east', 'us-west', 'eu-west'];
    story.allFail(others).run(aFailedRun, 'us-east').run(aFailedRun, 'us-west');
    expect(story.pages).toHaveLength(0);
    story.wait(5_000).alive(...others);
    expect(story.pages.map(({ reason }) => reason)).toEqual(['unanimous']);
  });

  it('counts the time to page from the first failure of the streak', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(10_000);
    const firstStartMs = story.nowMs - 500;
    story.allFail().run(aFailedRun, 'us-east');
    expect(story.state.incident?.ledger.firstFailedStartMs).toBe(firstStartMs);
    expect(story.pages[0]?.sinceMs).toBe(firstStartMs);
  });

  it('a streak knows each of its regions once', () => {
    const streak = ['a', 'b', 'a'].reduce<Streak>(
      (so, region) => extendStreak(so, region, 'fail'),
      NO_STREAK,
    );
    expect(streak).toEqual({ count: 3, regions: ['a', 'b'] });
    expect(extendStreak(streak, 'c', 'pass')).toEqual(NO_STREAK);
  });
});

describe('rule 2, partial', () => {
  it.each([
    { tally: [3, 3, 3], pages: true },
    { tally: [3, 3, 2], pages: false },
    { tally: [3, 3, 3, 2], pages: true },
    { tally: [3, 3, 2, 3], pages: true },
    { tally: [3, 3, 2, 2], pages: false },
    { tally: [3, 3, 3, 1], pages: false },
    { tally: [3, 3, 3, 3, 1], pages: true },
    { tally: [3, 3, 3, 2, 2], pages: true },
    { tally: [3, 3, 3, 3, 0], pages: false },
    { tally: [3, 3, 3, 2, 1], pages: false },
  ])(
    'asks for twice as many failures as there are regions, outside the worst: $tally → $pages',
    ({ tally, pages }) => {
      expect(pagingRule(tallies(tally), NO_STREAK, TIMING, NOW)).toBe(pages ? 'partial' : undefined);
    },
  );

  it.each([{ tally: [3] }, { tally: [3, 3] }])(
    'is off with fewer than three live regions: $tally',
    ({ tally }) => {
      expect(pagingRule(tallies(tally), NO_STREAK, TIMING, NOW)).toBeUndefined();
    },
  );

  it('counts failures of the last two minutes and none before', () => {
    expect(pagingRule(tallies([3, 3, 3, 3], 120_000), NO_STREAK, TIMING, NOW)).toBe('partial');
    expect(pagingRule(tallies([3, 3, 3, 3], 120_001), NO_STREAK, TIMING, NOW)).toBeUndefined();
  });

  it('adjusts to a region that has left the quorum: three are left, with six failures outside the worst', () => {
    const regions = tallies([3, 3, 3, 0]);
    expect(pagingRule(regions, NO_STREAK, TIMING, NOW)).toBeUndefined();
    const left = { ...regions, 'ap-south': aRegion(NOW, { silent: true }) };
    expect(pagingRule(left, NO_STREAK, TIMING, NOW)).toBe('partial');
  });

  it('does not count what a region said before its vote expired, though it has come back', () => {
    const old = { outcome: 'fail' as const, runId: 'x', startedAtMs: NOW - 60_000, durationMs: 500 };
    const regions = tallies([3, 3, 3, 3]);
    const back = { ...regions, 'us-east': voter({ failedAtMs: [NOW, NOW, NOW], vote: old }) };
    expect(pagingRule(back, NO_STREAK, TIMING, NOW)).toBeUndefined();
  });

  it('pages a partial outage in which half the runs pass', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 12 && story.pages.length === 0; round++)
      for (const [index, region] of FOUR_REGIONS.entries())
        story.run((index + round) % 2 === 0 ? aFailedRun : aRun, region).wait(500);
    expect(story.pages.map((page) => page.reason)).toEqual(['partial']);
  });

  it('one region, however bad, adds nothing', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 20; round++)
      story.run(aFailedRun, 'us-east').run(aRun, 'us-west').wait(1_000);
    expect(story.state.regions['us-east']?.failedAtMs).toHaveLength(3);
    expect(story.pages).toHaveLength(0);
  });
});

describe('rule 3, regional', () => {
  it.each([
    { rows: [5, 5], pages: true },
    { rows: [5, 4], pages: false },
    { rows: [5, 5, 0], pages: true },
    { rows: [3, 3, 3], pages: true },
    { rows: [3, 3, 2], pages: false },
    { rows: [9, 4, 2, 0], pages: false },
    { rows: [5, 5, 0, 0], pages: true },
    { rows: [3, 3, 3, 0], pages: true },
    { rows: [9, 9, 0, 0, 0], pages: true },
    { rows: [9, 4, 2, 2, 2], pages: false },
    { rows: [3, 3, 3, 0, 0], pages: true },
    { rows: [99], pages: false },
  ])(
    'takes two regions with five failures in a row, or three with three: $rows → $pages',
    ({ rows, pages }) => {
      expect(pagingRule(inRows(rows), NO_STREAK, TIMING, NOW)).toBe(pages ? 'regional' : undefined);
    },
  );

  it('pages when two regions keep failing though the others pass', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 5; round++) {
      expect(story.pages).toHaveLength(0);
      story.run(aFailedRun, 'us-east').run(aFailedRun, 'us-west').run(aRun, 'eu-west').run(aRun, 'ap-south');
      story.wait(2_000);
    }
    expect(story.pages.map((page) => page.reason)).toEqual(['regional']);
  });

  it('pages when three regions fail three times in a row though the fourth passes', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 3; round++) {
      expect(story.pages).toHaveLength(0);
      story.allFail(['us-east', 'us-west', 'eu-west']).run(aRun, 'ap-south');
    }
    expect(story.pages.map((page) => page.reason)).toEqual(['regional']);
  });

  it('does not take two regions that each pass now and then for one that is down', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 40; round++) {
      const build = round % 5 === 4 ? aRun : aFailedRun;
      story.run(build, 'us-east').run(build, 'us-west').run(aRun, 'eu-west').run(aRun, 'ap-south');
      story.wait(2_000);
    }
    expect(story.pages).toHaveLength(0);
  });
});

describe('no rule', () => {
  it('pages without a quorum', () => {
    const gone = named([5, 5, 5, 5].map((failuresInRow) => voter({ failuresInRow, silent: true }, 'fail')));
    const streak = { count: 20, regions: [...FOUR_REGIONS] };
    expect(pagingRule(gone, streak, TIMING, NOW)).toBeUndefined();
    expect(pagingRule({}, streak, TIMING, NOW)).toBeUndefined();
  });

  it('counts a region that is known to be bad by itself', () => {
    const known = voter({ failuresInRow: 9, failedAtMs: [NOW, NOW, NOW], told: ['one-region'] }, 'fail');
    const tally = { ...tallies([3, 3, 2, 0]), 'sa-east': known };
    expect(pagingRule(tally, NO_STREAK, TIMING, NOW)).toBeUndefined();
    const row = { ...inRows([6, 0, 0, 0]), 'sa-east': known };
    expect(pagingRule(row, NO_STREAK, TIMING, NOW)).toBeUndefined();
  });

  it('but a region beside it that has failed seven times in a row is no hiccup any more', () => {
    const known = voter({ failuresInRow: 9, failedAtMs: [NOW, NOW, NOW], told: ['one-region'] }, 'fail');
    const row = { ...inRows([7, 0, 0, 0]), 'sa-east': known };
    expect(pagingRule(row, NO_STREAK, TIMING, NOW)).toBe('regional');
    expect(pagingRule(inRows([7, 0, 0, 0]), NO_STREAK, TIMING, NOW)).toBeUndefined();
  });

  it('pages regions that go down one after the other, each for good', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 80 && story.told.length === 0; round++) {
      const isBad = (index: number): boolean => round >= index * 30;
      for (const [index, region] of FOUR_REGIONS.entries())
        story.run(index < 2 && isBad(index) ? aFailedRun : aRun, region);
      story.wait(15_000).tick();
    }
    expect(story.told).toEqual(['trigger portal-login:1']);
  });

  it('never pages for one bad region, however long, and it does not make the others run for ever', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 60; round++) {
      story.run(aFailedRun, 'us-east').run(aRun, 'us-west').run(aRun, 'eu-west').run(aRun, 'ap-south');
      story.wait(10_000).tick();
    }
    expect(story.told).toEqual([]);
    const lastBurst = story.effects.findLast(({ effect }) => effect.type === 'burst');
    expect(lastBurst?.atMs).toBeLessThan(140_000);
  });
});

describe('the verdict', () => {
  const check = aCheck();
  const pass = voter({}, 'pass');
  const fail = voter({}, 'fail');
  const lost = voter({ silent: true }, 'pass');
  const own = voter({ abstains: true }, 'pass');

  it.each([
    { name: 'up when every vote is a pass', regions: [pass, pass], verdict: 'up' },
    { name: 'down when every vote is a failure', regions: [fail, fail], verdict: 'down' },
    { name: 'regional when one of several fails', regions: [pass, fail, pass], verdict: 'regional' },
    { name: 'partial when some of several fail', regions: [pass, fail, fail], verdict: 'partial' },
    { name: 'blind without a region', regions: [], verdict: 'blind' },
    { name: 'blind when all are silent: silence is not health', regions: [lost, lost], verdict: 'blind' },
    { name: 'blind when all measure nothing', regions: [own, own], verdict: 'blind' },
    { name: 'that of those with a say', regions: [own, lost, fail], verdict: 'down' },
  ])('is $name', ({ regions, verdict }) => {
    expect(verdictOf(named(regions), check, NOW)).toBe(verdict);
  });

  it('is blind once the votes have expired', () => {
    expect(verdictOf(named([pass]), check, NOW + 58_999)).toBe('up');
    expect(verdictOf(named([pass]), check, NOW + 59_000)).toBe('blind');
  });
});
