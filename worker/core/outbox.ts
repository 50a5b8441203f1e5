import type { Page } from './page.ts';

/** `pending`: due at `dueAtMs`. `in-flight`: leased until `leaseUntilMs`. `accepted` and `dead` are final. */
export const DELIVERY_STATES = ['pending', 'in-flight', 'accepted', 'dead'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** A page on its way to one channel. `id` is `<dedup key>:<event>:<channel>`. */
export type Delivery = {
  id: string;
  seq: number;
  event: Page['event'];
  channel: string;
  page: Page;
  state: DeliveryState;
  /** Attempts begun. */
  attempts: number;
  /** When to try (again), epoch ms. Meaningful while pending. */
  dueAtMs: number;
  /** Until when an attempt under way is trusted to end by itself, epoch ms. Meaningful while in flight. */
  leaseUntilMs: number;
  /** Why the last attempt failed, or why it is dead. */
  lastError?: string | undefined;
  /** The provider's id of the accepted page. */
  providerId?: string | undefined;
  acceptedAtMs?: number | undefined;
};

/** What a channel made of one attempt. Only a provider's own acceptance is `accepted`. */
export type AttemptResult =
  | { ok: true; providerId?: string | undefined }
  | {
      ok: false;
      /** `refused`: the provider will never take it (4xx but 408, 425, 429). `retry`: another attempt may work. */
      verdict: 'retry' | 'refused';
      error: string;
      /** The provider's wish (Retry-After), milliseconds. */
      retryAfterMs?: number | undefined;
    };

/** A channel's own deadline for one attempt (DESIGN section 5, "Sending"). */
export const ATTEMPT_TIMEOUT_MS = 5_000;
/** A lease outlives the attempt's deadline, so that only a lost attempt is repeated (reference: paging, section 1.4). */
export const LEASE_MS = 10_000;
/** Pauses before the second attempt and on; the last one repeats (reference: paging, section 1.4: 0, 1, 3, 7, 15, 30 s). */
const RETRY_AFTER_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const;
/** A provider's Retry-After is honoured up to this: a page cannot wait for longer. */
const RETRY_AFTER_MAX_MS = 30_000;
/** Nothing is put off for longer: neither a retry nor the end of a lease. */
const WAIT_MS_MAX = Math.max(RETRY_AFTER_MAX_MS, LEASE_MS);
/** A page older than this wakes nobody usefully; it ends `dead`, said so in the log and on the operator's page. */
export const DELIVERY_AGE_MAX_MS = 86_400_000;
/** Characters kept of an attempt's error. */
const ERROR_CHARS_MAX = 500;

/** A new delivery, due at once. */
export function newDelivery(page: Page, channel: string, nowMs: number): Delivery {
  return {
    id: `${page.dedupKey}:${page.event}:${channel}`,
    seq: page.seq,
    event: page.event,
    channel,
    page,
    state: 'pending',
    attempts: 0,
    dueAtMs: nowMs,
    leaseUntilMs: 0,
  };
}

/**
 * The deliveries to attempt now: pending and due, or in flight past their lease. A `resolve` waits until its own
 * channel has accepted the trigger.
 */
export function dueDeliveries(deliveries: readonly Delivery[], nowMs: number): Delivery[] {
  return deliveries.filter((delivery) => wakeAtMs(delivery, deliveries, nowMs) <= nowMs);
}

/** When the outbox next wants attention, epoch ms; `undefined` when nothing is open. */
export function outboxWakeMs(deliveries: readonly Delivery[], nowMs: number): number | undefined {
  const times = deliveries.map((delivery) => wakeAtMs(delivery, deliveries, nowMs)).filter(Number.isFinite);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether a delivery needs nothing more. */
export function isSettled(delivery: Delivery): boolean {
  return delivery.state === 'accepted' || delivery.state === 'dead';
}

/** The delivery as stored before an attempt begins: the lease makes a crash in the middle harmless. */
export function beginAttempt(delivery: Delivery, nowMs: number): Delivery {
  return { ...delivery, state: 'in-flight', attempts: delivery.attempts + 1, leaseUntilMs: nowMs + LEASE_MS };
}

/** The delivery after an attempt's result. Never gives up silently: `dead` carries its reason. */
export function endAttempt(delivery: Delivery, result: AttemptResult, nowMs: number): Delivery {
  if (result.ok)
    return {
      ...delivery,
      state: 'accepted',
      acceptedAtMs: nowMs,
      ...(result.providerId === undefined ? {} : { providerId: result.providerId }),
    };
  const lastError = result.error.slice(0, ERROR_CHARS_MAX);
  if (result.verdict === 'refused') return { ...delivery, state: 'dead', lastError };
  if (nowMs - delivery.page.decidedAtMs > DELIVERY_AGE_MAX_MS)
    return { ...delivery, state: 'dead', lastError: `gave up after 24 h: ${lastError}` };
  const index = Math.min(delivery.attempts - 1, RETRY_AFTER_MS.length - 1);
  const pauseMs = Math.max(
    RETRY_AFTER_MS[index] ?? 0,
    Math.min(result.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS),
  );
  return { ...delivery, state: 'pending', dueAtMs: nowMs + pauseMs, lastError };
}

/**
 * Resolves whose trigger died have nothing to resolve: they are settled with it.
 * Returns only the deliveries that change.
 */
export function orphanedResolves(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.flatMap((delivery) => {
    if (delivery.event !== 'resolve' || delivery.state !== 'pending') return [];
    const trigger = triggerOf(delivery, deliveries);
    return trigger?.state === 'dead'
      ? [{ ...delivery, state: 'dead' as const, lastError: 'its trigger was never accepted' }]
      : [];
  });
}

/** When a delivery is ready; at once if that is further away than any wait: the clock has been set back since. */
function wakeAtMs(delivery: Delivery, all: readonly Delivery[], nowMs: number): number {
  const readyMs = readyAtMs(delivery, all);
  return Number.isFinite(readyMs) && readyMs > nowMs + WAIT_MS_MAX ? nowMs : readyMs;
}

function readyAtMs(delivery: Delivery, all: readonly Delivery[]): number {
  if (isSettled(delivery)) return Number.POSITIVE_INFINITY;
  if (delivery.state === 'in-flight') return delivery.leaseUntilMs;
  if (delivery.event === 'resolve') {
    const trigger = triggerOf(delivery, all);
    if (trigger && trigger.state !== 'accepted') return Number.POSITIVE_INFINITY;
  }
  return delivery.dueAtMs;
}

function triggerOf(resolve: Delivery, all: readonly Delivery[]): Delivery | undefined {
  return all.find(
    (other) => other.event === 'trigger' && other.seq === resolve.seq && other.channel === resolve.channel,
  );
}
