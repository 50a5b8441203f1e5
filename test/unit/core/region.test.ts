import { describe, expect, it } from 'vitest';
import {
  heard,
  inQuorum,
  isFailing,
  isLive,
  quorumOf,
  RECENT_KEPT,
  unclearRegions,
  withDuration,
  withOverdue,
  withoutTally,
  withoutVote,
  withVote,
  type RegionState,
} from '#core/region.ts';
import { aFailedRun, anInvalidRun, aRegion, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const NOW = 1_800_000_000_000;
const TIMING = { intervalMs: 30_000, timeoutMs: 20_000 };
/** Until then a vote counts: interval + timeout + 10 s. */
const VOTE_MS = 60_000;

function votes(region: RegionState, outcomes: string, everyMs = 1_000): RegionState {
  return outcomes.split('').reduce((so, letter, index) => {
    const startedAtMs = NOW + index * everyMs;
    const outcome = letter === 'p' ? 'pass' : 'fail';
    return withVote(so, { outcome, runId: `r${index}`, startedAtMs, durationMs: 500 }, TIMING);
  }, region);
}

describe('a vote', () => {
  it('expires when the next result is overdue by 10 s', () => {
    const region = votes(aRegion(NOW), 'f');
    expect(isFailing(region, TIMING, NOW + VOTE_MS - 1)).toBe(true);
    expect(isFailing(region, TIMING, NOW + VOTE_MS)).toBe(false);
  });

  it('adds to what the one before had, and not to what one had that has expired', () => {
    const goingOn = votes(aRegion(NOW), 'fff', VOTE_MS - 1);
    expect(goingOn).toMatchObject({ failuresInRow: 3, failingSinceMs: NOW });
    const anew = votes(aRegion(NOW), 'fff', VOTE_MS);
    expect(anew).toMatchObject({ failuresInRow: 1, failingSinceMs: NOW + 2 * VOTE_MS });
    expect(anew.failedAtMs).toEqual([NOW + 2 * VOTE_MS]);
    expect(votes(aRegion(NOW), 'ppp', VOTE_MS).passesInRow).toBe(1);
  });

  it('that is a failure enters the tally, which holds the last three', () => {
    const region = votes(aRegion(NOW), 'ffpfff');
    expect(region.failedAtMs).toEqual([NOW + 3_000, NOW + 4_000, NOW + 5_000]);
    expect(region).toMatchObject({ failuresInRow: 3, passesInRow: 0, failingSinceMs: NOW + 3_000 });
  });

  it('that is a pass ends the row of failures, not the tally', () => {
    const region = votes(aRegion(NOW), 'ffp');
    expect(region).toMatchObject({ failuresInRow: 0, passesInRow: 1, failingSinceMs: undefined });
    expect(region.failedAtMs).toHaveLength(2);
  });

  it('remembers twenty-one outcomes', () => {
    expect(votes(aRegion(NOW), 'f'.repeat(10) + 'p'.repeat(20)).recent).toBe('f' + 'p'.repeat(20));
    expect(RECENT_KEPT).toBe(21);
  });

  it('ends what was known of a run that was overdue', () => {
    const overdue = withOverdue(aRegion(NOW), NOW - 4_000, TIMING, NOW);
    expect(overdue.overdue).toEqual({ atMs: NOW, untilMs: NOW + 26_000 });
    expect(votes(overdue, 'p').overdue).toBeUndefined();
    expect(withoutVote(overdue, 'crashed', NOW).overdue).toBeUndefined();
  });
});

describe('a notice that is out', () => {
  const told = (recent: string) => ({ ...aRegion(NOW, { recent }), told: ['invalid' as const] });

  it('of runs that say nothing is over when fewer than two of the last ones do', () => {
    expect(votes(told('ipi' + 'p'.repeat(17)), 'p').told).toEqual(['invalid']);
    expect(votes(told('pii' + 'p'.repeat(18)), 'p').told).toEqual(['invalid']);
    expect(votes(told('ipi' + 'p'.repeat(18)), 'p').told).toEqual([]);
  });

  it('of one region is over with its first pass', () => {
    const region = { ...aRegion(NOW), told: ['one-region' as const] };
    expect(votes(region, 'ff').told).toEqual(['one-region']);
    expect(votes(region, 'ffp').told).toEqual([]);
  });
});

describe('a region is clear', () => {
  it('after three passes in a row since its last failure', () => {
    const unclear = (outcomes: string): string[] =>
      unclearRegions({ a: votes(aRegion(NOW), outcomes) }, TIMING, NOW + 10_000);
    expect(unclear('f')).toEqual(['a']);
    expect(unclear('fpp')).toEqual(['a']);
    expect(unclear('fppfpp')).toEqual(['a']);
    expect(unclear('fppfppp')).toEqual([]);
    expect(unclear('ppp')).toEqual([]);
  });

  it('when its last word has expired', () => {
    expect(unclearRegions({ a: votes(aRegion(NOW), 'f') }, TIMING, NOW + VOTE_MS)).toEqual([]);
  });

  it('when it is known to be bad by itself', () => {
    const known = { ...votes(aRegion(NOW), 'ff'), told: ['one-region' as const] };
    expect(unclearRegions({ a: known }, TIMING, NOW + 2_000)).toEqual([]);
  });

  it('after its tally was begun anew, which leaves other regions’ objects as they are without one', () => {
    const regions = { a: votes(aRegion(NOW), 'f'), b: votes(aRegion(NOW), 'p') };
    expect(unclearRegions(withoutTally(regions), TIMING, NOW + 1)).toEqual([]);
    const clean = { b: regions.b };
    expect(withoutTally(clean)).toBe(clean);
  });
});

describe('the quorum', () => {
  it('has a region that has voted, until its vote expires', () => {
    const region = votes(aRegion(NOW - 600_000, { heardAtMs: NOW }), 'p');
    expect(inQuorum(region, TIMING, NOW + VOTE_MS - 1)).toBe(true);
    expect(inQuorum(region, TIMING, NOW + VOTE_MS)).toBe(false);
  });

  it('waits for a region that has just come to life as long as a first result may take', () => {
    const region = aRegion(NOW);
    expect(inQuorum(region, TIMING, NOW + VOTE_MS - 1)).toBe(true);
    expect(inQuorum(region, TIMING, NOW + VOTE_MS)).toBe(false);
  });

  it('waits anew for one that comes back from a silence', () => {
    const gone = { ...votes(aRegion(NOW), 'p'), silent: true };
    expect(inQuorum(gone, TIMING, NOW + 1)).toBe(false);
    const back = heard(gone, TIMING, NOW + 3_600_000);
    expect(back).toMatchObject({ silent: false, liveSinceMs: NOW + 3_600_000 });
    expect(inQuorum(back, TIMING, NOW + 3_600_001)).toBe(true);
  });

  it('loses one whose result does not come though its heartbeats may', () => {
    expect(isLive(aRegion(NOW), TIMING, NOW + VOTE_MS)).toBe(true);
    expect(isLive(aRegion(NOW), TIMING, NOW + VOTE_MS + 1)).toBe(false);
  });

  it('keeps one of a quick check as long as heartbeats may be missing: 35 s', () => {
    const quick = { intervalMs: 2_000, timeoutMs: 1_000 };
    expect(isLive(aRegion(NOW), quick, NOW + 35_000)).toBe(true);
    expect(isLive(aRegion(NOW), quick, NOW + 35_001)).toBe(false);
  });

  it('does without one that measures nothing, until its next usable run', () => {
    const abstaining = withoutVote(votes(aRegion(NOW), 'p'), 'crashed', NOW);
    expect(inQuorum(abstaining, TIMING, NOW + 1)).toBe(false);
    expect(inQuorum(votes(abstaining, 'f'), TIMING, NOW + 1)).toBe(true);
  });

  it('does without one that is known to be bad by itself', () => {
    const known = { ...votes(aRegion(NOW), 'ff'), told: ['one-region' as const] };
    expect(quorumOf({ a: known, b: votes(aRegion(NOW), 'p') }, TIMING, NOW + 1)).toEqual(['b']);
  });

  it('has every region again that the configuration lists, and none that it has dropped', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    expect(Object.keys(story.state.regions)).toEqual([...FOUR_REGIONS]);
    story.policy = {
      ...story.policy,
      check: { ...story.policy.check, regions: FOUR_REGIONS.slice(0, 2) },
    };
    story.tick();
    expect(Object.keys(story.state.regions)).toEqual(['us-east', 'us-west']);
    story.allFail(['us-east', 'us-west']).allFail(['us-east', 'us-west']);
    expect(story.told).toEqual(['trigger portal-login:1']);
  });

  it('that one joins asks for more: a region that has come back must fail too', () => {
    const three = ['us-east', 'us-west', 'eu-west'];
    const story = new Story().allPass().alive(...three);
    story.wait(10_000).allFail(three);
    story.alive(...FOUR_REGIONS).run(aFailedRun, 'us-east');
    expect(story.pages).toHaveLength(0);
    story.run(aFailedRun, 'ap-south');
    expect(story.pages).toHaveLength(1);
  });
});

describe('a run that says nothing of the target', () => {
  it('never pages, and its region abstains', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 60; round++)
      for (const region of FOUR_REGIONS) story.run(anInvalidRun, region).wait(1_000);
    expect(story.told).toEqual([]);
    expect(story.bursts).toBe(0);
    expect(story.state.regions['us-east']?.abstains).toBe(true);
  });

  it('does not delay the page of the other regions', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .run(anInvalidRun, 'ap-south')
      .wait(1_000);
    story.allFail(['us-east', 'us-west', 'eu-west']).run(aFailedRun, 'us-east');
    expect(story.pages).toHaveLength(1);
    expect(story.pages[0]?.regions.find((line) => line.region === 'ap-south')?.vote).toBe('abstains');
  });

  it('remembers since when and why the region has said nothing', () => {
    const story = new Story().run(aRun, 'us-east').wait(30_000).run(anInvalidRun, 'us-east');
    const sinceMs = story.nowMs - 500;
    story.wait(30_000).run(anInvalidRun, 'us-east', {
      failure: { owner: 'probe', class: 'disk-full', message: 'No space left' },
    });
    expect(story.state.regions['us-east']?.invalid).toEqual({ sinceMs, why: 'No space left' });
    story.run(aRun, 'us-east');
    expect(story.state.regions['us-east']?.invalid).toBeUndefined();
  });
});

describe('durations', () => {
  function passes(count: number, durationMs: number, before = aRegion(NOW), hash = 'a', shifted = false) {
    let region = before;
    for (let index = 0; index < count; index++) region = withDuration(region, durationMs, hash, shifted);
    return region;
  }

  it('are kept of the last twenty-five passes: five of now, the rest of what was normal', () => {
    const region = passes(20, 900, passes(30, 800.4));
    expect(region.latestMs).toEqual([900, 900, 900, 900, 900]);
    expect(region.baselineMs).toEqual([...Array(5).fill(800), ...Array(15).fill(900)]);
  });

  it('do not become normal while the region is shifted', () => {
    const region = passes(20, 9_000, passes(25, 800), 'a', true);
    expect(region.baselineMs).toEqual(Array(20).fill(800));
    expect(region.latestMs).toEqual(Array(5).fill(9_000));
  });

  it('of another configuration are forgotten', () => {
    const region = passes(1, 900, passes(25, 800), 'b');
    expect(region).toMatchObject({ configHash: 'b', latestMs: [900], baselineMs: [] });
  });
});
