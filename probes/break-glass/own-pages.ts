import {
  ATTEMPT_TIMEOUT_MS,
  beginAttempt,
  endAttempt,
  newDelivery,
  type AttemptResult,
} from '#core/delivery.ts';
import { dueDeliveries, outboxWakeMs } from '#core/outbox.ts';
import type { OutboxPolicy } from '#core/policy.ts';
import type { SecretRef } from '#core/secret-ref.ts';
import { sendPage } from '#worker/channels/index.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { GlassChannels } from './glass-channels.ts';
import type { OwnDelivery, OwnPage } from './glass-store.ts';

export type OwnPagesOptions = {
  channels: GlassChannels;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** Epoch ms, never jumping: what deliveries are timed by. */
  nowMs(): number;
  log: Log;
  /** Whether the hub answers after all. Never rejects. */
  knock(): Promise<boolean>;
  /** Stores all pages as they are. Never rejects. */
  save(): Promise<void>;
  /** A channel has accepted a page. */
  onAccepted(): void;
  /** The hub is back before any channel has accepted the page: it is for the hub to send. */
  onDropped(own: OwnPage): void;
};

/** Nobody else is sent what these pages give rise to: that is the hub's business when it is back. */
const NOWHERE: OutboxPolicy = {
  routes: { page: [], fallback: [], escalation: [], notice: [], platform: [], traits: {} },
  escalateAfterMs: 0,
};

/** The probe's own outbox: each page goes to each channel until that has accepted it or the hub is back. */
export class OwnPages {
  readonly #options: OwnPagesOptions;
  readonly #attempts = new Map<string, Promise<void>>();
  #pages: OwnPage[];
  #hubIsGone = false;
  #stopped = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: OwnPagesOptions, pages: readonly OwnPage[]) {
    this.#options = options;
    this.#pages = [...pages];
  }

  /** All that are not done with. */
  list(): readonly OwnPage[] {
    return this.#pages;
  }

  /** Adds a page, to all channels; `pump` sends it. */
  add(own: Omit<OwnPage, 'deliveries'>): void {
    const nowMs = this.#options.nowMs();
    const deliveries = [...this.#options.channels].map(([name, { traits }]) => ({
      ...newDelivery(own.page, name, 'page', traits, nowMs),
      told: false,
    }));
    // A page of the same incident that the hub did not live to hear of: what it had come to is still true.
    const before = this.#pages.find(({ page }) => page.dedupKey === own.page.dedupKey);
    if (!before) this.#pages.push({ ...own, deliveries });
    else
      before.deliveries = deliveries.map(
        (fresh) =>
          before.deliveries.find(
            ({ id, acceptedAtMs }) =>
              id === fresh.id && (acceptedAtMs !== undefined || this.#attempts.has(id)),
          ) ?? fresh,
      );
  }

  /** Sends what is due, and comes back for the rest. Only while the hub is gone; `asked`: it was asked just now. */
  pump(asked = false): void {
    this.#cancelTimer?.();
    if (this.#stopped || !this.#hubIsGone) return;
    const { clock } = this.#options;
    const nowMs = this.#options.nowMs();
    const waiting = this.#deliveries().filter(({ id }) => !this.#attempts.has(id));
    const due = new Set(dueDeliveries(waiting, nowMs).map(({ id }) => id));
    for (const { id } of waiting)
      if (due.has(id)) {
        const attempt = this.#attempt(id, asked).finally(() => {
          this.#attempts.delete(id);
          this.#prune();
          this.pump();
        });
        this.#attempts.set(id, attempt);
      }
    const later = waiting.filter(({ id }) => !due.has(id));
    const wakeAtMs = outboxWakeMs(later, NOWHERE, [], nowMs);
    if (wakeAtMs !== undefined) this.#cancelTimer = clock.after(wakeAtMs - nowMs, () => this.pump());
  }

  hubLost(): void {
    this.#hubIsGone = true;
    this.pump();
  }

  /** Nothing more is sent: the hub pages by itself, and is told of what has been accepted. */
  hubBack(): void {
    this.#hubIsGone = false;
    this.#cancelTimer?.();
    this.#prune();
  }

  /** The first acceptance that the hub has not taken in. */
  untold(): { own: OwnPage; delivery: OwnDelivery; acceptedAtMs: number } | undefined {
    for (const own of this.#pages)
      for (const delivery of own.deliveries)
        if (delivery.acceptedAtMs !== undefined && !delivery.told)
          return { own, delivery, acceptedAtMs: delivery.acceptedAtMs };
    return undefined;
  }

  /** The hub has taken in that a channel has accepted a page. */
  markTold(check: string, seq: number, channel: string): void {
    for (const { page, deliveries } of this.#pages)
      for (const delivery of deliveries)
        if (page.check === check && page.seq === seq && delivery.channel === channel) delivery.told = true;
    this.#prune();
  }

  /** Begins no attempt any more, and waits for those under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await Promise.all(this.#attempts.values());
  }

  async #attempt(id: string, asked: boolean): Promise<void> {
    const { log } = this.#options;
    // Since the last attempt the probe's way out may have come back, to the channel as to the hub.
    if (!asked && (await this.#options.knock())) return;
    const found = this.#find(id);
    if (!found || this.#stopped || !this.#hubIsGone) return;
    const { own, delivery } = found;
    Object.assign(delivery, beginAttempt(delivery, this.#options.nowMs()));
    // Before it is sent: a process that dies now tries again, under the same key.
    await this.#options.save();
    const result = await this.#send(own, delivery);
    Object.assign(delivery, endAttempt(delivery, result, this.#options.nowMs()));
    const { channel, attempts, state, lastError, providerId } = delivery;
    const page = own.page.dedupKey;
    if (result.ok) log('warn', 'break-glass-accepted', { page, channel, attempts, providerId });
    else log('error', 'break-glass-not-accepted', { page, channel, attempts, state, error: lastError });
    await this.#options.save();
    if (result.ok) this.#options.onAccepted();
  }

  async #send({ page }: OwnPage, delivery: OwnDelivery): Promise<AttemptResult> {
    const { channels, env, clock } = this.#options;
    const channel = channels.get(delivery.channel);
    if (!channel) return refused(`${delivery.channel} is not one of paging.breakGlass any more`);
    const secret = (ref: SecretRef): string => {
      const value = env[ref.secret] ?? '';
      if (value === '') throw new Error(`secret ${ref.secret} is not set`);
      return value;
    };
    return sendPage(page, channel.settings, {
      fetch,
      secret,
      nowMs: clock.wallMs(),
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      deliveryId: delivery.id,
    });
  }

  /** With the hub there, keeps only what it must still be told of, and what is on its way. */
  #prune(): void {
    if (this.#hubIsGone) return;
    const before = this.#deliveries().length;
    for (const own of this.#pages) {
      const wasAccepted = own.deliveries.some(({ acceptedAtMs }) => acceptedAtMs !== undefined);
      const isBusy = own.deliveries.some(({ id }) => this.#attempts.has(id));
      own.deliveries = own.deliveries.filter(
        ({ id, acceptedAtMs, told }) =>
          this.#attempts.has(id) || (acceptedAtMs !== undefined && (!told || isBusy)),
      );
      if (own.deliveries.length === 0 && !wasAccepted) this.#options.onDropped(own);
    }
    this.#pages = this.#pages.filter(({ deliveries }) => deliveries.length > 0);
    if (this.#deliveries().length < before) void this.#options.save();
  }

  #deliveries(): OwnDelivery[] {
    return this.#pages.flatMap(({ deliveries }) => deliveries);
  }

  #find(id: string): { own: OwnPage; delivery: OwnDelivery } | undefined {
    for (const own of this.#pages) {
      const delivery = own.deliveries.find((each) => each.id === id);
      if (delivery) return { own, delivery };
    }
    return undefined;
  }
}

function refused(error: string): AttemptResult {
  return { ok: false, verdict: 'refused', error };
}
