import { activeIncident, isBursting, type CheckState } from '#core/check-state.ts';
import { isSettled, type Delivery } from '#core/delivery.ts';
import type { Page } from '#core/page.ts';
import { Evidence } from './evidence.ts';
import type { Commit } from './hub.ts';
import type { Arrival } from './pager.ts';
import { CHECK, WAKING } from './policy.ts';
import type { TrueRun } from './probe.ts';
import { endsMs, isOn, type Outage, type Scenario } from './scenario.ts';
import type { Observer, World } from './world.ts';

/** What is promised (reference: paging, section 7), each made precise where it is looked at; D in `simulation.ts`, and E: nothing throws or spins. */
export const ORACLES = ['S1', 'S2', 'S3', 'S4', 'S5', 'L1', 'L2', 'L3', 'D', 'E'] as const;
export type Oracle = (typeof ORACLES)[number];

/** A promise that was not kept. `atMs` counts from the simulation's start. */
export type Violation = { oracle: Oracle; message: string; atMs: number };

/** Two attempts of one delivery are this far apart, as the shortest pause is a second, unless the hub has died between. */
const ATTEMPT_GAP_MS_MIN = 900;
/** Without an acceptance for this long the fallback gets the page (DESIGN section 5, "Sending"). */
const FALLBACK_MS = 8_000;
/** A region is silent after 35 s, and a burst asks for it every 5 s. */
const SURELY_SILENT_MS = 43_000;
/** What break-glass takes (DESIGN section 5). */
const GLASS_FAILURES = 2;
const GLASS_AFTER_MS = 30_000;
/** A hub that has died is back after 30 s, and called again within a cron's minute. */
const HUB_BACK_MS = 95_000;
/** What is due at a moment has happened this much later: a call from object to object, and a timer's grain. */
const SLACK_MS = 1_500;
/** A page goes out within this from the onset (DESIGN: within two minutes). */
export const PAGE_WITHIN_MS = 120_000;
/** When everything is well again, this is enough for all that is left to be done: the longest retry, and a connection. */
const DRAINED_WITHIN_MS = 100_000;

/**
 * Watches one simulation. The S-oracles say at once what must never happen; the L-oracles say at the end what has not
 * happened in time. Only the first violation counts: what comes after it may follow from it.
 */
export class Oracles implements Observer {
  violation: Violation | undefined;
  readonly #scenario: Scenario;
  readonly #evidence: Evidence;
  /** Pages answered with 202: the last that can be known, whatever the provider then makes of them. */
  readonly #accepted: Arrival[] = [];
  readonly #opened = new Set<string>();
  readonly #lastAttemptMs = new Map<string, number>();
  /** First commit of each trigger, by the true clock. */
  readonly #triggers = new Map<number, { atMs: number; seq: number; overMs: number }>();
  readonly #deathsMs: number[] = [];
  /** Failures in a row of each region, by the probes' own reckoning. */
  readonly #failures = new Map<string, number>();
  readonly #firstAttemptMs = new Map<string, number>();
  readonly #ackedMs = new Map<number, number>();
  /** Pages to the first pager, by delivery. */
  readonly #pages = new Map<string, { atMs: number; refusedMs?: number; acceptedMs?: number }>();
  #world: World | undefined;
  #maxSeq = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#evidence = new Evidence(scenario);
  }

  watch(world: World): void {
    this.#world = world;
  }

  onRun({ run }: TrueRun): void {
    if (run.outcome === 'pass') this.#failures.set(run.region, 0);
    if (run.outcome === 'fail' && run.control?.outcome !== 'fail')
      this.#failures.set(run.region, (this.#failures.get(run.region) ?? 0) + 1);
  }

  /** S1, of a probe: it pages by itself only after two failures in a row, and 30 s without the hub. */
  onGlass(region: string, delivery: Delivery, goneMs: number): void {
    const failures = this.#failures.get(region) ?? 0;
    if (failures < GLASS_FAILURES)
      this.#violated('S1', `${region} pages by itself after ${failures} failures`);
    if (goneMs < GLASS_AFTER_MS) this.#violated('S1', `${region} pages by itself after ${goneMs} ms`);
    if (delivery.seq < 1) this.#violated('S2', `${delivery.id} is of no incident`);
  }

  onDeath(): void {
    this.#deathsMs.push(this.#nowMs());
    this.#lastAttemptMs.clear();
  }

  /**
   * S1: a page exists only with enough votes: when a transaction opens an incident, the runs stored up to it, judged by
   * `Evidence`, satisfy the rule that the page names. No vote is replaced by that of an earlier run, and a page shows no
   * vote of a region that has been silent for long.
   * S2: numbers only rise, each by a transaction of its own, and all messages of an incident have its one key.
   * S3: no resolve for an open outage: when a transaction makes a resolve, the last counted failure is as long ago, and
   * as many passes have come since, as the design asks for.
   */
  onCommit({ nowMs, before, after, runs, deliveries }: Commit): void {
    const opened = after.lastSeq > before.lastSeq;
    this.#checkOrder(before, after);
    const triggers = deliveries.filter(
      ({ event, attempts, role }) => event === 'trigger' && attempts === 0 && role !== 'escalation',
    );
    const reason = opened ? triggers.find(({ seq }) => seq === after.lastSeq)?.page.reason : undefined;
    let lacks = reason === undefined ? undefined : this.#evidence.lacksFor(reason, nowMs);
    for (const run of runs) {
      this.#evidence.add(run);
      // The page may have been decided by any of the runs that came together.
      if (reason !== undefined && lacks !== undefined) lacks = this.#evidence.lacksFor(reason, nowMs);
    }
    const page = triggers.find(({ seq }) => seq === after.lastSeq)?.page;
    if (opened && page) this.#checkShown(page);
    if (reason !== undefined && reason !== 'break-glass' && lacks !== undefined)
      this.#violated('S1', `a page for ${reason}: ${lacks}`);
    if (after.lastSeq < before.lastSeq || (opened && after.lastSeq <= this.#maxSeq))
      this.#violated('S2', `incident ${after.lastSeq} is opened after ${this.#maxSeq}`);
    this.#maxSeq = Math.max(this.#maxSeq, after.lastSeq);
    for (const incident of [after.incident, after.slow])
      if (incident?.acknowledged && !this.#ackedMs.has(incident.seq))
        this.#ackedMs.set(incident.seq, this.#nowMs());
    for (const delivery of deliveries) this.#onDelivery(delivery, nowMs);
    if (before.incident?.status !== 'resolved' && after.incident?.status === 'resolved')
      this.#evidence.clear();
  }

  /** S4: nothing is delivered before it is persisted, and the attempt with it: what leaves is stored as under way. */
  onAttempt(delivery: Delivery): void {
    const stored = this.#world?.hub.stored.deliveries.get(delivery.id);
    if (!stored || stored.attempts < delivery.attempts || stored.leaseUntilMs === 0)
      this.#violated('S4', `${delivery.id} leaves, and its attempt ${delivery.attempts} is not stored`);
    const lastMs = this.#lastAttemptMs.get(delivery.id);
    const nowMs = this.#nowMs();
    if (lastMs !== undefined && nowMs - lastMs < ATTEMPT_GAP_MS_MIN)
      this.#violated('S5', `${delivery.id} is sent twice within ${nowMs - lastMs} ms`);
    this.#lastAttemptMs.set(delivery.id, nowMs);
    if (!this.#firstAttemptMs.has(delivery.id)) this.#firstAttemptMs.set(delivery.id, nowMs);
  }

  /** S4, the other end: a probe drops a run only when it is stored. */
  onAcknowledged(runId: string): void {
    if (this.#world?.hub.hasRun(runId) === false)
      this.#violated('S4', `${runId} was acknowledged and is not stored`);
  }

  /**
   * S5: no more pages than incidents × channels, after dedup by key: at each channel a key wakes somebody at most once.
   * S2, at the provider: what arrives for an incident has its key. S3: a resolve arrives only where its trigger was taken.
   */
  onArrival(arrival: Arrival): void {
    const { channel, delivery, opened, accepted } = arrival;
    const { event, page } = delivery;
    // A probe that has heard nothing for long may page by a number that is over: the hub closes that when it hears of it.
    const isStale = this.#scenario.mode === 'safety' && page.reason === 'break-glass';
    if (opened && !isStale && (WAKING as readonly string[]).includes(channel)) {
      const key = `${page.dedupKey} at ${channel}`;
      if (this.#opened.has(key)) this.#violated('S5', `${key} wakes somebody twice`);
      this.#opened.add(key);
    }
    if (accepted) this.#accepted.push(arrival);
    if (event !== 'resolve') return;
    const trigger = [...(this.#world?.hub.stored.deliveries.values() ?? [])].find(
      (other) =>
        other.event === 'trigger' && other.channel === channel && other.page.dedupKey === page.dedupKey,
    );
    const mayHaveIt = trigger?.state === 'superseded' && trigger.attempts > 0;
    if (trigger?.acceptedAtMs === undefined && !mayHaveIt)
      this.#violated('S3', `${delivery.id} arrives, and its trigger was not accepted`);
  }

  /** What has not happened in time. Called once, when the simulation is over. */
  finish(): void {
    if (this.violation || !this.#world) return;
    for (const outage of this.#scenario.outages) this.#checkPaged(outage);
    this.#checkFollowUps();
    this.#checkDrained();
  }

  /**
   * L1: an outage that hits all live regions, or two of them and more, hard and for long enough, is paged within 120 s of
   * its onset, or of the moment when the faults have stopped: a channel that wakes has answered 202 to a trigger of an
   * incident that was not over then. In liveness mode the bounded faults of an outage are part of the bargain; in safety
   * mode it counts from the last fault's end.
   * L2: so it is when the hub cannot be reached: probes that hold the pager's secret page by themselves.
   */
  #checkPaged(outage: Outage): void {
    const onsetMs = this.#promisedFromMs(outage);
    if (onsetMs === undefined) return;
    const withinMs = this.#scenario.pageWithinMs ?? PAGE_WITHIN_MS;
    const byMs = onsetMs + withinMs;
    const paged = this.#accepted.some(({ atMs, channel, delivery }) => {
      if (delivery.event !== 'trigger' || !(WAKING as readonly string[]).includes(channel)) return false;
      const sinceStartMs = atMs - (this.#world?.clock.startMs ?? 0);
      const overMs = this.#triggers.get(delivery.seq)?.overMs ?? Number.POSITIVE_INFINITY;
      return sinceStartMs <= byMs && overMs > onsetMs;
    });
    if (!paged)
      this.#violated(
        this.#scenario.faults.some(({ kind }) => kind === 'hub-cut-off') ? 'L2' : 'L1',
        `no page was accepted within ${withinMs / 1_000} s of ${(onsetMs / 1_000).toFixed(1)} s`,
        byMs,
      );
  }

  /** From when on an outage must be paged, milliseconds from the start; `undefined` for one that nobody has promised. */
  #promisedFromMs(outage: Outage): number | undefined {
    const { mode, faults, regions } = this.#scenario;
    if (outage.how === 'slow' || outage.share < 1 || outage.flap) return undefined;
    const calmMs = mode === 'liveness' ? 0 : Math.max(0, ...faults.map(endsMs));
    const onsetMs = Math.max(outage.fromMs, calmMs);
    const dead = new Set(
      faults.flatMap((fault) =>
        'region' in fault && 'forMs' in fault && fault.kind !== 'burst-lost' && isOn(fault, onsetMs)
          ? [fault.region]
          : [],
      ),
    );
    const live = regions.filter((region) => !dead.has(region));
    const hit = live.filter((region) => outage.regions.includes(region));
    const others = this.#scenario.outages.some(
      (other) => other !== outage && other.fromMs < outage.untilMs && outage.fromMs < other.untilMs,
    );
    const isHard = hit.length > 0 && (hit.length === live.length || hit.length >= 2);
    return isHard && !others && outage.untilMs - onsetMs >= PAGE_WITHIN_MS ? onsetMs : undefined;
  }

  /**
   * L1, the fallback: unless the hub has died or been cut off meanwhile, a page that no channel which wakes has accepted
   * is on its way to the fallback 8 s later, and at once when it was refused. L3, the escalation: so is what nobody has
   * acknowledged 5 min later.
   */
  #checkFollowUps(): void {
    const { mode, faults, endMs } = this.#scenario;
    if (mode === 'safety' || !this.#world || faults.some(({ kind }) => kind === 'hub-cut-off')) return;
    const { escalateAfterMs } = this.#world.policy.config.paging;
    for (const [page, { atMs, refusedMs, acceptedMs = endMs }] of this.#pages) {
      const [key, seq] = [page.slice(0, page.lastIndexOf(':trigger:')), Number(page.split(':')[1])];
      const dueMs = Math.min(atMs + FALLBACK_MS, refusedMs ?? endMs) + SLACK_MS;
      const overMs = Math.min(this.#triggers.get(seq)?.overMs ?? endMs, this.#ackedMs.get(seq) ?? endMs);
      if (acceptedMs > dueMs && overMs > dueMs && this.#isQuiet(atMs, dueMs)) {
        const told = this.#firstAttemptMs.get(`${key}:trigger:backup`) ?? Number.POSITIVE_INFINITY;
        if (told > dueMs) this.#violated('L1', `${key} is not on its way to the fallback`, dueMs);
      }
      const lateMs = atMs + escalateAfterMs + SLACK_MS;
      if (overMs <= lateMs || endMs < lateMs || !this.#isQuiet(lateMs - SLACK_MS, lateMs)) continue;
      const told =
        this.#firstAttemptMs.get(`${key}:escalation:backup`) ?? this.#openAttemptMs(`${key}:trigger:backup`);
      if (told === undefined || told > lateMs) this.#violated('L3', `${key} is not escalated`, lateMs);
    }
  }

  /** The fallback's page stands for an escalation as long as it has not been taken. */
  #openAttemptMs(id: string): number | undefined {
    const delivery = this.#world?.hub.stored.deliveries.get(id);
    return delivery && !isSettled(delivery) ? this.#firstAttemptMs.get(id) : undefined;
  }

  /** Whether the hub has lived through that time and could tell it: its timers are exact then. */
  #isQuiet(fromMs: number, untilMs: number): boolean {
    const { faults } = this.#scenario;
    return (
      !this.#deathsMs.some((atMs) => fromMs - HUB_BACK_MS <= atMs && atMs <= untilMs) &&
      !faults.some((fault) => fault.kind === 'hub-clock')
    );
  }

  /**
   * L3: every row of the outbox ends: accepted, superseded, or dead with a word to the other channels. With the faults
   * over for long enough nothing waits: no delivery, no run in a spool, no burst, and no incident whose outage is over.
   */
  #checkDrained(): void {
    const { faults, outages, endMs, resolveAfterMs } = this.#scenario;
    const world = this.#world;
    if (!world) return;
    const calmMs = Math.max(0, ...faults.map(endsMs).filter((ms) => ms <= endMs));
    const isGone = faults.some((fault) => fault.kind === 'hub-cut-off' && endsMs(fault) > endMs);
    if (isGone || endMs - calmMs < DRAINED_WITHIN_MS) return;
    const { deliveries, state } = world.hub.stored;
    const open = [...deliveries.values()].find(
      (delivery) => !isSettled(delivery) && world.hub.nowMs() - delivery.createdAtMs > DRAINED_WITHIN_MS,
    );
    if (open) this.#violated('L3', `${open.id} is still ${open.state}`);
    const dead = [...deliveries.values()].find(
      ({ state, event, page }) =>
        state === 'dead' &&
        event === 'trigger' &&
        ![...deliveries.values()].some(
          (other) => other.page.reason === 'channel-broken' && other.page.dedupKey.startsWith(page.dedupKey),
        ),
    );
    if (dead) this.#violated('L3', `${dead.id} is dead and nobody has been told`);
    const lives = world.probes.filter(
      (probe) =>
        !faults.some((fault) => 'region' in fault && fault.region === probe.region && endsMs(fault) > endMs),
    );
    const full = lives.find((probe) => probe.spooled > 1);
    if (full) this.#violated('L3', `${full.spooled} runs are still in the spool of ${full.region}`);
    const overMs = Math.max(calmMs, ...outages.map(({ untilMs }) => untilMs));
    // Flapping doubles the hold; and the runs that prove it come once in an interval.
    if (endMs - overMs < resolveAfterMs * 2 + DRAINED_WITHIN_MS || this.#scenario.noise.share > 0) return;
    const incident = activeIncident(state);
    if (incident) this.#violated('L3', `incident ${incident.seq} is still ${incident.status}`);
    for (const channel of WAKING)
      for (const key of world.pager(channel).openKeys())
        this.#violated('L3', `${key} is still open at ${channel}`);
    if (faults.some((fault) => endsMs(fault) > endMs)) return;
    if (isBursting(state, world.hub.nowMs())) this.#violated('L3', 'a burst is still on');
  }

  #onDelivery(delivery: Delivery, nowMs: number): void {
    const { id, seq, event, page } = delivery;
    if (event !== 'notice' && page.dedupKey !== `${CHECK}:${seq}`)
      this.#violated('S2', `${id} has the key ${page.dedupKey}`);
    if (event === 'trigger' && delivery.role === 'page' && delivery.channel === 'primary')
      this.#onPage(delivery);
    if (event === 'trigger' && !this.#triggers.has(seq))
      this.#triggers.set(seq, { atMs: this.#nowMs(), seq, overMs: Number.POSITIVE_INFINITY });
    if (event !== 'resolve' || delivery.attempts > 0) return;
    const trigger = this.#triggers.get(seq);
    if (trigger) trigger.overMs = Math.min(trigger.overMs, this.#nowMs());
    const lacks =
      page.reason === 'latency' || page.reason === 'break-glass'
        ? undefined
        : this.#evidence.lacksForResolve(nowMs);
    if (delivery.state === 'pending' && delivery.attempts === 0 && lacks !== undefined)
      this.#violated('S3', `${id}: ${lacks}`);
  }

  #checkOrder(before: CheckState, after: CheckState): void {
    for (const [id, { vote }] of Object.entries(after.regions)) {
      const last = before.regions[id]?.vote;
      if (!vote || !last || vote === last) continue;
      const [[, boot, seq], [, lastBoot, lastSeq]] = [vote.runId.split('.'), last.runId.split('.')];
      if (boot === lastBoot && Number(seq) < Number(lastSeq))
        this.#violated('S1', `run ${vote.runId} votes after ${last.runId}`);
    }
  }

  #checkShown({ regions, reason }: Page): void {
    // A page that the state of slowness opens is asked of nobody.
    if (reason === 'latency' || reason === 'break-glass') return;
    for (const { region, vote } of regions) {
      const heardMs = this.#world?.region(region).lastHeardMs ?? 0;
      const silentMs = (this.#world?.clock.nowMs ?? 0) - heardMs;
      if (silentMs > SURELY_SILENT_MS && (vote === 'pass' || vote === 'fail'))
        this.#violated('S1', `a page shows a ${vote} of ${region}, silent for ${silentMs} ms`);
    }
  }

  #onPage(delivery: Delivery): void {
    const page = this.#pages.get(delivery.id) ?? { atMs: this.#nowMs() };
    if (delivery.refused) page.refusedMs ??= this.#nowMs();
    if (delivery.acceptedAtMs !== undefined || delivery.state === 'superseded')
      page.acceptedMs ??= this.#nowMs();
    this.#pages.set(delivery.id, page);
  }

  /** Milliseconds from the start. */
  #nowMs(): number {
    return this.#world?.sinceStartMs ?? 0;
  }

  #violated(oracle: Oracle, message: string, atMs = this.#nowMs()): void {
    this.violation ??= { oracle, message, atMs };
  }
}
