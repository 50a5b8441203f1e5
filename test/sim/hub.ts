import {
  briefing,
  initialState,
  isBursting,
  isNewer,
  pagedOf,
  restoredState,
  type CheckState,
} from '#core/check-state.ts';
import {
  ATTEMPT_TIMEOUT_MS,
  beginAttempt,
  endAttempt,
  isSettled,
  type AttemptResult,
  type Delivery,
} from '#core/delivery.ts';
import { dueDeliveries, outboxWakeMs } from '#core/outbox.ts';
import { type OutboxPolicy, outboxPolicyOf, type Policy } from '#core/policy.ts';
import type { Run } from '#core/run.ts';
import { stateWakeMs } from '#core/step.ts';
import type { BrokenGlass, CheckEffect, CheckEvent } from '#core/check-event.ts';
import type { NextStart } from '#core/wire.ts';
import { Draft } from '#worker/objects/draft.ts';
import { AlarmClock, Alarm } from './alarm.ts';
import type { SimClock } from './clock.ts';
import { CrashTrap, Crashed } from './crash-trap.ts';
import type { Pager } from './pager.ts';
import { Prng } from './prng.ts';
import { isOn, type Scenario } from './scenario.ts';
import type { Trace } from './trace.ts';

/** A run on its way to its check. `ageMs`: from its start to now, as its probe says. */
export type Entry = { ageMs: number; run: Run };
/** A run that the hub has stored, with its start by the hub's reckoning. */
export type StoredEntry = { run: Run; startedAtMs: number; nowMs: number };
export type Ingested = { runs: string[]; bursting: boolean; briefing: Omit<NextStart, 'check' | 'inMs'> };

/** What a transaction has made of the check. */
export type Commit = {
  nowMs: number;
  before: CheckState;
  after: CheckState;
  runs: readonly StoredEntry[];
  /** New deliveries, and changed ones. */
  deliveries: readonly Delivery[];
};

/** What the check's object needs of the world round it. */
export type HubHost = {
  readonly clock: SimClock;
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly trace: Trace;
  pager(channel: string): Pager;
  /** Whether the hub reaches the outside now. */
  isCutOff(): boolean;
  /** Asks a region's object. Its answer, whether it is live; `undefined` when the call fails. */
  askRegion(region: string, deadlineMs: number | undefined): boolean | undefined;
  onCommit(commit: Commit): void;
  onAttempt(delivery: Delivery): void;
  onDeath(downMs: number): void;
};

/** Milliseconds that a call from object to object takes, and after which one that fails is given up. */
const CALL_MS = [2, 40] as const;
const ASK_TIMEOUT_MS = 2_000;
const CRON_MS = 60_000;

/** What survives the process. */
type Store = { state: CheckState; deliveries: Map<string, Delivery>; runs: Set<string> };
/** What does not. Replaced only after what it shows has been stored. */
type Memory = { state: CheckState; deliveries: Map<string, Delivery>; clock: AlarmClock };

/**
 * One check's object, as `worker/objects/check-object.ts` and `outbox.ts` have it: every event is one transaction of run,
 * state and outbox; pages and bursts follow outside of it. It may die at each boundary between storing and acting, and
 * begins anew, from what is stored, at the next call. All of core is called from here.
 */
export class Hub {
  readonly #host: HubHost;
  readonly #policy: Policy;
  readonly #outboxPolicy: OutboxPolicy;
  readonly #prng: Prng;
  readonly #store: Store = { state: initialState(), deliveries: new Map(), runs: new Set() };
  readonly #alarm: Alarm;
  readonly #trap: CrashTrap;
  #memory: Memory | undefined;
  /** Counts the processes: what an earlier one has begun ends nowhere. */
  #life = 0;
  #downUntilMs = 0;
  #clockOffsetMs = 0;

  constructor(host: HubHost) {
    const { scenario, clock, policy } = host;
    this.#host = host;
    this.#policy = policy;
    this.#outboxPolicy = outboxPolicyOf(policy);
    this.#prng = new Prng(scenario.seed, 'hub');
    this.#trap = new CrashTrap(clock, scenario.faults);
    this.#alarm = new Alarm(clock, scenario, () => this.#fireAlarm());
    for (const fault of scenario.faults) {
      if (fault.kind === 'deploy') clock.at(clock.startMs + fault.atMs, () => this.#die(fault.downMs));
      if (fault.kind === 'hub-clock')
        clock.at(clock.startMs + fault.atMs, () => {
          this.#clockOffsetMs += fault.byMs;
        });
    }
    const cron = (): void => {
      clock.after(CRON_MS, cron);
      const sinceStartMs = clock.nowMs - clock.startMs;
      if (!scenario.faults.some((fault) => fault.kind === 'no-cron' && isOn(fault, sinceStartMs)))
        this.#enter((memory) => this.#wake(memory));
    };
    clock.after(this.#prng.between(0, CRON_MS), cron);
  }

  /** What is stored, for whoever judges. */
  get stored(): { readonly state: CheckState; readonly deliveries: ReadonlyMap<string, Delivery> } {
    return this.#store;
  }

  /** The check as it begins: with what it has learnt of its runs. */
  seed(state: CheckState): void {
    this.#store.state = state;
  }

  hasRun(id: string): boolean {
    return this.#store.runs.has(id);
  }

  /** The hub's clock, epoch ms. */
  nowMs(): number {
    return this.#host.clock.nowMs + this.#clockOffsetMs;
  }

  /** Stores runs and acts on them. `undefined`: no answer, whether they are stored or not. */
  ingest(entries: readonly Entry[]): Ingested | undefined {
    return this.#enter((memory) => {
      const nowMs = this.nowMs();
      const effects = this.#commit(memory, (draft, runs) => {
        for (const { ageMs, run } of entries) {
          if (this.#isStored(draft.state, run)) continue;
          const startedAtMs = Math.max(0, Math.round(nowMs - ageMs));
          runs.push({ run, startedAtMs, nowMs });
          draft.apply({ type: 'run', nowMs, startedAtMs, run });
        }
      });
      this.#act(memory, effects);
      this.#trap.mayDie('before-leave');
      return {
        runs: entries.map(({ run }) => run.id),
        bursting: isBursting(memory.state, nowMs),
        briefing: briefing(this.#policy, memory.state, nowMs),
      };
    });
  }

  overdue(region: string, ageMs: number): void {
    const nowMs = this.nowMs();
    this.#apply({ type: 'overdue', nowMs, startedAtMs: Math.max(0, Math.round(nowMs - ageMs)), region });
  }

  acknowledged(seq: number, by: string, via: string): void {
    const known = pagedOf(this.#store.state).find((paged) => paged.seq === seq);
    if (!known || known.isOver || known.acknowledged) return;
    this.#apply({ type: 'acknowledged', nowMs: this.nowMs(), seq, by, via });
  }

  /** Whether the page of a probe is taken in. */
  brokeGlass(glass: BrokenGlass): boolean {
    return this.#apply({ type: 'broke-glass', nowMs: this.nowMs(), ...glass });
  }

  #apply(event: CheckEvent): boolean {
    return (
      this.#enter((memory) => {
        this.#act(
          memory,
          this.#commit(memory, (draft) => draft.apply(event)),
        );
        return true;
      }) ?? false
    );
  }

  /** Runs something in the object, which begins anew when it is not there. `undefined` when it cannot, or dies of it. */
  #enter<Result>(work: (memory: Memory) => Result): Result | undefined {
    if (this.#host.clock.nowMs < this.#downUntilMs) return undefined;
    try {
      this.#memory ??= this.#begin();
      return work(this.#memory);
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
      this.#die(error.downMs);
      return undefined;
    }
  }

  #begin(): Memory {
    const life = this.#life;
    const clock = new AlarmClock(this.#host.clock, this.#alarm, () => {
      if (life === this.#life) this.#enter((memory) => this.#wake(memory));
    });
    // Only what survives as JSON has been stored.
    const state =
      life === 0
        ? this.#store.state
        : restoredState(JSON.parse(JSON.stringify(this.#store.state)) as CheckState);
    const memory = { state, deliveries: new Map(this.#store.deliveries), clock };
    this.#forgetSettled(memory);
    this.#rearm(memory);
    return memory;
  }

  #die(downMs: number): void {
    const { clock } = this.#host;
    this.#host.onDeath(downMs);
    this.#life += 1;
    this.#memory?.clock.stop();
    this.#memory = undefined;
    this.#downUntilMs = Math.max(this.#downUntilMs, clock.nowMs + downMs);
  }

  #fireAlarm(): void {
    const { clock } = this.#host;
    if (clock.nowMs < this.#downUntilMs) return this.#alarm.again(this.#downUntilMs - clock.nowMs);
    this.#alarm.fired();
    this.#enter((memory) => this.#wake(memory));
  }

  /** Everything that time asks for. */
  #wake(memory: Memory): void {
    const nowMs = this.nowMs();
    const effects = this.#commit(memory, (draft) => draft.apply({ type: 'tick', nowMs }));
    this.#burst(effects);
    this.#drain(memory);
    this.#rearm(memory);
  }

  /** Follows the effects of stored events. */
  #act(memory: Memory, effects: readonly CheckEffect[]): void {
    this.#burst(effects);
    const wakeMs = this.#outboxWakeMs(memory);
    if (wakeMs !== undefined && wakeMs <= this.nowMs()) this.#drain(memory);
    this.#rearm(memory);
  }

  #burst(effects: readonly CheckEffect[]): void {
    const burst = effects.findLast((effect) => effect.type === 'burst');
    if (!burst) return;
    const { clock, trace } = this.#host;
    const { regions, timeoutMs } = this.#policy.check;
    const deadlineMs = burst.deadlineMs < timeoutMs ? burst.deadlineMs : undefined;
    trace.note(clock.nowMs, 'burst', deadlineMs);
    let answeredMs: number = CALL_MS[0];
    const askedAtMs = this.nowMs();
    const liveRegions: string[] = [];
    const silentRegions: string[] = [];
    for (const region of regions) {
      this.#trap.mayDie('before-leave');
      const answer = this.#host.askRegion(region, deadlineMs);
      const callMs = answer === undefined ? ASK_TIMEOUT_MS : this.#prng.between(...CALL_MS);
      answeredMs = Math.max(answeredMs, callMs);
      if (answer !== undefined) (answer ? liveRegions : silentRegions).push(region);
    }
    const life = this.#life;
    clock.after(answeredMs, () => {
      if (life === this.#life)
        this.#apply({ type: 'liveness', nowMs: this.nowMs(), askedAtMs, liveRegions, silentRegions });
    });
  }

  /** Attempts all that is due, each on its own. */
  #drain(memory: Memory): void {
    const nowMs = this.nowMs();
    for (const delivery of dueDeliveries([...memory.deliveries.values()], nowMs))
      this.#attempt(memory, delivery);
  }

  #attempt(memory: Memory, delivery: Delivery): void {
    const { clock, trace } = this.#host;
    const begun = beginAttempt(delivery, this.nowMs());
    this.#commit(memory, (draft) => {
      draft.put(begun);
      if (delivery.event === 'trigger') draft.apply({ type: 'sent', nowMs: this.nowMs(), seq: delivery.seq });
    });
    const life = this.#life;
    let isOver = false;
    const end = (result: AttemptResult): void => {
      if (isOver || life !== this.#life) return;
      isOver = true;
      this.#enter((now) => this.#endAttempt(now, begun, result));
    };
    clock.after(ATTEMPT_TIMEOUT_MS, () =>
      end({ ok: false, verdict: 'retry', error: `no answer within ${ATTEMPT_TIMEOUT_MS} ms` }),
    );
    this.#trap.mayDie('before-leave');
    trace.note(clock.nowMs, 'attempt', begun.id);
    this.#host.onAttempt(begun);
    if (!this.#host.isCutOff()) this.#host.pager(delivery.channel).receive(begun, end);
    this.#trap.mayDie('after-leave');
  }

  #endAttempt(memory: Memory, begun: Delivery, result: AttemptResult): void {
    const current = memory.deliveries.get(begun.id) ?? begun;
    const isOvertaken = current.attempts !== begun.attempts;
    const isRepeat = begun.state === 'accepted';
    if ((current.state === 'accepted' && !isRepeat) || (isOvertaken && !result.ok)) return;
    const nowMs = this.nowMs();
    const ended = endAttempt(current, result, nowMs);
    this.#commit(memory, (draft) => {
      draft.put(ended);
      if (!result.ok || begun.event !== 'trigger' || isRepeat) return;
      const { seq, channel } = begun;
      draft.apply({ type: 'accepted', nowMs, seq, channel, providerId: result.providerId });
    });
    if (isSettled(ended)) this.#forgetSettled(memory);
    this.#rearm(memory);
  }

  /** One transaction. Memory follows only once it has gone through. */
  #commit(memory: Memory, change: (draft: Draft, runs: StoredEntry[]) => void): CheckEffect[] {
    const before = memory.state;
    const draft = new Draft(this.#policy, before, memory.deliveries, 0);
    const runs: StoredEntry[] = [];
    change(draft, runs);
    draft.settle(this.nowMs());
    this.#trap.mayDie('before-store');
    const after = draft.state;
    const deliveries = [...draft.deliveries.values()];
    this.#store.state = after;
    for (const delivery of deliveries) this.#store.deliveries.set(delivery.id, delivery);
    for (const { run } of runs) this.#store.runs.add(run.id);
    this.#host.onCommit({ nowMs: this.nowMs(), before, after, runs, deliveries });
    this.#trap.mayDie('after-store');
    memory.state = after;
    for (const delivery of deliveries) memory.deliveries.set(delivery.id, delivery);
    if (after.lastSeq !== before.lastSeq) this.#forgetSettled(memory);
    return draft.effects;
  }

  #isStored(state: CheckState, run: Run): boolean {
    const last = state.probes[run.probe];
    if (last && isNewer(run, last)) return false;
    return this.#store.runs.has(run.id);
  }

  #outboxWakeMs(memory: Memory): number | undefined {
    if (memory.deliveries.size === 0) return undefined;
    return outboxWakeMs(
      [...memory.deliveries.values()],
      this.#outboxPolicy,
      pagedOf(memory.state),
      this.nowMs(),
    );
  }

  #rearm(memory: Memory): void {
    const nowMs = this.nowMs();
    const dueMs = earliest(this.#outboxWakeMs(memory), stateWakeMs(this.#policy, memory.state, nowMs));
    memory.clock.arm(dueMs, nowMs);
  }

  /** Deliveries of older incidents that are all settled are only in storage. */
  #forgetSettled(memory: Memory): void {
    const kept = new Set([memory.state.lastSeq]);
    for (const delivery of memory.deliveries.values()) if (!isSettled(delivery)) kept.add(delivery.seq);
    for (const delivery of memory.deliveries.values())
      if (!kept.has(delivery.seq)) memory.deliveries.delete(delivery.id);
  }
}

function earliest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
