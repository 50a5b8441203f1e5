import type { CheckEvent } from '#core/step.ts';
import {
  ATTEMPT_TIMEOUT_MS,
  beginAttempt,
  dueDeliveries,
  endAttempt,
  isSettled,
  orphanedResolves,
  outboxWakeMs,
  type AttemptResult,
  type Delivery,
} from '#core/outbox.ts';
import { sendPage, type ChannelSettings } from '../channels/index.ts';
import { log, messageOf } from '../log.ts';
import { secretNames, secretOf } from '../secrets.ts';
import { config } from '../settings.ts';

/** What an outbox needs of its object. */
type OutboxHost = {
  /** Stores a delivery, and steps the state by `event` if there is one, in one transaction. Throws when it cannot. */
  save(delivery: Delivery, event: CheckEvent | undefined): void;
  /** An attempt has ended: what is due may have changed. */
  ended(): void;
};

/**
 * The pages of one check on their way. Each attempt is leased in storage before it begins and counted after it has
 * ended, so that a crash between the two repeats it; the dedup key makes that harmless.
 */
export class Outbox {
  readonly #env: object;
  readonly #host: OutboxHost;
  /** Every delivery of an incident that has an open one, and of the latest incident. */
  readonly #deliveries = new Map<string, Delivery>();
  #latestSeq = 0;

  constructor(stored: readonly Delivery[], env: object, host: OutboxHost) {
    this.#env = env;
    this.#host = host;
    for (const delivery of stored) {
      this.#deliveries.set(delivery.id, delivery);
      this.#latestSeq = Math.max(this.#latestSeq, delivery.seq);
    }
  }

  all(): Delivery[] {
    return [...this.#deliveries.values()];
  }

  /** Takes in stored deliveries, and forgets those of older incidents that are all settled. */
  add(deliveries: readonly Delivery[], latestSeq: number): void {
    for (const delivery of deliveries)
      if (!this.#deliveries.has(delivery.id)) this.#deliveries.set(delivery.id, delivery);
    if (latestSeq === this.#latestSeq) return;
    this.#latestSeq = latestSeq;
    this.#forgetSettled();
  }

  /** When something is next due, epoch ms. */
  wakeMs(nowMs: number): number | undefined {
    return this.#deliveries.size === 0 ? undefined : outboxWakeMs(this.all(), nowMs);
  }

  /** Whether a drain would do anything. */
  isDue(nowMs: number): boolean {
    return (this.wakeMs(nowMs) ?? Number.POSITIVE_INFINITY) <= nowMs;
  }

  /** Attempts all that is due, in parallel and each on its own. Resolves when the attempts have ended. */
  async drain(nowMs: number): Promise<void> {
    if (this.#deliveries.size === 0) return;
    for (const orphan of orphanedResolves(this.all())) this.#save(orphan, undefined);
    await Promise.all(dueDeliveries(this.all(), nowMs).map((delivery) => this.#attempt(delivery)));
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const beganMs = Date.now();
    const begun = beginAttempt(delivery, beganMs);
    const isTrigger = delivery.event === 'trigger';
    this.#save(begun, isTrigger ? { type: 'sent', nowMs: beganMs, seq: delivery.seq } : undefined);
    const result = await this.#send(begun, beganMs);
    // The wait has let others in: this attempt may have outlived its lease, and another one may have ended before it.
    const current = this.#deliveries.get(begun.id) ?? begun;
    const isOvertaken = current.attempts !== begun.attempts;
    if (current.state === 'accepted' || (isOvertaken && !result.ok)) return;
    const endedMs = Date.now();
    const ended = endAttempt(current, result, endedMs);
    this.#save(
      ended,
      result.ok && isTrigger
        ? {
            type: 'accepted',
            nowMs: endedMs,
            seq: delivery.seq,
            channel: delivery.channel,
            providerId: result.providerId,
          }
        : undefined,
    );
    report(ended, result);
    if (isSettled(ended)) this.#forgetSettled();
    this.#host.ended();
  }

  async #send(delivery: Delivery, nowMs: number): Promise<AttemptResult> {
    const settings: ChannelSettings | undefined = config.channels[delivery.channel];
    if (!settings)
      return { ok: false, verdict: 'refused', error: 'the configuration no longer has this channel' };
    const missing = secretNames(settings).find((name) => secretOf(this.#env, name) === undefined);
    // Whoever started the hub without it will set it: the page waits.
    if (missing !== undefined)
      return { ok: false, verdict: 'retry', error: `secret ${missing} is not set on the hub` };
    try {
      return await sendPage(delivery.page, settings, {
        fetch,
        secret: ({ secret }) => secretOf(this.#env, secret) ?? '',
        nowMs,
        attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
        deliveryId: delivery.id,
      });
    } catch (error) {
      return { ok: false, verdict: 'retry', error: `channel failed: ${messageOf(error)}` };
    }
  }

  #save(delivery: Delivery, event: CheckEvent | undefined): void {
    this.#host.save(delivery, event);
    this.#deliveries.set(delivery.id, delivery);
  }

  #forgetSettled(): void {
    const openSeqs = new Set(this.all().flatMap((delivery) => (isSettled(delivery) ? [] : [delivery.seq])));
    for (const delivery of this.all())
      if (delivery.seq !== this.#latestSeq && !openSeqs.has(delivery.seq))
        this.#deliveries.delete(delivery.id);
  }
}

function report(delivery: Delivery, result: AttemptResult): void {
  const fields = {
    check: delivery.page.check,
    seq: delivery.seq,
    page: delivery.event,
    channel: delivery.channel,
    attempts: delivery.attempts,
  };
  if (result.ok) log('page-accepted', { ...fields, providerId: result.providerId });
  else log('page-not-accepted', { ...fields, state: delivery.state, error: result.error });
}
