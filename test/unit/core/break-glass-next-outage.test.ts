import { describe, expect, it } from 'vitest';
import {
  decideGlass,
  EMPTY_GLASS,
  HUB_GONE_AFTER_MS,
  withHubBack,
  withHubLost,
  withLocalRun,
  withPaged,
  withWord,
  type GlassState,
} from '#core/break-glass.ts';
import { aCheck, aFailedRun, aRun } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const CHECK = aCheck();
const HOLD_MS = 300_000;
const LOST_MS = 1_000_000;

/** A probe that has lost its hub at `LOST_MS`, and pages as it decides. */
class Lonely {
  state: GlassState = withHubLost(EMPTY_GLASS, LOST_MS);
  nowMs = LOST_MS;
  readonly seqs: number[] = [];

  run(build: typeof aRun, count: number): this {
    for (let at = 0; at < count; at++) {
      this.nowMs += 30_000;
      const { check, outcome, failure } = build();
      const run = { check, outcome, failure, startedAtMs: this.nowMs - 500, endedAtMs: this.nowMs };
      this.state = withLocalRun(this.state, run, 1_000);
      this.#decide();
      this.#decide();
    }
    return this;
  }

  #decide(): void {
    const policy = { checks: [CHECK], burstGapMs: 1_000, resolveAfterMs: HOLD_MS, maintenance: [] };
    const { state, pages } = decideGlass(this.state, policy, this.nowMs, this.nowMs);
    this.state = state;
    for (const page of pages) {
      this.seqs.push(page.seq);
      this.state = withPaged(this.state, page);
    }
  }
}

describe('with the hub gone for good', () => {
  it('the next outage is paged too, as another incident, and each once', () => {
    const probe = new Lonely().run(aFailedRun, 5).run(aRun, 12).run(aFailedRun, 5);
    expect(probe.seqs).toEqual([1, 2]);
    expect(probe.run(aRun, 12).run(aFailedRun, 5).seqs).toEqual([1, 2, 3]);
    expect(HUB_GONE_AFTER_MS).toBe(30_000);
  });

  it('so is the next one after what the hub had paged', () => {
    const probe = new Lonely();
    probe.state = withWord(probe.state, CHECK.id, { seq: 4, open: true, accepted: true });
    expect(probe.run(aFailedRun, 5).seqs).toEqual([]);
    expect(probe.run(aRun, 12).run(aFailedRun, 5).seqs).toEqual([5]);
  });

  it('a failure inside the hold is the same incident', () => {
    const probe = new Lonely().run(aFailedRun, 5).run(aRun, 9).run(aFailedRun, 5);
    expect(probe.seqs).toEqual([1]);
    expect(probe.run(aRun, 5).run(aFailedRun, 1).run(aRun, 5).run(aFailedRun, 5).seqs).toEqual([1]);
  });

  it('what was clean here while the hub was there says nothing: it knows what fails elsewhere', () => {
    const probe = new Lonely();
    probe.state = withHubBack(probe.state);
    probe.run(aRun, 20);
    probe.state = withWord(probe.state, CHECK.id, { seq: 1, open: true, accepted: true });
    probe.state = withHubLost(probe.state, probe.nowMs);
    expect(probe.run(aFailedRun, 5).seqs).toEqual([]);
  });
});

it('the hub that hears of both outages afterwards ends the first, and goes on with the second', () => {
  const story = new Story().brokeGlass({ seq: 1 }).brokeGlass({ seq: 2 });
  expect(story.told).toEqual(['resolve portal-login:1']);
  expect(story.incident).toMatchObject({ seq: 2, rule: 'break-glass' });
  expect(story.state.lastSeq).toBe(2);
  story.fail().passRounds(12);
  expect(story.told.slice(1)).toEqual(['resolve portal-login:2']);
});
