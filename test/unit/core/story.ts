import { activeIncident, initialState, type CheckState } from '#core/check-state.ts';
import type { Incident } from '#core/incident.ts';
import type { Page } from '#core/page.ts';
import type { Policy } from '#core/policy.ts';
import type { Run } from '#core/run.ts';
import { stateWakeMs, step } from '#core/step.ts';
import type { BrokenGlass, CheckEffect, CheckEvent } from '#core/check-event.ts';
import { aFailedRun, aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';

/** When every story begins. */
export const START_MS = 1_800_000_000_000;

/** A check under test: events in, effects out, the clock moved by hand. */
export class Story {
  state: CheckState = initialState();
  nowMs = START_MS;
  policy: Policy;
  readonly effects: { atMs: number; effect: CheckEffect }[] = [];
  readonly #seqs = new Map<string, number>();

  constructor(policy: Policy = aPolicy()) {
    this.policy = policy;
  }

  wait(durationMs: number): this {
    this.nowMs += durationMs;
    return this;
  }

  /** A run that began `agoMs` ago and has just been reported. */
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

  apply(event: CheckEvent): this {
    const stepped = step(this.policy, this.state, event);
    this.state = stepped.state;
    for (const effect of stepped.effects) this.effects.push({ atMs: this.nowMs - START_MS, effect });
    return this;
  }

  tick(): this {
    return this.apply({ type: 'tick', nowMs: this.nowMs });
  }

  alive(...liveRegions: readonly string[]): this {
    const silentRegions = this.policy.check.regions.filter((id) => !liveRegions.includes(id));
    const { nowMs } = this;
    return this.apply({ type: 'liveness', nowMs, askedAtMs: nowMs, liveRegions, silentRegions });
  }

  /** A run of the region goes on, `ageMs` after its start. */
  overdue(region: string, ageMs = 4_000): this {
    return this.apply({ type: 'overdue', nowMs: this.nowMs, startedAtMs: this.nowMs - ageMs, region });
  }

  acknowledge(seq: number, by: string, via = 'operator'): this {
    return this.apply({ type: 'acknowledged', nowMs: this.nowMs, seq, by, via });
  }

  accept(seq: number, channel = 'oncall', providerId?: string): this {
    return this.apply({ type: 'accepted', nowMs: this.nowMs, seq, channel, providerId });
  }

  /** A probe tells that it has paged by itself: decided 20 s ago, accepted a second later. */
  brokeGlass(over: Partial<BrokenGlass> = {}): this {
    return this.apply({
      type: 'broke-glass',
      nowMs: this.nowMs,
      seq: this.state.lastSeq + 1,
      region: 'us-east',
      firstFailedStartMs: this.nowMs - 60_000,
      decidedMs: this.nowMs - 20_000,
      acceptedMs: this.nowMs - 19_000,
      channel: 'oncall',
      failure: { owner: 'target', class: 'connect', message: 'Connection refused' },
      ...over,
    });
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

  /** Rounds of passes, as they come without a burst: each region every 30 s. */
  passRounds(rounds: number, regions: readonly string[] = FOUR_REGIONS): this {
    for (let round = 0; round < rounds; round++) this.allPass(regions).wait(30_000 - 1_000 * regions.length);
    return this;
  }

  /** All regions alive and passing, then all of them failing until rule 1 pages. */
  page(): this {
    const { regions } = this.policy.check;
    this.allPass(regions).alive(...regions);
    return this.wait(10_000).fail();
  }

  /** All regions failing, twice over: enough for rule 1. */
  fail(): this {
    const { regions } = this.policy.check;
    return this.allFail(regions).allFail(regions);
  }

  /** What went out: pages and notices, in order. */
  get pages(): Page[] {
    return this.effects.flatMap(({ effect }) => (effect.type === 'page' ? [effect.page] : []));
  }

  get notices(): Page[] {
    return this.pages.filter(({ event }) => event === 'notice');
  }

  /** Triggers, updates and resolves, as `trigger portal-login:1`. */
  get told(): string[] {
    return this.pages
      .filter(({ event }) => event !== 'notice')
      .map(({ event, dedupKey }) => `${event} ${dedupKey}`);
  }

  get bursts(): number {
    return this.effects.filter(({ effect }) => effect.type === 'burst').length;
  }

  get incident(): Incident | undefined {
    return activeIncident(this.state);
  }

  /** How long from now until the state wants a tick by itself. */
  get wakeInMs(): number | undefined {
    const wakeMs = stateWakeMs(this.policy, this.state, this.nowMs);
    return wakeMs === undefined ? undefined : wakeMs - this.nowMs;
  }
}
