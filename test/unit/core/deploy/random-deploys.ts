import { cleanRunsToAccept, SPRT_DEFAULTS, sprtBounds } from '#core/canary/sprt.ts';
import type { Deploy } from '#core/deploy/deploy.ts';
import type { DeployEvent } from '#core/deploy/event.ts';
import { deployWakeMs } from '#core/deploy/step.ts';
import { tellDeploy } from '#core/deploy/telling/telling.ts';
import { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import type { Outcome } from '#core/run.ts';
import { aDeployPolicy, DeployStory, MINUTE, SECOND, T0, type World } from '#test/fixtures/deploy-story.ts';

const CLEAN_RUNS = cleanRunsToAccept(sprtBounds(SPRT_DEFAULTS));
/** Somebody rolls back within 15 s, then the checks are asked, which have 5 s. */
const PAGED_WITHIN_MS = 20 * SECOND;
/** A version before of which all runs pass has as long as a verification. */
const PROVEN_WITHIN_MS = 15 * MINUTE;
/** Characters of a service's state: two journeys in three regions, with all that is kept of them. */
const STATE_CHARS_MAX = 400_000;

/** Numbers from 0 to 1 that a seed tells in advance (mulberry32). */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A service, its pipelines, its people and its regions over an hour, as the seed has them, and what must hold all the time. */
export class RandomDeploys {
  readonly story: DeployStory;
  readonly #chance: () => number;
  readonly #wished = new Set<number>();
  /** What did not hold. */
  readonly faults: string[] = [];
  /** The deploys as they were last. */
  readonly deploys = new Map<number, Deploy>();

  constructor(seed: number) {
    const chance = chanceOf(seed);
    this.#chance = chance;
    const pick = <T>(all: readonly [T, ...T[]]): T => all[Math.floor(chance() * all.length)] ?? all[0];
    const unattended = chance() < 0.5;
    const deadline = pick(['10s', '60s', '5m', '60m']);
    const rollback = pick([
      undefined,
      { kind: 'command' as const, command: ['./back.sh'], unattended, deadline },
      ...Array.from({ length: 3 }, () => ({
        kind: 'webhook' as const,
        url: 'https://ci.example/back',
        signingSecret: { secret: 'S' },
        unattended,
        deadline,
      })),
    ]);
    const regions = ['us-east', 'us-west', 'eu-west'].slice(0, 1 + Math.floor(chance() * 3));
    const policy = aDeployPolicy(
      {
        pairEvery: pick(['15s', '30s', '60s']),
        checks: chance() < 0.7 ? ['portal-login'] : ['portal-login', 'lti-launch'],
        ...(chance() < 0.2 ? { canary: undefined } : {}),
        ...(rollback ? { rollback } : {}),
        ...(chance() < 0.2
          ? {
              checklist: [
                { kind: 'cache-primed' as const, id: 'cache', urls: ['https://portal.example/'] },
                { kind: 'confirmed' as const, id: 'told', title: 'Support is told' },
              ],
            }
          : {}),
      },
      regions,
    );
    this.story = new DeployStory(policy, this.#world(pick));
    this.#watch();
    this.#happen(pick);
  }

  get atMs(): number {
    return this.story.atMs;
  }

  /** What the regions, the checks and whoever rolls back answer. */
  #world(pick: <T>(all: readonly [T, ...T[]]) => T): World {
    const chance = this.#chance;
    const badness = pick([
      { canary: 0, baseline: 0 },
      { canary: 0.1, baseline: 0.05 },
      { canary: 0.5, baseline: 0 },
      { canary: 1, baseline: 0 },
      { canary: 1, baseline: 1 },
      { canary: 1, baseline: 1 },
    ]);
    const invalid = pick([0, 0, 0, 0.02, 0.3, 1]);
    const lost = pick([0, 0, 0.02, 0.3]);
    const slowMs = pick([1, 10, 90]) * SECOND;
    const healsAtMs = chance() * 40 * MINUTE;
    const blind = { fromMs: chance() * 20 * MINUTE, forMs: pick([0, 0, 5, 60]) * MINUTE };
    const knowsFromMs = pick([0, 1, Infinity, Infinity]) * MINUTE;
    return {
      run: (side, atMs) => {
        if (chance() < lost) return 'lost';
        const isBad = atMs < healsAtMs && chance() < badness[side];
        const outcome: Outcome = chance() < invalid ? 'invalid' : isBad ? 'fail' : 'pass';
        return { outcome, durationMs: Math.round(200 + chance() * slowMs) };
      },
      isLive: (_region, atMs) =>
        (atMs < blind.fromMs || atMs > blind.fromMs + blind.forMs) && chance() < 0.97,
      standings: (checks, atMs) =>
        checks.flatMap((check) =>
          chance() < 0.05
            ? []
            : [
                atMs > knowsFromMs && atMs < healsAtMs
                  ? { check, openIncident: { seq: 1, summary: 'it fails' } }
                  : { check },
              ],
        ),
      rollBack: () =>
        pick([
          undefined,
          { ok: true, refused: false },
          { ok: true, refused: false },
          { ok: false, refused: false, error: 'http 503' },
          { ok: false, refused: true, error: 'http 401' },
        ]),
      look: () => (chance() < 0.2 ? undefined : { 'x-cache': chance() < 0.8 ? 'HIT' : 'MISS' }),
    };
  }

  /** What pipelines and people do, and ticks that nobody has asked for. */
  #happen(pick: <T>(all: readonly [T, ...T[]]) => T): void {
    const chance = this.#chance;
    const { story } = this;
    for (let times = 3 + chance() * 3; times > 0; times -= 1)
      story.later(Math.floor(chance() * pick([1, 10, 60]) * MINUTE), this.#announcement());
    for (let times = 30; times > 0; times -= 1)
      story.later(Math.floor(chance() * 70 * MINUTE), (nowMs) => this.#deed(pick, nowMs));
  }

  #announcement(): (nowMs: number) => DeployEvent {
    const chance = this.#chance;
    const { story } = this;
    const version = `4.2.${Math.floor(chance() * 4)}`;
    const key = chance() < 0.5 ? undefined : `run-${Math.floor(chance() * 9)}`;
    const more = {
      markOnly: chance() < 0.25,
      duringIncident: chance() < 0.5,
      ...(chance() < 0.7 ? { confirmations: { told: 'yes' } } : {}),
    };
    return (nowMs) => {
      story.announce({ version, ...(key === undefined ? {} : { key }), ...more });
      return { type: 'tick', nowMs };
    };
  }

  #deed(pick: <T>(all: readonly [T, ...T[]]) => T, nowMs: number): DeployEvent {
    const n = Math.max(1, this.story.state.lastN - Math.floor(this.#chance() * 2));
    switch (pick(['tick', 'tick', 'wish', 'told', 'lift', 'acknowledge', 'attempts'] as const)) {
      case 'tick':
        return { type: 'tick', nowMs };
      case 'wish':
        this.#wished.add(n);
        return { type: 'rollback-wanted', nowMs, n, by: 'ada', via: pick(['operator', 'pipeline'] as const) };
      case 'told': {
        const ok = this.#chance() < 0.5;
        return { type: 'rollback-called', nowMs, n, ok, refused: !ok };
      }
      case 'lift':
        return { type: 'freeze-lifted', nowMs, by: 'ada' };
      case 'acknowledge':
        return { type: 'acknowledged', nowMs, seq: n, by: 'ada', via: 'operator' };
      case 'attempts': {
        const canary = { attempts: 100, failures: pick([0, 1, 90]) };
        return {
          type: 'attempts',
          nowMs,
          realAttempts: { canary, baseline: { attempts: 900, failures: 1 } },
        };
      }
    }
  }

  /** Tells everything as it comes, some of it twice, and looks after each. */
  #watch(): void {
    const { story } = this;
    const tell = story.tell.bind(story);
    story.tell = (event) => {
      tell(event);
      this.#look(event);
      // A call that failed twice has failed twice, and an answer answers whatever was asked last.
      if (this.#chance() > 0.1 || event.type === 'rollback-called' || event.type === 'standings') return;
      // Without a key, what ended at once is announced anew.
      if (event.type === 'announced' && event.announcement.key === undefined) return;
      const { state, effects } = story;
      const known = effects.length;
      tell(event);
      const isSame = JSON.stringify(story.state) === JSON.stringify(state);
      this.#must(effects.length === known && isSame, `${event.type} twice is as once`);
    };
  }

  #look(event: DeployEvent): void {
    const { story } = this;
    const { policy, state } = story;
    const { deploy } = state;
    for (const { effect } of story.effects.slice(-20))
      if (effect.type === 'retire') this.deploys.set(effect.deploy.n, effect.deploy);
    if (!deploy) return;
    // A pipeline that has heard a verdict may try again.
    const known = this.deploys.get(deploy.n);
    if (known && known.outcome === undefined && deploy.outcome !== undefined && this.#chance() < 0.7)
      story.later(Math.floor(this.#chance() * 40 * SECOND), this.#announcement());
    this.deploys.set(deploy.n, deploy);
    const wakeMs = deployWakeMs(policy, state);
    if (deploy.phase !== 'ended' || deploy.alarm) this.#must(wakeMs !== undefined, 'it asks to be woken');
    // What is due has been done: whoever wakes it then does not do so for ever.
    this.#must(wakeMs === undefined || wakeMs > event.nowMs, `nothing is due after ${event.type}`);
    if (this.#chance() > 0.02) return;
    const json = JSON.stringify(state);
    this.#must(json.length < STATE_CHARS_MAX, 'its state is bounded');
    const told = JSON.stringify(tellDeploy(policy, deploy, event.nowMs));
    this.#must(ToldDeploy.safeParse(JSON.parse(told)).success, 'it is told as the schema says');
    this.#must(!told.includes('sesame'), 'no value of a selector is told');
  }

  /** What must have come of each deploy. */
  judge(): void {
    const { story } = this;
    this.#must(story.deploy.phase === 'ended', 'it ends');
    const calls = story.of('roll-back').map(({ effect }) => effect);
    for (const { n, key } of calls) {
      const isWanted = this.deploys.get(n)?.rollback?.unattended === true || this.#wished.has(n);
      this.#must(isWanted, `${n} is rolled back as somebody wants it`);
      this.#must(
        calls.every((call) => call.n !== n || call.key === key),
        `the rollback of ${n} has one key`,
      );
    }
    const told = (event: 'trigger' | 'resolve' | 'notice', n: number): number =>
      story.pages(event).filter(({ page }) => page.seq === n).length;
    for (const [n, deploy] of this.deploys) {
      const [triggers, resolves] = [told('trigger', n), told('resolve', n)];
      this.#must(triggers <= 1 && resolves <= triggers, `${n} has one page, and one end of it`);
      this.#must(told('notice', n) <= 3, `${n} has few notices`);
      const isLast = story.state.incident?.seq === n && story.deploy.n === n;
      this.#must(triggers === resolves || isLast, `the page of ${n} is over with it`);
      const runs = deploy.verification?.checks.map(
        ({ decided }) => decided?.decision.figures.canary.runs ?? 0,
      );
      this.#must(
        deploy.outcome !== 'good' || runs?.every((count) => count >= CLEAN_RUNS) === true,
        `${n} is good by enough runs`,
      );
      this.#judgePaging(n, deploy);
    }
  }

  #must(holds: boolean, what: string): void {
    if (!holds) this.faults.push(`${what} (at ${this.atMs} ms)`);
  }

  /** Somebody hears of an outage, and of a bad canary that is not taken back, in time. */
  #judgePaging(n: number, deploy: Deploy): void {
    const { outcome, decidedAtMs = 0, rollback, healthyAgainAtMs } = deploy;
    const isOurs = outcome === 'both-failing' || (outcome === 'bad' && deploy.canary !== undefined);
    if (!isOurs || healthyAgainAtMs !== undefined) return;
    const isAsked = rollback?.askedAtMs !== undefined || rollback?.calledAtMs !== undefined;
    const dueMs = isAsked
      ? Math.max(decidedAtMs, rollback?.deadlineAtMs ?? 0) + PROVEN_WITHIN_MS + 2 * PAGED_WITHIN_MS
      : decidedAtMs + PAGED_WITHIN_MS;
    this.#must(this.#isHeardOf(n, dueMs), `somebody hears of ${n}`);
  }

  /** Whether people hear of it by then, or a later deploy that is verified itself has taken its place. */
  #isHeardOf(n: number, dueMs: number): boolean {
    const { story } = this;
    const isHeard = story.effects.some(
      ({ atMs, effect }) =>
        effect.type === 'page' &&
        effect.page.seq === n &&
        (effect.page.event === 'trigger' || effect.page.dedupKey.endsWith(':outage')) &&
        T0 + atMs <= dueMs,
    );
    if (isHeard) return true;
    const over = story.of('retire').find(({ effect }) => effect.deploy.n === n);
    if (!over || T0 + over.atMs > dueMs) return false;
    const later = [...this.deploys.values()].find(
      (deploy) => deploy.n > n && deploy.announcedAtMs === T0 + over.atMs,
    );
    if (later?.verification) return true;
    return later !== undefined && this.#isHeardOf(later.n, later.checklistUntilMs + PAGED_WITHIN_MS);
  }
}
