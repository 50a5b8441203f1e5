import { type CheckState, pagedOf } from '#core/check-state.ts';
import { withMemory } from '#core/dns/memory/judged.ts';
import type { DnsMemory } from '#core/dns/memory/memory.ts';
import { remember } from '#core/dns/memory/remember.ts';
import { isGroupable } from '#core/group/grouping.ts';
import type { Incident } from '#core/incident.ts';
import { coveredFor, deliveriesOf, grouped, overtaken } from '#core/outbox.ts';
import { endAttempt, newDelivery, type Delivery } from '#core/delivery.ts';
import { followUps } from '#core/follow-ups.ts';
import { outboxPolicyOf, type Policy } from '#core/policy.ts';
import { step } from '#core/step.ts';
import type { BrokenGlass, CheckEffect, CheckEvent } from '#core/check-event.ts';
import type { Page } from '#core/page.ts';
import { updatesOf } from '#core/group/update.ts';
import type { Run } from '#core/run.ts';
import { logError } from '../log.ts';

/**
 * The next state of a check while a transaction is being made: events step it, and what has to be stored with it
 * gathers here. Thrown away when the transaction fails.
 */
export class Draft {
  /** A check that the configuration no longer has does not step; its open pages still go out. */
  readonly #policy: Policy | undefined;
  readonly #stored: ReadonlyMap<string, Delivery>;
  /** How long a new page that may be grouped waits for its group's word, milliseconds. */
  readonly #heldMs: number;
  state: CheckState;
  /** What a DNS check remembers across runs; `isMemoryNews`: it is to be stored. */
  memory: DnsMemory | undefined;
  isMemoryNews = false;
  readonly effects: CheckEffect[] = [];
  /** Deliveries that are new or have changed, by id. */
  readonly deliveries = new Map<string, Delivery>();
  /** Incidents whose row is to be written, by `seq`. */
  readonly incidents = new Map<number, Incident>();

  constructor(
    policy: Policy | undefined,
    state: CheckState,
    stored: ReadonlyMap<string, Delivery>,
    heldMs: number,
    memory?: DnsMemory,
  ) {
    this.#policy = policy;
    this.#stored = stored;
    this.#heldMs = heldMs;
    this.state = state;
    this.memory = memory;
  }

  /**
   * A run that votes, judged by what the check remembers of those before; only a DNS check does. Never throws: without its
   * memory's word a run still counts.
   */
  judge(run: Run, nowMs: number): Run {
    const check = this.#policy?.check;
    if (check?.kind !== 'dns' || !run.dns || run.outcome === 'invalid') return run;
    if (!check.regions.includes(run.region)) return run;
    try {
      const { region, dns: evidence } = run;
      const { regions } = check;
      const remembered = remember(check.dns, this.memory, { region, regions, nowMs, evidence });
      const judged = withMemory(run, remembered.findings);
      this.#remember(remembered.memory, remembered.isWorthStoring);
      return judged;
    } catch (error) {
      logError('dns-memory-failed', error, { check: check.id, run: run.id });
      return run;
    }
  }

  /** Replaces what is remembered, to be stored. */
  accept(memory: DnsMemory): void {
    this.#remember(memory, true);
  }

  apply(event: CheckEvent): void {
    const policy = this.#policy;
    if (!policy) return;
    const before = this.state;
    const { state, effects } = step(policy, before, event);
    this.state = state;
    for (const [now, was] of [
      [state.incident, before.incident],
      [state.slow, before.slow],
    ])
      if (now && isNews(now, was)) this.incidents.set(now.seq, now);
    const left = before.incident;
    if (left && left.status !== 'resolved' && state.incident?.seq !== left.seq)
      this.incidents.set(left.seq, { ...left, status: 'resolved', resolvedAtMs: event.nowMs });
    for (const effect of effects) {
      this.effects.push(effect);
      if (effect.type === 'page') this.#post(effect.page, policy, event.nowMs);
      if (effect.type === 'adopt') this.#adopt(effect.page, effect.glass, policy);
    }
    if (event.type === 'grouped')
      for (const delivery of this.#triggersOf(event.seq))
        this.put(grouped(delivery, event.lead, event.nowMs));
  }

  /** The page that covers this one has been accepted. */
  cover(seq: number): void {
    for (const delivery of this.#triggersOf(seq)) this.put(coveredFor(delivery));
  }

  /** Stores a delivery with the rest; the one that is there already is nothing new. */
  put(delivery: Delivery): void {
    if (this.#current(delivery.id) !== delivery) this.deliveries.set(delivery.id, delivery);
  }

  /** What follows from how the deliveries fare: what is overtaken, and what must go out because of it. */
  settle(nowMs: number): void {
    if (this.#stored.size === 0 && this.deliveries.size === 0) return;
    const paged = pagedOf(this.state);
    for (const delivery of overtaken(this.all(), paged)) this.put(delivery);
    if (!this.#policy) return;
    for (const delivery of followUps(this.all(), outboxPolicyOf(this.#policy), paged, nowMs))
      this.put(delivery);
  }

  all(): Delivery[] {
    return this.deliveries.size === 0
      ? [...this.#stored.values()]
      : [...new Map([...this.#stored, ...this.deliveries]).values()];
  }

  #post(page: Page, policy: Policy, nowMs: number): void {
    const outboxPolicy = outboxPolicyOf(policy);
    if (page.event === 'update') {
      for (const delivery of updatesOf(page, outboxPolicy, this.all(), nowMs)) this.put(delivery);
      return;
    }
    const heldMs = isGroupable(page) ? this.#heldMs : 0;
    for (const delivery of deliveriesOf(page, outboxPolicy, this.all(), nowMs, heldMs))
      if (!this.#current(delivery.id)) this.put(delivery);
  }

  /** A page that a probe has sent by itself is here as accepted: what follows goes where it went. */
  #adopt(page: Page, glass: BrokenGlass, { routes }: Policy): void {
    const { channel, acceptedMs, providerId, receipt } = glass;
    const fresh = newDelivery(page, channel, 'page', routes.traits[channel], acceptedMs);
    const delivery = this.#current(fresh.id) ?? fresh;
    if (delivery.acceptedAtMs !== undefined) return;
    this.put(endAttempt(delivery, { ok: true, providerId, receipt }, acceptedMs));
  }

  #remember(memory: DnsMemory, isNews: boolean): void {
    this.memory = memory;
    this.isMemoryNews ||= isNews;
  }

  #triggersOf(seq: number): Delivery[] {
    return this.all().filter((delivery) => delivery.seq === seq && delivery.event === 'trigger');
  }

  #current(id: string): Delivery | undefined {
    return this.deliveries.get(id) ?? this.#stored.get(id);
  }
}

/** Whether an incident's row is to be written again: each success of a recovery is not worth one. */
function isNews(now: Incident, before: Incident | undefined): boolean {
  return (
    now.seq !== before?.seq ||
    now.status !== before.status ||
    now.ledger !== before.ledger ||
    now.held !== before.held ||
    now.deploy !== before.deploy ||
    now.lead !== before.lead ||
    now.checks !== before.checks ||
    now.acknowledged !== before.acknowledged ||
    (now.cleanSinceMs === undefined) !== (before.cleanSinceMs === undefined)
  );
}
