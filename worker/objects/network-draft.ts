import {
  drillRoutes,
  networkStep,
  pagedOf,
  type NetworkEffect,
  type NetworkEvent,
  type NetworkPolicy,
  type NetworkState,
  type NetworkSubject,
} from '#core/network/network.ts';
import { deliveriesOf, overtaken } from '#core/outbox.ts';
import { followUps } from '#core/follow-ups.ts';
import type { Delivery } from '#core/delivery.ts';
import type { OutboxPolicy } from '#core/policy.ts';
import type { Paged } from '#core/page.ts';

/** The deliveries of incidents and of drills, by their ids. They are two outboxes: a drill wakes nobody else. */
export type DeliveriesBySubject = Record<NetworkSubject, ReadonlyMap<string, Delivery>>;

/** What the outbox of incidents, or that of drills, goes by. */
export function networkOutboxPolicy(
  policy: NetworkPolicy,
  { drill }: NetworkState,
  subject: NetworkSubject,
): OutboxPolicy {
  return subject === 'network'
    ? { routes: policy.routes, escalateAfterMs: policy.config.paging.escalateAfterMs }
    : { routes: drillRoutes(policy, drill), escalateAfterMs: Number.POSITIVE_INFINITY };
}

/**
 * The next state of the network while a transaction is being made: events step it, and what has to be stored with it
 * gathers here. Thrown away when the transaction fails.
 */
export class NetworkDraft {
  readonly #policy: NetworkPolicy;
  readonly #stored: DeliveriesBySubject;
  state: NetworkState;
  readonly effects: NetworkEffect[] = [];
  /** Deliveries that are new or have changed, by id. */
  readonly deliveries: Record<NetworkSubject, Map<string, Delivery>> = {
    network: new Map(),
    drill: new Map(),
  };

  constructor(policy: NetworkPolicy, state: NetworkState, stored: DeliveriesBySubject) {
    this.#policy = policy;
    this.#stored = stored;
    this.state = state;
  }

  apply(event: NetworkEvent): void {
    const { state, effects } = networkStep(this.#policy, this.state, event);
    this.state = state;
    for (const effect of effects) {
      this.effects.push(effect);
      if (effect.type !== 'page') continue;
      const { page } = effect;
      const subject: NetworkSubject = page.reason === 'drill' ? 'drill' : 'network';
      for (const delivery of deliveriesOf(page, this.#outbox(subject), this.#all(subject), event.nowMs))
        if (!this.#current(subject, delivery.id)) this.put(subject, delivery);
    }
  }

  /** Stores a delivery with the rest; the one that is there already is nothing new. */
  put(subject: NetworkSubject, delivery: Delivery): void {
    if (this.#current(subject, delivery.id) !== delivery) this.deliveries[subject].set(delivery.id, delivery);
  }

  /** What follows from how the deliveries fare: what is overtaken, and what must go out because of it. */
  settle(nowMs: number): void {
    this.#settleOne('network', pagedOf(this.state, 'network'), nowMs);
    const drills = pagedOf(this.state, 'drill');
    for (const delivery of this.#all('drill'))
      if (isOutOfDrill(delivery, drills))
        this.put('drill', { ...delivery, state: 'superseded', lastError: 'the drill is over' });
    this.#settleOne('drill', drills, nowMs);
  }

  #settleOne(subject: NetworkSubject, paged: readonly Paged[], nowMs: number): void {
    // A drill tests every channel: that somebody has acknowledged on one leaves the others to be tested.
    const answered = subject === 'drill' ? [] : paged;
    for (const delivery of overtaken(this.#all(subject), answered)) this.put(subject, delivery);
    for (const delivery of followUps(this.#all(subject), this.#outbox(subject), paged, nowMs))
      this.put(subject, delivery);
  }

  #outbox(subject: NetworkSubject): OutboxPolicy {
    return networkOutboxPolicy(this.#policy, this.state, subject);
  }

  #all(subject: NetworkSubject): Delivery[] {
    return [...new Map([...this.#stored[subject], ...this.deliveries[subject]]).values()];
  }

  #current(subject: NetworkSubject, id: string): Delivery | undefined {
    return this.deliveries[subject].get(id) ?? this.#stored[subject].get(id);
  }
}

/** A page of a drill that is over would wake somebody for nothing. */
function isOutOfDrill({ state, event, seq }: Delivery, drills: readonly Paged[]): boolean {
  const isGoingOn = drills.some((drill) => drill.seq === seq && !drill.isOver);
  return state === 'pending' && event === 'trigger' && !isGoingOn;
}
