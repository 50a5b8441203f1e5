import { beginAttempt, endAttempt, type AttemptResult, type Delivery } from '#core/delivery.ts';
import { deliveriesOf, dueDeliveries, outboxWakeMs, overtaken } from '#core/outbox.ts';
import { followUps } from '#core/follow-ups.ts';
import type { OutboxPolicy, ChannelTraits, Routes } from '#core/policy.ts';
import type { Paged, Page } from '#core/page.ts';

export const ACCEPTED: AttemptResult = { ok: true, providerId: 'p' };
export const REFUSED: AttemptResult = { ok: false, verdict: 'refused', error: 'HTTP 400 invalid event' };
export const FAILED: AttemptResult = { ok: false, verdict: 'retry', error: 'HTTP 500' };
export const LIMITED: AttemptResult = { ok: false, verdict: 'retry', error: 'HTTP 429', limited: true };

/** Two pagers, a phone that cannot be told of an acknowledgement, a chat, and what forgets in a minute. */
export const TRAITS: Record<string, ChannelTraits> = {
  oncall: { wakes: true, acknowledges: true },
  other: { wakes: true, acknowledges: true },
  phone: { wakes: true, acknowledges: false },
  chat: { wakes: false, acknowledges: false },
  wall: { wakes: false, acknowledges: true, refreshMs: 60_000 },
};

export function aRoutes(over: Partial<Routes> = {}): Routes {
  return {
    page: ['oncall'],
    fallback: [],
    escalation: [],
    notice: [],
    platform: [],
    traits: TRAITS,
    ...over,
  };
}

/** An outbox under test, as a hub keeps it: what is due is attempted when told to, and what follows is added. */
export class Mailbox {
  nowMs = 1_800_000_000_000;
  readonly policy: OutboxPolicy;
  readonly paged: Paged[] = [];
  readonly #deliveries = new Map<string, Delivery>();

  constructor(routes: Partial<Routes> = {}, escalateAfterMs = 300_000) {
    this.policy = { routes: aRoutes(routes), escalateAfterMs };
  }

  get all(): Delivery[] {
    return [...this.#deliveries.values()];
  }

  /** Deliveries as `role event channel: state`, in the order they came. */
  get lines(): string[] {
    return this.all.map(({ role, event, channel, state }) => `${role} ${event} ${channel}: ${state}`);
  }

  put(...deliveries: readonly Delivery[]): this {
    for (const delivery of deliveries) this.#deliveries.set(delivery.id, delivery);
    return this;
  }

  /** A message of core enters; of an incident's trigger the outbox knows from then on. */
  post(page: Page, heldMs = 0): this {
    if (page.event === 'trigger') this.paged.push({ seq: page.seq, isOver: false });
    for (const delivery of deliveriesOf(page, this.policy, this.all, this.nowMs, heldMs))
      if (!this.#deliveries.has(delivery.id)) this.put(delivery);
    return this.settle();
  }

  settle(): this {
    this.put(...overtaken(this.all, this.paged));
    return this.put(...followUps(this.all, this.policy, this.paged, this.nowMs));
  }

  wait(durationMs: number): this {
    this.nowMs += durationMs;
    return this.settle();
  }

  begin(channel: string): this {
    for (const delivery of dueDeliveries(this.all, this.nowMs))
      if (delivery.channel === channel) this.put(beginAttempt(delivery, this.nowMs));
    return this;
  }

  end(channel: string, result: AttemptResult): this {
    for (const delivery of this.all)
      if (delivery.channel === channel && delivery.leaseUntilMs > 0)
        this.put(endAttempt(delivery, result, this.nowMs));
    return this.settle();
  }

  /** Attempts what is due, each channel with its result; those without one are left as they are. */
  send(results: Record<string, AttemptResult>): this {
    for (const [channel, result] of Object.entries(results)) this.begin(channel).end(channel, result);
    return this;
  }

  acknowledge(by = 'Ada', via = 'operator', seq = 1): this {
    return this.#change(seq, { acknowledged: { atMs: this.nowMs, by, via } });
  }

  over(seq = 1): this {
    return this.#change(seq, { isOver: true });
  }

  #change(seq: number, change: Partial<Paged>): this {
    const index = this.paged.findIndex((incident) => incident.seq === seq);
    const incident = this.paged[index];
    if (incident) this.paged[index] = { ...incident, ...change };
    return this.settle();
  }

  /** How long from now until the outbox wants attention. */
  get wakeInMs(): number | undefined {
    const wakeMs = outboxWakeMs(this.all, this.policy, this.paged, this.nowMs);
    return wakeMs === undefined ? undefined : wakeMs - this.nowMs;
  }

  /** Whether anything is to be done at that time, as things stand. */
  isBusyAt(nowMs: number): boolean {
    return (
      dueDeliveries(this.all, nowMs).length > 0 ||
      followUps(this.all, this.policy, this.paged, nowMs).length > 0
    );
  }

  /**
   * Makes sure that the outbox asks to be woken in so long (`undefined`: never), that nothing is to be done a moment
   * before, and something is at that moment.
   */
  wakesIn(inMs: number | undefined): this {
    const asked = this.wakeInMs;
    if (asked !== inMs) throw new Error(`expected to be woken in ${inMs} ms, asked for ${asked} ms`);
    if (inMs === undefined) return this;
    if (inMs > 0 && this.isBusyAt(this.nowMs + inMs - 1))
      throw new Error(`there is something to do before ${inMs} ms`);
    if (!this.isBusyAt(this.nowMs + inMs)) throw new Error(`there is nothing to do in ${inMs} ms`);
    return this;
  }
}
