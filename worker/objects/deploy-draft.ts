import type { Deploy, ServiceState } from '#core/deploy/deploy.ts';
import type { DeployEffect, DeployEvent, DeployPolicy } from '#core/deploy/event.ts';
import { deployStep, pagedOf } from '#core/deploy/step.ts';
import { deliveriesOf, overtaken } from '#core/outbox.ts';
import { followUps } from '#core/follow-ups.ts';
import type { Delivery } from '#core/delivery.ts';
import type { OutboxPolicy } from '#core/policy.ts';

/** What the outbox of a service goes by. */
export function deployOutboxPolicy({ routes }: DeployPolicy, escalateAfterMs: number): OutboxPolicy {
  return { routes, escalateAfterMs };
}

/**
 * The next state of a service while a transaction is being made: events step it, and what has to be stored with it gathers
 * here. Thrown away when the transaction fails.
 */
export class DeployDraft {
  readonly #policy: DeployPolicy;
  readonly #outbox: OutboxPolicy;
  readonly #stored: ReadonlyMap<string, Delivery>;
  state: ServiceState;
  /** All but those that are followed here. */
  readonly effects: DeployEffect[] = [];
  /** Deliveries that are new or have changed, by id. */
  readonly deliveries = new Map<string, Delivery>();
  /** Deploys that a later one has taken the place of. */
  readonly retired: Deploy[] = [];

  constructor(
    policy: DeployPolicy,
    state: ServiceState,
    stored: ReadonlyMap<string, Delivery>,
    escalateAfterMs: number,
  ) {
    this.#policy = policy;
    this.#outbox = deployOutboxPolicy(policy, escalateAfterMs);
    this.#stored = stored;
    this.state = state;
  }

  apply(event: DeployEvent): void {
    const { state, effects } = deployStep(this.#policy, this.state, event);
    this.state = state;
    for (const effect of effects) {
      if (effect.type === 'retire') this.retired.push(effect.deploy);
      else if (effect.type !== 'page') this.effects.push(effect);
      else
        for (const delivery of deliveriesOf(effect.page, this.#outbox, this.#all(), event.nowMs))
          if (!this.#current(delivery.id)) this.put(delivery);
    }
  }

  /** Stores a delivery with the rest; the one that is there already is nothing new. */
  put(delivery: Delivery): void {
    if (this.#current(delivery.id) !== delivery) this.deliveries.set(delivery.id, delivery);
  }

  /** What follows from how the deliveries fare: what is overtaken, and what must go out because of it. */
  settle(nowMs: number): void {
    if (this.#stored.size === 0 && this.deliveries.size === 0) return;
    const paged = pagedOf(this.state);
    for (const delivery of overtaken(this.#all(), paged)) this.put(delivery);
    for (const delivery of followUps(this.#all(), this.#outbox, paged, nowMs)) this.put(delivery);
  }

  #all(): Delivery[] {
    return [...new Map([...this.#stored, ...this.deliveries]).values()];
  }

  #current(id: string): Delivery | undefined {
    return this.deliveries.get(id) ?? this.#stored.get(id);
  }
}
