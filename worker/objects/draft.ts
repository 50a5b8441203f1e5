import type { CheckState } from '#core/check-state.ts';
import type { Incident } from '#core/incident.ts';
import type { Policy } from '#core/policy.ts';
import { step, type CheckEffect, type CheckEvent } from '#core/step.ts';
import { newDelivery, type Delivery } from '#core/outbox.ts';

/**
 * The next state of a check while a transaction is being made: events step it, and what has to be stored with it
 * gathers here. Thrown away when the transaction fails.
 */
export class Draft {
  /** A check that the configuration no longer has does not step; its open pages still go out. */
  readonly #policy: Policy | undefined;
  state: CheckState;
  readonly effects: CheckEffect[] = [];
  /** Pages that the events put into the outbox, one for each channel. */
  readonly deliveries: Delivery[] = [];
  /** Incidents whose row is to be written, by `seq`. */
  readonly incidents = new Map<number, Incident>();

  constructor(policy: Policy | undefined, state: CheckState) {
    this.#policy = policy;
    this.state = state;
  }

  apply(event: CheckEvent): void {
    if (!this.#policy) return;
    const before = this.state;
    const { state, effects } = step(this.#policy, before, event);
    this.state = state;
    if (state.incident && isNews(state.incident, before.incident))
      this.incidents.set(state.incident.seq, state.incident);
    for (const effect of effects) {
      this.effects.push(effect);
      if (effect.type !== 'page') continue;
      for (const channel of this.#policy.check.channels)
        this.deliveries.push(newDelivery(effect.page, channel, event.nowMs));
    }
  }
}

/** Whether an incident's row is to be written again: each success of a recovery is not worth one. */
function isNews(now: Incident, before: Incident | undefined): boolean {
  return (
    now.seq !== before?.seq ||
    now.status !== before.status ||
    now.ledger !== before.ledger ||
    (now.cleanSinceMs === undefined) !== (before.cleanSinceMs === undefined)
  );
}
