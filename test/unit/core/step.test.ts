import { describe, expect, it } from 'vitest';
import { initialState, isBursting, PROBES_MAX, type CheckState } from '#core/check-state.ts';
import type { Policy } from '#core/policy.ts';
import { stateWakeMs, step, type CheckEffect } from '#core/step.ts';
import { BURST_MAX_MS } from '#core/burst.ts';
import type { Run } from '#core/run.ts';
import { aFailedRun, anInvalidRun, aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';

/** A check under test: events in, effects out, the clock moved by hand. */
class Story {
  state: CheckState = initialState();
  nowMs = 1_800_000_000_000;
  readonly effects: { atMs: number; effect: CheckEffect }[] = [];
  readonly startMs = this.nowMs;
  readonly #seqs = new Map<string, number>();
  readonly policy: Policy;

  constructor(policy: Policy = aPolicy()) {
    this.policy = policy;
  }

  wait(durationMs: number): this {
    this.nowMs += durationMs;
    return this;
  }

  run(
    build: (over: Partial<Run>) => Run,
    region: string,
    over: Partial<Run> & { agoMs?: number } = {},
  ): this {
    const { agoMs = 500, ...fields } = over;
    const probe = fields.probe ?? `probe-${region}`;
    const seq = fields.seq ?? (this.#seqs.get(probe) ?? 0) + 1;
    this.#seqs.set(probe, Math.max(seq, this.#seqs.get(probe) ?? 0));
    const run = build({ durationMs: agoMs, ...fields, region, probe, seq });
    return this.apply({ type: 'run', nowMs: this.nowMs, startedAtMs: this.nowMs - agoMs, run });
  }

  apply(event: Parameters<typeof step>[2]): this {
    const stepped = step(this.policy, this.state, event);
    this.state = stepped.state;
    for (const effect of stepped.effects) this.effects.push({ atMs: this.nowMs - this.startMs, effect });
    return this;
  }

  tick(): this {
    return this.apply({ type: 'tick', nowMs: this.nowMs });
  }

  alive(...liveRegions: string[]): this {
    return this.apply({ type: 'liveness', nowMs: this.nowMs, liveRegions });
  }

  /** Every region passes once, a second apart. */
  allPass(regions: readonly string[] = FOUR_REGIONS): this {
    for (const region of regions) this.run(aRun, region).wait(1_000);
    return this;
  }

  allFail(regions: readonly string[] = FOUR_REGIONS): this {
    for (const region of regions) this.run(aFailedRun, region).wait(1_000);
    return this;
  }

  get pages() {
    return this.effects.flatMap(({ effect }) => (effect.type === 'page' ? [effect.page] : []));
  }

  get bursts(): number {
    return this.effects.filter(({ effect }) => effect.type === 'burst').length;
  }
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
  ])('takes $streak failures in a row with $live live regions', ({ live, streak }) => {
    const regions = FOUR_REGIONS.slice(0, live);
    const story = new Story(aPolicy({ regions })).allPass(regions).alive(...regions);
    for (let count = 1; count < streak; count++) story.run(aFailedRun, regions[count % live] ?? '').wait(900);
    expect(story.pages).toHaveLength(0);
    story.run(aFailedRun, regions[0] ?? '');
    expect(story.pages).toHaveLength(1);
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
});

describe('rules 2 and 3', () => {
  it('pages a partial outage in which half the runs pass', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 12 && story.pages.length === 0; round++)
      for (const [index, region] of FOUR_REGIONS.entries())
        story.run((index + round) % 2 === 0 ? aFailedRun : aRun, region).wait(500);
    expect(story.pages.map((page) => page.reason)).toEqual(['partial']);
  });

  it('pages when two regions keep failing though the others pass', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 5; round++) {
      story.run(aFailedRun, 'us-east').run(aFailedRun, 'us-west').run(aRun, 'eu-west').run(aRun, 'ap-south');
      story.wait(2_000);
    }
    expect(story.pages.map((page) => page.reason)).toEqual(['regional']);
  });

  it('never pages for one bad region, however long, and does not burst for ever', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 60; round++) {
      story.run(aFailedRun, 'us-east').run(aRun, 'us-west').run(aRun, 'eu-west').run(aRun, 'ap-south');
      story.wait(10_000).tick();
    }
    expect(story.pages).toHaveLength(0);
    expect(isBursting(story.state, story.nowMs)).toBe(false);
    expect(story.effects.at(-1)?.atMs).toBeLessThan(BURST_MAX_MS + 20_000);
  });
});

describe('old evidence', () => {
  const HOUR_MS = 3_600_000;

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
    expect(story.state.regions['us-west']).toMatchObject({ failuresInRow: 1, score: 4 });
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
    for (let round = 0; round < 12 && story.pages.length === 0; round++)
      for (const [index, region] of FOUR_REGIONS.entries())
        story.run(index === 0 || (index + round) % 2 === 0 ? aFailedRun : aRun, region).wait(3_000);
    expect(story.pages.map((page) => page.reason)).toEqual(['partial']);
    expect(story.pages[0]?.sinceMs).toBeGreaterThanOrEqual(onsetMs - 500);
    expect(story.state.incident?.ledger.burstAskedMs).toBeGreaterThanOrEqual(onsetMs);
  });
});

describe('burst', () => {
  it('asks all regions at the first failure and again while it lasts', () => {
    const story = new Story().allPass().run(aFailedRun, 'us-east');
    expect(story.bursts).toBe(1);
    expect(isBursting(story.state, story.nowMs)).toBe(true);
    story.wait(1_000).tick();
    expect(story.bursts).toBe(1);
    expect(stateWakeMs(story.policy, story.state, story.nowMs)).toBe(story.nowMs + 4_000);
    story.wait(4_000).tick();
    expect(story.bursts).toBe(2);
  });

  it('is not held up by a clock that is set back, and is no longer for it', () => {
    const story = new Story().allPass().run(aFailedRun, 'us-east').wait(-3_600_000);
    story.run(aFailedRun, 'us-east');
    expect(story.bursts).toBe(2);
    expect(isBursting(story.state, story.nowMs + BURST_MAX_MS)).toBe(false);
  });

  it('ends when the score is clear', () => {
    const story = new Story().allPass().run(aFailedRun, 'us-east').run(aRun, 'us-east');
    expect(isBursting(story.state, story.nowMs)).toBe(true);
    story.run(aRun, 'us-east');
    expect(story.state.suspicion).toBeUndefined();
    expect(isBursting(story.state, story.nowMs)).toBe(false);
  });

  it('ends with the page', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .allFail()
      .run(aFailedRun, 'us-east');
    expect(isBursting(story.state, story.nowMs)).toBe(false);
  });
});

describe('runs that do not vote', () => {
  it('an invalid run never pages, and its region abstains', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let round = 0; round < 20; round++)
      for (const region of FOUR_REGIONS) story.run(anInvalidRun, region).wait(1_000);
    expect(story.effects).toEqual([]);
    expect(story.state.regions['us-east']?.abstains).toBe(true);
  });

  it('a region whose browser is broken does not delay the page of the others', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .run(anInvalidRun, 'ap-south')
      .wait(1_000);
    story.allFail(['us-east', 'us-west', 'eu-west']).run(aFailedRun, 'us-east');
    expect(story.pages).toHaveLength(1);
    expect(story.pages[0]?.regions.find((line) => line.region === 'ap-south')?.vote).toBe('abstains');
  });

  it('a run older than interval + timeout neither pages nor clears', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    for (let count = 0; count < 10; count++) story.run(aFailedRun, 'us-east', { agoMs: 50_001 });
    expect(story.effects).toEqual([]);
    story.run(aFailedRun, 'us-east').run(aRun, 'us-west', { agoMs: 60_000 });
    expect(story.state.suspicion?.streak.count).toBe(1);
  });

  it('a run out of its probe’s order is history', () => {
    const story = new Story().run(aRun, 'us-east', { seq: 5 }).run(aFailedRun, 'us-east', { seq: 4 });
    expect(story.state.suspicion).toBeUndefined();
    story.run(aFailedRun, 'us-east', { seq: 9, boot: 1 });
    expect(story.state.suspicion).toBeUndefined();
    story.run(aFailedRun, 'us-east', { seq: 1, boot: 1_900_000_000_000 });
    expect(story.state.suspicion?.streak.count).toBe(1);
  });

  it('a probe whose clock was set back is heard again once the runs before cannot be fresh any more', () => {
    const story = new Story().run(aRun, 'us-east', { boot: 1_900_000_000_000 }).wait(200_000);
    story.run(aFailedRun, 'us-east', { seq: 1, boot: 1_800_000_000_000 });
    expect(story.state.suspicion?.streak.count).toBe(1);
  });

  it('remembers the order of a bounded number of probes, however many names there have been', () => {
    const story = new Story();
    for (let index = 0; index < 400; index++) story.run(aRun, 'us-east', { probe: `pod-${index}` }).wait(10);
    expect(Object.keys(story.state.probes).length).toBeLessThanOrEqual(PROBES_MAX);
    story.wait(600_000).run(aRun, 'us-east', { probe: 'pod-last' });
    expect(Object.keys(story.state.probes)).toEqual(['pod-last']);
  });

  it('a run of a region the check does not have is ignored', () => {
    const story = new Story().run(aFailedRun, 'mars');
    expect(story.state).toEqual(initialState());
  });
});

describe('resolve', () => {
  const paged = () =>
    new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(10_000)
      .allFail()
      .run(aFailedRun, 'us-east');

  it('waits for two successes per live region, 120 s clean, and 300 s before the provider is told', () => {
    const story = paged();
    const passRound = () => story.wait(26_000).allPass();
    passRound();
    expect(story.state.incident?.status).toBe('open');
    while (story.nowMs - (story.state.incident?.cleanSinceMs ?? 0) < 120_000) passRound();
    expect(story.state.incident?.status).toBe('recovered');
    expect(story.pages).toHaveLength(1);
    while (story.nowMs - (story.state.incident?.cleanSinceMs ?? 0) < 300_000) passRound();
    story.tick();
    expect(story.pages.map((page) => page.event)).toEqual(['trigger', 'resolve']);
    expect(story.pages[1]?.dedupKey).toBe('portal-login:1');
    expect(story.state.incident?.status).toBe('resolved');
  });

  it('is the same incident when it fails again inside the hold', () => {
    const story = paged();
    for (let round = 0; round < 6; round++) story.wait(26_000).allPass();
    expect(story.state.incident?.status).toBe('recovered');
    story.allFail().allFail();
    expect(story.state.incident).toMatchObject({ seq: 1, status: 'open', successes: {} });
    expect(story.pages).toHaveLength(1);
  });

  it('is a new incident with a new key after the hold', () => {
    const story = paged();
    for (let round = 0; round < 12; round++) story.wait(26_000).allPass().tick();
    expect(story.state.incident?.status).toBe('resolved');
    story.allFail().run(aFailedRun, 'us-east');
    expect(story.pages.map((page) => `${page.event} ${page.dedupKey}`)).toEqual([
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
    expect(story.pages.map((page) => page.event)).toEqual(['trigger', 'resolve']);
    story.wait(10_000).run(aFailedRun, 'us-east');
    expect(story.pages).toHaveLength(2);
    expect(isBursting(story.state, story.nowMs)).toBe(true);
  });

  it('does not come from silence', () => {
    const story = paged().wait(3_600_000).tick();
    expect(story.state.incident?.status).toBe('open');
  });

  it('names the time it wants to look again', () => {
    const story = paged();
    for (let round = 0; round < 2; round++) story.wait(10_000).allPass();
    expect(stateWakeMs(story.policy, story.state, story.nowMs)).toBe(
      (story.state.incident?.cleanSinceMs ?? 0) + 120_000,
    );
  });
});

describe('ledger', () => {
  it('stamps every leg once, in order', () => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(10_000)
      .allFail()
      .run(aFailedRun, 'us-east');
    story.wait(5).apply({ type: 'sent', nowMs: story.nowMs, seq: 1 });
    story.wait(40);
    const accepted = {
      type: 'accepted',
      nowMs: story.nowMs,
      seq: 1,
      channel: 'oncall',
      providerId: 'p1',
    } as const;
    story
      .apply(accepted)
      .wait(10)
      .apply({ ...accepted, nowMs: story.nowMs, channel: 'other' });
    const ledger = story.state.incident?.ledger;
    expect(ledger).toMatchObject({ acceptedBy: 'oncall', providerId: 'p1' });
    const stamps = [
      ledger?.firstFailedStartMs,
      ledger?.runEndMs,
      ledger?.receivedMs,
      ledger?.burstAskedMs,
      ledger?.decidedMs,
      ledger?.sentMs,
      ledger?.acceptedMs,
    ].map((stamp) => stamp ?? Number.NaN);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
    expect(stamps.at(-1)).toBe(story.nowMs - 10);
  });
});

describe('step', () => {
  it('leaves the state it was given unchanged', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    const frozen = deepFreeze(structuredClone(story.state));
    expect(() =>
      step(story.policy, frozen, {
        type: 'run',
        nowMs: story.nowMs,
        startedAtMs: story.nowMs - 100,
        run: aFailedRun({ seq: 99 }),
      }),
    ).not.toThrow();
  });

  it('keeps its promises over random stories: one open incident, keys that only grow, resolve only after trigger', () => {
    let seed = 42;
    const random = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
    for (let round = 0; round < 200; round++) {
      const story = new Story(aPolicy({}, { clearAfterMs: 20_000, resolveAfterMs: 40_000 }));
      for (let count = 0; count < 300; count++) {
        const region = FOUR_REGIONS[Math.floor(random() * 4)] ?? 'us-east';
        const broken = count % 100 < 50;
        const roll = random();
        if (roll < 0.05) story.run(anInvalidRun, region);
        else if (roll < 0.1) story.tick();
        else if (roll < 0.15) story.alive(...FOUR_REGIONS.filter(() => random() < 0.8));
        else story.run(random() < (broken ? 0.9 : 0.02) ? aFailedRun : aRun, region);
        story.wait(Math.floor(random() * 4_000));
      }
      const keys = story.pages.map((page) => `${page.event} ${page.seq}`);
      const wanted = Array.from(
        { length: keys.length },
        (_, index) => `${index % 2 === 0 ? 'trigger' : 'resolve'} ${Math.floor(index / 2) + 1}`,
      );
      expect(keys).toEqual(wanted);
      expect(keys.length).toBeGreaterThan(0);
    }
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
