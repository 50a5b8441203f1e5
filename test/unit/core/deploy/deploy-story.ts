import { Announcement, type AnnouncementInput } from '#core/deploy/announcement.ts';
import type { Deploy, ServiceState } from '#core/deploy/deploy.ts';
import { NEW_SERVICE } from '#core/deploy/deploy.ts';
import type { CheckStanding, DeployEffect, DeployEvent, DeployPolicy } from '#core/deploy/event.ts';
import { deployPolicy } from '#core/deploy/policy.ts';
import type { ServiceInput } from '#core/deploy/service.ts';
import { deployStep, deployWakeMs } from '#core/deploy/step.ts';
import { parseConfig } from '#core/config.ts';
import type { Page } from '#core/page.ts';
import { describeProblems } from '#core/problem.ts';
import { runId, type DeploySide, type Outcome, type Run } from '#core/run.ts';
import type { z } from 'zod';
import { SOME_TRAITS } from '#test/fixtures/builders.ts';

export const T0 = 1_800_000_000_000;
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

/** What a side of a pair comes to; `lost`: nothing is ever heard of it. */
export type Answer = { outcome: Outcome; durationMs: number } | 'lost';
export const PASS: Answer = { outcome: 'pass', durationMs: 2_000 };
export const FAIL: Answer = { outcome: 'fail', durationMs: 1_000 };

export type World = {
  /** What a run of that side meets that begins `atMs` after the announcement. */
  run(side: DeploySide, atMs: number, region: string, check: string): Answer;
  isLive?(region: string, atMs: number): boolean;
  standings?(checks: readonly string[], atMs: number): CheckStanding[];
  /** What the n-th call of the rollback comes to; `undefined`: no answer ever comes. */
  rollBack?(attempt: number, atMs: number): { ok: boolean; refused: boolean; error?: string } | undefined;
  /** Cache headers that a region sees. */
  look?(region: string): Record<string, string> | undefined;
};

export const BOTH_FINE: World = { run: () => PASS };

const CANARY = { kind: 'header', name: 'x-lane', value: 'open-sesame' } as const;

/** A service in four regions, with a canary by header, unless overridden. */
export function aDeployPolicy(
  service: Partial<z.input<typeof ServiceInput>> = {},
  regions: readonly string[] = ['us-east', 'us-west', 'eu-west', 'ap-south'],
): DeployPolicy {
  const journey = { kind: 'journey', file: 'probes/journeys/any.journey.ts', owner: 'Tests' };
  const parsed = parseConfig({
    publicUrl: 'https://hub.example',
    regions: Object.fromEntries(regions.map((region) => [region, {}])),
    checks: {
      'portal-login': { ...journey, title: 'Portal login', vars: { baseUrl: 'https://portal.example' } },
      'lti-launch': { ...journey, title: 'LTI launch', vars: { baseUrl: 'https://portal.example' } },
    },
    channels: { oncall: { kind: 'pagerduty' }, chat: { kind: 'slack' } },
    services: { portal: { title: 'Portal', checks: ['portal-login'], canary: CANARY, ...service } },
  });
  if (!parsed.ok) throw new Error(describeProblems(parsed.problems));
  return deployPolicy(parsed.value, SOME_TRAITS, 'portal', []);
}

/** An announcement, as the edge has parsed it. */
export function anAnnouncement(over: Partial<AnnouncementInput> = {}): Announcement {
  return Announcement.parse({ service: 'portal', version: '4.2.1', previousVersion: '4.2.0', ...over });
}

type Due = { atMs: number; event(nowMs: number): DeployEvent };

/** A deploy as it goes on in a world that answers as it is told to, by a clock of its own. Times are since `T0`. */
export class DeployStory {
  readonly policy: DeployPolicy;
  readonly effects: { atMs: number; effect: DeployEffect }[] = [];
  state: ServiceState = NEW_SERVICE;
  world: World;
  #nowMs = T0;
  #due: Due[] = [];
  #seq = 0;

  constructor(policy: DeployPolicy, world: World) {
    this.policy = policy;
    this.world = world;
  }

  get deploy(): Deploy {
    if (!this.state.deploy) throw new Error('nothing was announced');
    return this.state.deploy;
  }

  get atMs(): number {
    return this.#nowMs - T0;
  }

  announce(over: Partial<AnnouncementInput> = {}): void {
    const announcement = anAnnouncement(over);
    const checks = announcement.checks ?? this.policy.service.checks;
    this.tell({ type: 'announced', nowMs: this.#nowMs, announcement, checks, by: 'pipeline' });
  }

  /** An event that happens now. */
  tell(event: DeployEvent): void {
    const { state, effects } = deployStep(this.policy, this.state, event);
    // As it is stored: nothing but plain JSON survives.
    this.state = JSON.parse(JSON.stringify(state)) as ServiceState;
    for (const effect of effects) {
      this.effects.push({ atMs: this.atMs, effect });
      this.#follow(effect);
    }
  }

  /** Lets time go on to this moment. */
  until(atMs: number): void {
    const endMs = T0 + atMs;
    for (let turns = 0; ; turns++) {
      if (turns > 100_000) throw new Error('the story does not come on');
      const [next] = this.#due.toSorted((a, b) => a.atMs - b.atMs);
      const wakeMs = deployWakeMs(this.policy, this.state);
      const dueMs = Math.min(next?.atMs ?? Infinity, wakeMs === undefined ? Infinity : wakeMs);
      if (dueMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      if (next && next.atMs <= this.#nowMs) {
        this.#due = this.#due.filter((due) => due !== next);
        this.tell(next.event(this.#nowMs));
      } else this.tell({ type: 'tick', nowMs: this.#nowMs });
    }
    this.#nowMs = endMs;
  }

  /** Lets time go on until the deploy has ended, and tells when; fails after two hours. */
  untilEnded(): number {
    while (this.deploy.phase !== 'ended') {
      if (this.atMs > 120 * MINUTE) throw new Error('the deploy does not end');
      this.until(this.atMs + SECOND);
    }
    return (this.deploy.endedAtMs ?? 0) - T0;
  }

  /** Messages of an event, with when they went out. */
  pages(event: Page['event']): { atMs: number; page: Page }[] {
    return this.effects.flatMap(({ atMs, effect }) =>
      effect.type === 'page' && effect.page.event === event ? [{ atMs, page: effect.page }] : [],
    );
  }

  of<T extends DeployEffect['type']>(
    type: T,
  ): { atMs: number; effect: Extract<DeployEffect, { type: T }> }[] {
    return this.effects.flatMap(({ atMs, effect }) =>
      effect.type === type ? [{ atMs, effect: effect as Extract<DeployEffect, { type: T }> }] : [],
    );
  }

  /** Makes something happen in so many milliseconds. */
  later(inMs: number, event: (nowMs: number) => DeployEvent): void {
    this.#due.push({ atMs: this.#nowMs + inMs, event });
  }

  #follow(effect: DeployEffect): void {
    const { world } = this;
    switch (effect.type) {
      case 'ask-standings': {
        const standings =
          world.standings?.(effect.checks, this.atMs) ?? effect.checks.map((check) => ({ check }));
        return this.later(20, (nowMs) => ({ type: 'standings', nowMs, n: effect.n, standings }));
      }
      case 'look':
        return this.#look(effect);
      case 'verify':
        return this.#verify(effect);
      case 'roll-back': {
        const result = world.rollBack
          ? world.rollBack(effect.attempt, this.atMs)
          : { ok: true, refused: false };
        if (result) this.later(300, (nowMs) => ({ type: 'rollback-called', nowMs, n: effect.n, ...result }));
        return undefined;
      }
      case 'retire':
      case 'page':
      case 'mark':
        return undefined;
    }
  }

  #look({ n, item, urls, regions }: Extract<DeployEffect, { type: 'look' }>): void {
    const live = regions.filter((region) => this.world.isLive?.(region, this.atMs) ?? true);
    this.later(30, (nowMs) => ({ type: 'look-asked', nowMs, n, item, liveRegions: live }));
    for (const region of live) {
      const headers = this.world.look?.(region);
      if (!headers) continue;
      const answers = urls.map((url) => ({ url, status: 200, headers }));
      this.later(200, (nowMs) => ({
        type: 'looked',
        nowMs,
        region,
        looked: { type: 'looked', probe: `probe-${region}`, service: 'portal', n, item, answers },
      }));
    }
  }

  #verify({ n, pair, check, region, sides }: Extract<DeployEffect, { type: 'verify' }>): void {
    const isLive = this.world.isLive?.(region, this.atMs) ?? true;
    this.later(20, (nowMs) => ({ type: 'asked', nowMs, n, pair, isLive }));
    if (!isLive) return;
    for (const { side, selector } of sides) {
      const answer = this.world.run(side, this.atMs, region, check);
      if (answer === 'lost') continue;
      const run = this.#runOf(
        { n, pair, side, apart: selector !== undefined && side === 'canary' },
        check,
        region,
        answer,
      );
      this.later(50 + answer.durationMs, (nowMs) => ({ type: 'run', nowMs, run }));
    }
  }

  #runOf(
    ref: { n: number; pair: number; side: DeploySide; apart: boolean },
    check: string,
    region: string,
    { outcome, durationMs }: Exclude<Answer, 'lost'>,
  ): Run {
    const probe = `probe-${region}`;
    const seq = ++this.#seq;
    return {
      id: runId(probe, 1, seq),
      check,
      region,
      probe,
      boot: 1,
      seq,
      trigger: 'deploy',
      startedAtMs: this.#nowMs,
      durationMs,
      waitedMs: 0,
      outcome,
      ...(outcome === 'fail'
        ? { failure: { owner: 'target', class: 'http', httpStatus: 500, message: 'Internal Server Error' } }
        : {}),
      ...(outcome === 'invalid'
        ? { failure: { owner: 'probe', class: 'overload', message: 'no place' } }
        : {}),
      steps: [{ title: 'Sign in', startMs: 0, durationMs, steps: [] }],
      deploy: { service: 'portal', ...ref },
      screenshot: false,
      configHash: 'abc',
    };
  }
}
