import { asConfigured, dueDeliveries, outboxWakeMs, pageToSend } from '#core/outbox.ts';
import {
  ATTEMPT_TIMEOUT_MS,
  beginAttempt,
  endAttempt,
  isSettled,
  type AttemptResult,
  type Delivery,
} from '#core/delivery.ts';
import type { OutboxPolicy } from '#core/policy.ts';
import type { Paged, Page } from '#core/page.ts';
import type { CheckEvent } from '#core/check-event.ts';
import { acknowledgeLink } from '../acknowledge-link.ts';
import { pollReceipt, sendingSecrets, sendPage, type ChannelSettings } from '../channels/index.ts';
import { parseEnv } from '../env.ts';
import { log, logError, messageOf } from '../log.ts';
import { secretOf } from '../secrets.ts';
import { config } from '../settings.ts';
import { Receipts } from './receipts.ts';

/** The first attempt to send a page has begun, or a provider has accepted it. */
export type SendingEvent = Extract<CheckEvent, { type: 'sent' | 'accepted' }>;

/** What an outbox needs of its object. */
type OutboxHost = {
  /** What the deliveries go by now. */
  policy(): OutboxPolicy;
  /** The incidents they are about. */
  paged(): Paged[];
  /** Stores a delivery, and steps the state by `event` if there is one, in one transaction. Throws when it cannot. */
  save(delivery: Delivery, event: SendingEvent | undefined): void;
  /** Somebody has acknowledged, as the channel says. Throws when it cannot be stored. */
  acknowledged(seq: number, by: string, channel: string): void;
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
  readonly #receipts = new Receipts();
  /** Every delivery of an incident that has an open one or is not over, and of the latest incident. */
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

  /** The deliveries of an incident's page. */
  triggersOf(seq: number): Delivery[] {
    return this.all().filter((delivery) => delivery.seq === seq && delivery.event === 'trigger');
  }

  /** Every delivery by its id. Not to be changed. */
  get byId(): ReadonlyMap<string, Delivery> {
    return this.#deliveries;
  }

  /** Takes in what has been stored, and forgets the deliveries of older incidents that are all settled. */
  add(deliveries: Iterable<Delivery>, latestSeq: number): void {
    for (const delivery of deliveries) this.#deliveries.set(delivery.id, delivery);
    if (latestSeq === this.#latestSeq) return;
    this.#latestSeq = latestSeq;
    this.#forgetSettled();
  }

  /** Forgets a delivery that is settled. */
  forget({ id }: Delivery): void {
    this.#deliveries.delete(id);
  }

  /** When something is next due, epoch ms. */
  wakeMs(nowMs: number): number | undefined {
    if (this.#deliveries.size === 0) return undefined;
    const paged = this.#host.paged();
    const policy = this.#host.policy();
    const sendMs = outboxWakeMs(asConfigured(this.all(), policy), policy, paged, nowMs);
    const pollMs = this.#receipts.wakeMs(this.all(), paged, nowMs);
    return pollMs === undefined ? sendMs : Math.min(sendMs ?? pollMs, pollMs);
  }

  /** Whether a drain would do anything. */
  isDue(nowMs: number): boolean {
    return (this.wakeMs(nowMs) ?? Number.POSITIVE_INFINITY) <= nowMs;
  }

  /**
   * Attempts all that is due, in parallel and each on its own, and asks providers for acknowledgements. Resolves when all
   * of it has ended.
   */
  async drain(nowMs: number): Promise<void> {
    const deliveries = asConfigured(this.all(), this.#host.policy());
    await Promise.all([
      ...dueDeliveries(deliveries, nowMs).map((delivery) => this.#attempt(delivery)),
      ...this.#receipts
        .due(this.all(), this.#host.paged(), nowMs)
        .map((delivery) => this.#ask(delivery, nowMs)),
    ]);
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
    const isRepeat = begun.state === 'accepted';
    if ((current.state === 'accepted' && !isRepeat) || (isOvertaken && !result.ok)) return;
    const endedMs = Date.now();
    const ended = endAttempt(current, result, endedMs);
    this.#save(
      ended,
      result.ok && isTrigger && !isRepeat
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
    const missing = sendingSecrets(settings).find((name) => secretOf(this.#env, name) === undefined);
    // Whoever started the hub without it will set it: the page waits.
    if (missing !== undefined)
      return { ok: false, verdict: 'retry', error: `secret ${missing} is not set on the hub` };
    try {
      return await sendPage(await this.#linked(pageToSend(delivery, this.all()), nowMs), settings, {
        ...this.#context(nowMs),
        deliveryId: delivery.id,
        receipt: this.#receiptOf(delivery),
      });
    } catch (error) {
      return { ok: false, verdict: 'retry', error: `channel failed: ${messageOf(error)}` };
    }
  }

  /** Asks a provider whether somebody has acknowledged. What it does not say is asked again later. */
  async #ask(delivery: Delivery, nowMs: number): Promise<void> {
    const settings = config.channels[delivery.channel];
    if (!settings || delivery.receipt === undefined) return;
    this.#receipts.asked(delivery.id, nowMs);
    const answer = await pollReceipt(settings, delivery.receipt, this.#context(nowMs));
    if (answer.state === 'unknown')
      log('receipt-not-known', {
        check: delivery.page.check,
        channel: delivery.channel,
        error: answer.error,
      });
    if (answer.state === 'expired') this.#receipts.ended(delivery.id);
    if (answer.state !== 'acknowledged') return;
    this.#receipts.ended(delivery.id);
    try {
      this.#host.acknowledged(delivery.seq, answer.by, delivery.channel);
    } catch (error) {
      logError('acknowledgement-not-stored', error, {
        check: delivery.page.check,
        channel: delivery.channel,
      });
    }
  }

  #context(nowMs: number) {
    return {
      fetch,
      secret: ({ secret }: { secret: string }) => secretOf(this.#env, secret) ?? '',
      nowMs,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
    };
  }

  /** What the channel gave for the trigger that this message follows. */
  #receiptOf(delivery: Delivery): string | undefined {
    return this.all().find(
      ({ event, channel, page, receipt }) =>
        receipt !== undefined &&
        event === 'trigger' &&
        channel === delivery.channel &&
        page.dedupKey === delivery.page.dedupKey,
    )?.receipt;
  }

  /** A page that wakes carries the link that acknowledges it. */
  async #linked(page: Page, nowMs: number): Promise<Page> {
    const env = parseEnv(this.#env);
    if ((page.event !== 'trigger' && page.event !== 'update') || !env.ok) return page;
    const { check, seq } = page;
    const acknowledgeUrl = await acknowledgeLink(
      config.publicUrl,
      env.secrets.cookieKey,
      { check, seq },
      nowMs,
    );
    return { ...page, acknowledgeUrl };
  }

  #save(delivery: Delivery, event: SendingEvent | undefined): void {
    this.#host.save(delivery, event);
  }

  /** What follows a page goes where that went: it is kept until the incident is over. */
  #forgetSettled(): void {
    const ofOpen = this.all().flatMap((delivery) => (isSettled(delivery) ? [] : [delivery.seq]));
    const notOver = this.#host.paged().flatMap(({ seq, isOver }) => (isOver ? [] : [seq]));
    const kept = new Set([this.#latestSeq, ...ofOpen, ...notOver]);
    for (const delivery of this.all()) if (!kept.has(delivery.seq)) this.#deliveries.delete(delivery.id);
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
