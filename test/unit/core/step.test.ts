import { describe, expect, it } from 'vitest';
import { restoredState, type CheckState } from '#core/check-state.ts';
import { Page } from '#core/page.ts';
import type { Policy } from '#core/policy.ts';
import { stateWakeMs, step } from '#core/step.ts';
import { aFailedRun, aPolicy, FIVE_REGIONS, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { ORDINARY, randomStory } from './random-story.ts';
import { START_MS, Story } from './story.ts';

const QUICK = { clearAfterMs: 20_000, resolveAfterMs: 40_000 };
const STORIES = 50;

/** A policy in whose random stories an incident begins and ends several times. */
function quick(regionCount = 4, windows: [fromMs: number, untilMs: number][] = []): Policy {
  const maintenance = windows.map(([fromMs, untilMs]) => ({
    title: `Work ${fromMs}`,
    fromMs: START_MS + fromMs,
    untilMs: START_MS + untilMs,
  }));
  return aPolicy({ regions: FIVE_REGIONS.slice(0, regionCount) }, QUICK, { maintenance });
}

function alternating(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `${index % 2 === 0 ? 'trigger' : 'resolve'} portal-login:${Math.floor(index / 2) + 1}`,
  );
}

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

  it('tells of a page once, however often it is asked at the same moment', () => {
    const story = new Story().page();
    const { length } = story.effects;
    for (let count = 0; count < 10; count++) story.tick();
    expect(story.effects).toHaveLength(length);
  });
});

describe('over random stories', () => {
  it.each([1, 2, 3, 4, 5])(
    'of %i regions: one open incident, keys that only grow, resolve only after its trigger',
    (regionCount) => {
      const lengths = [];
      for (let seed = 0; seed < STORIES / 2; seed++) {
        const { told } = randomStory(quick(regionCount), seed, 300, ORDINARY);
        const keys = told.filter((line) => !line.startsWith('update'));
        expect(keys).toEqual(alternating(keys.length));
        lengths.push(keys.length);
      }
      expect(Math.max(...lengths)).toBeGreaterThan(2);
    },
  );

  it('an update is only told of an incident that is open', () => {
    let updates = 0;
    for (let seed = 0; seed < STORIES; seed++) {
      const open = new Set<string>();
      for (const { event, dedupKey } of randomStory(quick(), seed, 300, ORDINARY).pages) {
        if (event === 'trigger') open.add(dedupKey);
        if (event === 'resolve') open.delete(dedupKey);
        if (event !== 'update') continue;
        expect(open).toContain(dedupKey);
        updates += 1;
      }
    }
    expect(updates).toBeGreaterThan(0);
  });

  it('with slow hours: no key twice, and none resolved that was not opened', () => {
    let slow = 0;
    for (let seed = 0; seed < STORIES; seed++) {
      const story = randomStory(quick(), seed, 400, { ...ORDINARY, slow: seed % 2 ? 0.3 : 0.6 });
      const triggers = story.pages.filter(({ event }) => event === 'trigger');
      expect(triggers.map(({ seq }) => seq)).toEqual(triggers.map((_, index) => index + 1));
      const resolves = story.told.filter((line) => line.startsWith('resolve'));
      expect(new Set(resolves).size).toBe(resolves.length);
      for (const line of resolves)
        expect(story.told.indexOf(line.replace('resolve', 'trigger'))).toBeLessThan(story.told.indexOf(line));
      slow += triggers.filter(({ reason }) => reason === 'latency').length;
    }
    expect(slow).toBeGreaterThan(0);
  });

  it('with maintenance: no page is opened inside a window, and each window that was noticed ends with one verdict', () => {
    const windows: [number, number][] = [
      [20_000, 120_000],
      [100_000, 150_000],
      [300_000, 330_000],
    ];
    let released = 0;
    // An incident that outlives its window is rare.
    for (let seed = 0; seed < STORIES * 4; seed++) {
      const story = randomStory(quick(4, windows), seed, 300, ORDINARY, ({ state }) => {
        if (state.incident?.held === false) released += 1;
      });
      for (const { effect, atMs } of story.effects) {
        if (effect.type !== 'page' || effect.page.event !== 'trigger') continue;
        expect(windows.some(([from, until]) => from <= atMs && atMs < until)).toBe(false);
      }
      const verdicts = story.notices.filter(({ reason }) => reason === 'maintenance');
      expect(new Set(verdicts.map(({ dedupKey }) => dedupKey)).size).toBe(verdicts.length);
      expect(verdicts.length).toBeGreaterThan(0);
    }
    expect(released).toBeGreaterThan(0);
  });

  it('with probes that page by themselves: no number is ever used for two incidents', () => {
    for (let seed = 0; seed < STORIES; seed++) {
      const used = new Set<number>();
      let seen = 0;
      randomStory(quick(), seed, 300, { ...ORDINARY, glass: 0.03 }, (story) => {
        for (const { effect } of story.effects.slice(seen)) {
          if (effect.type === 'burst') continue;
          const { event, seq } = effect.page;
          if (effect.type === 'page' && event === 'trigger') expect(used).not.toContain(seq);
          if (event === 'resolve') expect(used).toContain(seq);
          used.add(seq);
          expect(seq).toBeLessThanOrEqual(story.state.lastSeq);
        }
        seen = story.effects.length;
      });
      expect(used.size).toBeGreaterThan(0);
    }
  });

  it('every page is one that channels can read, and says nothing empty', () => {
    for (let seed = 0; seed < STORIES / 2; seed++) {
      const chances = { ...ORDINARY, slow: 0.1, glass: 0.01, invalid: 0.15 };
      for (const { effect } of randomStory(quick(), seed, 300, chances).effects) {
        if (effect.type === 'burst') continue;
        expect(Page.parse(effect.page)).toEqual(effect.page);
        expect(effect.page.summary).not.toMatch(/undefined|NaN|Infinity/);
      }
    }
  });

  it('a state that was stored decides like one that was not, and none is changed in place', () => {
    for (let seed = 0; seed < STORIES / 5; seed++) {
      let before: CheckState | undefined;
      const policy = quick(4, [[60_000, 120_000]]);
      randomStory(policy, seed, 200, { ...ORDINARY, slow: 0.1, glass: 0.01 }, (story) => {
        const stored = restoredState(JSON.parse(JSON.stringify(before ?? story.state)) as CheckState);
        expect(stored).toEqual(before ?? story.state);
        before = deepFreeze(story.state);
        const event = { type: 'tick', nowMs: story.nowMs + 5_000 } as const;
        const again = restoredState(JSON.parse(JSON.stringify(story.state)) as CheckState);
        expect(step(policy, again, event)).toEqual(step(policy, story.state, event));
      });
    }
  });

  it('never asks to be woken at a moment that has passed: that would be a loop', () => {
    const windows: [number, number][] = [[60_000, 120_000]];
    for (let seed = 0; seed < STORIES / 2; seed++)
      randomStory(quick(4, windows), seed, 300, { ...ORDINARY, slow: 0.1, glass: 0.01 }, (story) => {
        const { state } = step(story.policy, story.state, { type: 'tick', nowMs: story.nowMs });
        const wakeMs = stateWakeMs(story.policy, state, story.nowMs);
        if (wakeMs !== undefined) expect(wakeMs).toBeGreaterThan(story.nowMs);
      });
  });

  it('asks for a burst at most once at a time', () => {
    for (let seed = 0; seed < STORIES / 2; seed++) {
      let seen = 0;
      randomStory(quick(), seed, 300, { ...ORDINARY, control: 0.1 }, (story) => {
        const asked = story.effects.slice(seen).filter(({ effect }) => effect.type === 'burst');
        expect(asked.length).toBeLessThanOrEqual(1);
        seen = story.effects.length;
      });
    }
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
