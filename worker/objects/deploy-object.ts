import { DurableObject } from 'cloudflare:workers';
import type { Announcement } from '#core/deploy/pipeline/announcement.ts';
import type { AttemptCounts } from '#core/deploy/attempt-counts.ts';
import type { AttemptsReport } from '#core/deploy/pipeline/attempts.ts';
import type { Deploy, ServiceState } from '#core/deploy/deploy.ts';
import type { DeployEffect, DeployEvent, DeployPolicy } from '#core/deploy/event.ts';
import { resolveChecks } from '#core/deploy/pipeline/resolve.ts';
import type { ServiceView } from '#core/deploy/telling/service-view.ts';
import { askedOf, knownAs } from '#core/deploy/announcing.ts';
import { deployWakeMs, pagedOf } from '#core/deploy/step.ts';
import { deploySubject } from '#core/deploy/telling/subject.ts';
import { tellDeploy, withoutPairs } from '#core/deploy/telling/telling.ts';
import type { CommandResult, ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import type { Run } from '#core/run.ts';
import { earliest, MS_PER_MINUTE, MS_PER_SECOND } from '#core/units.ts';
import type { Looked } from '#core/wire.ts';
import { audit } from '../audit.ts';
import type { HubBindings } from '../bindings.ts';
import { log, logError } from '../log.ts';
import { config, deployPolicyOf } from '../settings.ts';
import { DeployStore } from '../store/deploy-store.ts';
import { AlarmClock } from './alarm-clock.ts';
import { AttemptCounter } from './attempt-counter.ts';
import { DeployAsking } from './deploy-asking.ts';
import { DeployDraft, deployOutboxPolicy } from './deploy-draft.ts';
import { DeployMarks } from './deploy-marks.ts';
import type { AnnounceResult, DeployRpc, RollbackWished } from './deploy-rpc.ts';
import { keepName, nameOf } from './object-name.ts';
import { Outbox } from './outbox.ts';
import { calledRollback } from './rollback-call.ts';
import type { Acknowledged } from './rpc.ts';

/** After an error of our own everything waits this long: it must not spin. */
const ERROR_PAUSE_MS = 5 * MS_PER_SECOND;

/**
 * New deploys in a minute: each is told to people and to every journey, and a pipeline that runs in circles must not drown
 * them. The fastest pipeline deploys a few times an hour.
 */
export const ANNOUNCED_MAX = 60;

const { escalateAfterMs } = config.paging;

/**
 * One service: its deploys, how each is verified, and its rollback. A thin shell round core's `deployStep`: every event is
 * one transaction of state and outbox; what others are asked follows outside of it. Named by the service's id. It stores
 * nothing before the first deploy: anybody with a token can have an object of any name asked.
 *
 * What is in memory is what is stored, but for real attempts: it is replaced only after a transaction has gone through.
 */
export class DeployObject extends DurableObject<HubBindings> implements DeployRpc {
  readonly #id: string;
  readonly #store: DeployStore;
  readonly #clock: AlarmClock;
  readonly #outbox: Outbox;
  readonly #marks: DeployMarks;
  readonly #asking: DeployAsking;
  readonly #attempts: AttemptCounter;
  #state: ServiceState;
  /** When new deploys were announced within the last minute, oldest first. */
  #announcedMs: number[] = [];

  constructor(ctx: DurableObjectState, env: HubBindings) {
    super(ctx, env);
    this.#id = nameOf(ctx);
    this.#store = new DeployStore(ctx.storage.sql);
    this.#state = this.#store.state();
    this.#attempts = new AttemptCounter(this.#store.attempts());
    this.#asking = new DeployAsking(this.#id, env);
    this.#clock = new AlarmClock(ctx.storage, () => this.#background('timer', this.#wake()));
    this.#marks = new DeployMarks(this.#store.marks(), env.CHECKS, (pending) => {
      ctx.storage.transactionSync(() => this.#store.putMarks(pending));
      this.#marks.set(pending);
    });
    const { lastN, deploy } = this.#state;
    const known = [lastN, deploy?.n ?? lastN, ...pagedOf(this.#state).map(({ seq }) => seq)];
    this.#outbox = new Outbox(this.#store.openDeliveries(known), env, {
      policy: () => deployOutboxPolicy(this.#policy(), escalateAfterMs),
      paged: () => pagedOf(this.#state),
      save: (delivery, event) => {
        const effects = this.#commit((draft) => {
          draft.put(delivery);
          if (event) draft.apply(event);
        });
        this.#perform(effects);
      },
      acknowledged: (seq, by, via) => {
        if (this.acknowledge(seq, by, via).state === 'acknowledged')
          audit(env.DB, ctx, { action: 'acknowledge', who: by, via, check: deploySubject(this.#id), seq });
      },
      ended: () => this.#rearm(),
    });
    void ctx.blockConcurrencyWhile(async () => {
      await this.#clock.load();
      if (this.#store.exists) this.#resume();
    });
  }

  announce(announcement: Announcement, by: string): AnnounceResult {
    const resolved = resolveChecks(config, announcement);
    if (!resolved.ok) return resolved;
    const nowMs = Date.now();
    const { lastN } = this.#state;
    this.#announcedMs = this.#announcedMs.filter((atMs) => Math.abs(nowMs - atMs) < MS_PER_MINUTE);
    const [oldestMs = nowMs] = this.#announcedMs;
    const isTooMany = this.#announcedMs.length >= ANNOUNCED_MAX;
    if (isTooMany && knownAs(this.#state, announcement) === undefined)
      return { ok: false, waitMs: oldestMs + MS_PER_MINUTE - nowMs };
    const policy = deployPolicyOf(this.#id, resolved.value);
    const event = { type: 'announced' as const, nowMs, announcement, checks: resolved.value, by };
    this.#take(event, policy);
    const isNew = this.#state.lastN !== lastN;
    if (isNew) this.#announcedMs.push(nowMs);
    const n = isNew ? this.#state.lastN : knownAs(this.#state, announcement);
    const deploy = this.deploy(n);
    if (!deploy) throw new Error('the deploy was not stored');
    if (isNew) this.#audit('deploy', by, 'pipeline', deploy.n);
    return { ok: true, isNew, deploy };
  }

  ingest(runJsons: string[]): string[] {
    const runs = runJsons.map((json) => JSON.parse(json) as Run);
    // Of a service that was never deployed, they are of no use.
    return this.#store.exists ? this.#storeRuns(runs, Date.now()) : runs.map(({ id }) => id);
  }

  looked(region: string, looked: Looked): void {
    this.#take({ type: 'looked', nowMs: Date.now(), region, looked });
  }

  attempts(report: AttemptsReport): { n?: number | undefined } {
    const nowMs = Date.now();
    const { deploy } = this.#state;
    const isGoingOn = deploy !== undefined && deploy.phase !== 'ended';
    this.#attempts.report(report, isGoingOn, nowMs);
    if (this.#store.exists) {
      if (this.#attempts.isDue(nowMs)) this.#storeAttempts(nowMs);
      this.#rearm();
    }
    return isGoingOn ? { n: deploy.n } : {};
  }

  rollBack(n: number, by: string, via: 'pipeline' | 'operator'): RollbackWished {
    const before = this.#rollbackOf(n);
    if (!before.ok) return before;
    this.#take({ type: 'rollback-wanted', nowMs: Date.now(), n, by, via });
    const after = this.#rollbackOf(n);
    if (!after.ok) return after;
    // A command runs where a pipeline is: it is no way that the hub could go for a person.
    if (after.rollback.state === 'offered')
      return { ok: false, why: after.rollback.kind === 'command' ? 'none' : 'not-bad' };
    return {
      ok: true,
      isNew: after.rollback.askedAtMs !== before.rollback.askedAtMs,
      kind: after.rollback.kind,
      state: after.rollback.state,
    };
  }

  commandEnded(n: number, { state, error }: CommandResult, by: string): RollbackWished {
    const before = this.#rollbackOf(n);
    if (!before.ok) return before;
    if (before.rollback.kind !== 'command') return { ok: false, why: 'none' };
    const nowMs = Date.now();
    const ok = state === 'called';
    log('rollback-command-ended', { service: this.#id, deploy: n, state, by, error });
    this.#take({ type: 'rollback-called', nowMs, n, ok, refused: !ok, error });
    const after = this.#rollbackOf(n);
    if (!after.ok) return after;
    const isNew = after.rollback !== before.rollback;
    // A pipeline that has done it without a word before.
    if (isNew && after.rollback.askedAtMs === undefined) this.#audit('rollback', by, 'pipeline', n);
    return { ok: true, isNew, kind: after.rollback.kind, state: after.rollback.state };
  }

  liftFreeze(by: string): boolean {
    const { freeze } = this.#state;
    if (!freeze) return false;
    this.#take({ type: 'freeze-lifted', nowMs: Date.now(), by });
    this.#audit('freeze-lift', by, 'operator', freeze.n);
    return true;
  }

  deploy(n?: number): ToldDeploy | undefined {
    const nowMs = Date.now();
    const { deploy } = this.#state;
    if (deploy && (n === undefined || n === deploy.n)) return this.#tell(deploy, nowMs);
    const past = n === undefined ? undefined : this.#store.past(n);
    return past && { ...past, nowMs };
  }

  overview(): ServiceView {
    const nowMs = Date.now();
    const { deploy, freeze, incident } = this.#state;
    return {
      service: this.#id,
      title: this.#policy().service.title,
      freeze,
      incident,
      deploys: [...(deploy ? [this.#tell(deploy, nowMs)] : []), ...this.#store.pasts()].map(withoutPairs),
      deliveries: this.#outbox.all(),
      nowMs,
    };
  }

  acknowledge(seq: number, by: string, via: string): Acknowledged {
    const known = pagedOf(this.#state).find((paged) => paged.seq === seq);
    if (!known || known.isOver || known.acknowledged)
      return { state: !known ? 'unknown' : known.isOver ? 'over' : 'already', by: known?.acknowledged?.by };
    this.#take({ type: 'acknowledged', nowMs: Date.now(), seq, by, via });
    log('page-acknowledged', { check: deploySubject(this.#id), seq, by, via });
    return { state: 'acknowledged', by };
  }

  async tick(): Promise<void> {
    if (this.#store.exists) await this.#wake();
  }

  override async alarm(): Promise<void> {
    this.#clock.fired();
    await this.tick();
  }

  /** Everything that time asks for. Never throws: an alarm that has thrown six times is never called again. */
  async #wake(): Promise<void> {
    let pauseMs = 0;
    try {
      const nowMs = Date.now();
      if (this.#attempts.isDue(nowMs)) this.#storeAttempts(nowMs);
      this.#perform(this.#commit((draft) => draft.apply({ type: 'tick', nowMs })));
      const work = Promise.all([this.#outbox.drain(nowMs), this.#marks.tell(nowMs)]);
      // What becomes due meanwhile does not wait until a slow one of these has ended.
      void this.#clock.arm(undefined, this.#dueMs(Date.now()), Date.now());
      await work;
    } catch (error) {
      logError('service-wake-failed', error, { service: this.#id });
      pauseMs = ERROR_PAUSE_MS;
    }
    this.#rearm(pauseMs);
  }

  /** Stores an event and follows its effects, without making its sender wait. */
  #take(event: DeployEvent, policy = this.#policy()): void {
    const isFirst = event.type === 'announced';
    if (!this.#store.exists && !isFirst) return;
    this.#perform(this.#commit((draft) => draft.apply(event), policy));
    if (this.#outbox.isDue(event.nowMs)) this.#background('outbox', this.#outbox.drain(event.nowMs));
    this.#rearm();
  }

  /** The object starts anew. What it was asking when it ended, it asks again; all else the state brings back by itself. */
  #resume(): void {
    const { deploy } = this.#state;
    if (deploy?.phase === 'checklist') this.#perform(askedAgain(this.#policy(), deploy));
    this.#rearm();
  }

  #perform(effects: readonly DeployEffect[]): void {
    for (const effect of effects)
      switch (effect.type) {
        case 'ask-standings':
          this.#background('standings', this.#askStandings(effect.n, effect.checks));
          break;
        case 'look':
          this.#background('look', this.#askLook(effect));
          break;
        case 'verify':
          this.#background('verify', this.#askPair(effect));
          break;
        case 'roll-back':
          this.#background('rollback', this.#callRollback(effect));
          break;
        case 'mark':
          this.#background('marks', this.#tellMarks());
          break;
        case 'page':
        case 'retire':
          // Stored with the state.
          break;
      }
  }

  async #askStandings(n: number, checks: readonly string[]): Promise<void> {
    const standings = await this.#asking.standings(checks);
    this.#take({ type: 'standings', nowMs: Date.now(), n, standings });
  }

  async #askLook(effect: Extract<DeployEffect, { type: 'look' }>): Promise<void> {
    const { n, item } = effect;
    const liveRegions = await this.#asking.look(effect);
    this.#take({ type: 'look-asked', nowMs: Date.now(), n, item, liveRegions });
  }

  async #askPair(effect: Extract<DeployEffect, { type: 'verify' }>): Promise<void> {
    const { n, pair } = effect;
    const isLive = await this.#asking.verify(effect);
    this.#take({ type: 'asked', nowMs: Date.now(), n, pair, isLive });
  }

  /** The state has leased the call: one that a crash has cut off is made again, with the same key. */
  async #callRollback(effect: Extract<DeployEffect, { type: 'roll-back' }>): Promise<void> {
    const { deploy } = this.#state;
    if (deploy?.n !== effect.n) return;
    this.#take(await calledRollback(this.env, this.#policy().service.rollback, deploy, effect));
  }

  #rollbackOf(
    n: number,
  ): { ok: true; rollback: NonNullable<Deploy['rollback']> } | { ok: false; why: 'unknown' | 'not-bad' } {
    const { deploy } = this.#state;
    if (deploy?.n !== n) return { ok: false, why: this.#store.past(n) === undefined ? 'unknown' : 'not-bad' };
    return deploy.rollback ? { ok: true, rollback: deploy.rollback } : { ok: false, why: 'not-bad' };
  }

  /** All of them in one transaction; when that fails each in its own, so that one bad run does not keep out the rest. */
  #storeRuns(runs: readonly Run[], nowMs: number): string[] {
    try {
      const effects = this.#commit((draft) => {
        for (const run of runs) draft.apply({ type: 'run', nowMs, run });
      });
      this.#perform(effects);
      if (this.#outbox.isDue(nowMs)) this.#background('outbox', this.#outbox.drain(nowMs));
      this.#rearm();
      return runs.map(({ id }) => id);
    } catch (error) {
      logError('runs-not-stored', error, { service: this.#id, runs: runs.length });
      return runs.length === 1 ? [] : runs.flatMap((run) => this.#storeRuns([run], nowMs));
    }
  }

  #storeAttempts(nowMs: number): void {
    const { counts, realAttempts } = this.#attempts;
    const effects = this.#commit((draft) => {
      if (realAttempts) draft.apply({ type: 'attempts', nowMs, realAttempts });
      this.#store.putAttempts(counts);
    });
    this.#attempts.stored(counts, nowMs);
    this.#perform(effects);
  }

  async #tellMarks(): Promise<void> {
    await this.#marks.tell(Date.now());
    this.#rearm();
  }

  /**
   * Makes a change in one transaction: the state as its events leave it, and with it pages, marks and the deploys before.
   * Memory follows only once the transaction has gone through. Throws when it has not.
   */
  #commit(change: (draft: DeployDraft) => void, policy = this.#policy()): DeployEffect[] {
    const before = this.#state;
    const policyBefore = this.#policy();
    const nowMs = Date.now();
    const draft = new DeployDraft(policy, before, this.#outbox.byId, escalateAfterMs);
    const isFirst = !this.#store.exists;
    let marks = this.#marks.with([]);
    let counts: AttemptCounts | undefined;
    this.ctx.storage.transactionSync(() => {
      change(draft);
      draft.settle(nowMs);
      if (isFirst) {
        keepName(this.ctx, this.#id);
        this.#store.create();
      }
      if (draft.state !== before) this.#store.putState(draft.state, isFirst ? undefined : before);
      for (const delivery of draft.deliveries.values()) this.#store.putDelivery(delivery);
      for (const deploy of draft.retired) this.#store.putPast(tellDeploy(policyBefore, deploy, nowMs));
      const pending = this.#marks.with(draft.effects);
      if (pending !== marks) this.#store.putMarks(pending);
      marks = pending;
      if (draft.state.deploy?.n !== before.deploy?.n) {
        counts = this.#attempts.atDeploy();
        this.#store.putAttempts(counts);
      }
    });
    if (isFirst) this.#store.created();
    this.#state = draft.state;
    this.#marks.set(marks);
    if (counts) this.#attempts.stored(counts, nowMs);
    this.#outbox.add(draft.deliveries.values(), draft.state.lastN);
    this.#report(before.deploy, draft.state.deploy);
    return draft.effects;
  }

  /** What has happened goes to the log, and who wanted a rollback, whichever way, to the audit log. */
  #report(before: Deploy | undefined, deploy: Deploy | undefined): void {
    if (!deploy) return;
    const isSame = before?.n === deploy.n;
    const { n, version, phase, outcome, rollback } = deploy;
    if (!isSame || before.phase !== phase || before.outcome !== outcome)
      log('deploy', { service: this.#id, deploy: n, version, phase, outcome });
    const asked = isSame ? before.rollback?.askedAtMs : undefined;
    if (rollback?.askedAtMs !== undefined && rollback.askedAtMs !== asked)
      this.#audit('rollback', rollback.askedBy ?? 'unknown', rollback.via ?? 'pipeline', n);
  }

  #audit(action: 'deploy' | 'rollback' | 'freeze-lift', who: string, via: string, n: number): void {
    audit(this.env.DB, this.ctx, { action, who, via, check: deploySubject(this.#id), seq: n });
  }

  #tell(deploy: Deploy, nowMs: number): ToldDeploy {
    return tellDeploy(this.#policy(), deploy, nowMs);
  }

  #policy(): DeployPolicy {
    return deployPolicyOf(this.#id, this.#state.deploy?.checks ?? []);
  }

  #rearm(pauseMs = 0): void {
    const nowMs = Date.now();
    const dueMs = this.#dueMs(nowMs);
    const laterMs = dueMs === undefined ? undefined : Math.max(dueMs, nowMs + pauseMs);
    const setting = this.#clock.arm(laterMs, laterMs, nowMs);
    if (setting) this.#background('alarm', setting);
  }

  #dueMs(nowMs: number): number | undefined {
    return earliest(
      deployWakeMs(this.#policy(), this.#state),
      this.#attempts.dueMs,
      this.#outbox.wakeMs(nowMs),
      this.#marks.wakeMs(nowMs),
    );
  }

  #background(what: string, work: Promise<void>): void {
    this.ctx.waitUntil(
      work.catch((error: unknown) => logError('background-failed', error, { service: this.#id, what })),
    );
  }
}

/** A region that was asked to look is not asked again: it would find what its first look has brought into the cache. */
function askedAgain(policy: DeployPolicy, deploy: Deploy): DeployEffect[] {
  return askedOf(policy, deploy).filter(
    (effect) =>
      effect.type !== 'look' ||
      deploy.checklist.some(({ id, regions }) => id === effect.item && regions === undefined),
  );
}
