import type { Page } from './page.ts';
import type { ChannelTraits } from './policy.ts';

/**
 * `pending`: due at `dueAtMs`. `in-flight`: leased until `leaseUntilMs`. `accepted`, `dead` and `superseded` are final;
 * `superseded`: there is nothing left to say by it.
 */
export const DELIVERY_STATES = ['pending', 'in-flight', 'accepted', 'dead', 'superseded'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/**
 * Why a channel gets a message: it is one of the check's, another one has failed, nobody answered, or it is a notice or a
 * change, which wake nobody.
 */
export const DELIVERY_ROLES = ['page', 'fallback', 'escalation', 'notice'] as const;
export type DeliveryRole = (typeof DELIVERY_ROLES)[number];

/**
 * A message on its way to one channel. `id` is `<dedup key>:<event>:<channel>`, of an escalation `…:escalation:…`, of an
 * update, of which there may be several, `…:update-<epoch ms>:…`.
 */
export type Delivery = {
  id: string;
  seq: number;
  event: Page['event'];
  role: DeliveryRole;
  channel: string;
  page: Page;
  state: DeliveryState;
  /** Attempts begun. */
  attempts: number;
  createdAtMs: number;
  /** When to try (again), epoch ms. Meaningful while pending, and for what is sent again after its acceptance. */
  dueAtMs: number;
  /** Until when an attempt under way is trusted to end by itself, epoch ms; 0 without one. */
  leaseUntilMs: number;
  /** The channel has refused an attempt (4xx, 429 included): no use in waiting for it. */
  refused?: boolean | undefined;
  /** Why the last attempt failed, or why it is dead or superseded. */
  lastError?: string | undefined;
  /** The provider's id of the accepted page. */
  providerId?: string | undefined;
  /** To ask the provider whether somebody has acknowledged. */
  receipt?: string | undefined;
  /** First acceptance. */
  acceptedAtMs?: number | undefined;
  /** Its provider forgets what is not sent again this often, milliseconds. */
  refreshMs?: number | undefined;
  /** Dedup key of the page that speaks for this one, as long as that page's acceptance is waited for. */
  coveredBy?: string | undefined;
};

/** What a channel made of one attempt. Only a provider's own acceptance is `accepted`. */
export type AttemptResult =
  | { ok: true; providerId?: string | undefined; receipt?: string | undefined }
  | {
      ok: false;
      /** `refused`: the provider will never take it (4xx but 408, 425, 429). `retry`: another attempt may work. */
      verdict: 'retry' | 'refused';
      error: string;
      /** It said that there are too many (429): another attempt may work, but the fallback must not wait for it. */
      limited?: boolean | undefined;
      /** The provider's wish (Retry-After), milliseconds. */
      retryAfterMs?: number | undefined;
    };

/** A channel's own deadline for one attempt (DESIGN section 5, "Sending"). */
export const ATTEMPT_TIMEOUT_MS = 5_000;
/** A lease outlives the attempt's deadline, so that only a lost attempt is repeated (reference: paging, section 1.4). */
export const LEASE_MS = 10_000;
/** Pauses before the second attempt and on; the last one repeats (reference: paging, section 1.4: 0, 1, 3, 7, 15, 30 s). */
export const RETRY_AFTER_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const;
/** A provider's Retry-After is honoured up to this: a page cannot wait for longer. */
export const RETRY_AFTER_MAX_MS = 30_000;
/** A page older than this wakes nobody usefully; it ends `dead`, said so in the log and on the operator's page. */
export const DELIVERY_AGE_MAX_MS = 86_400_000;
/** Characters kept of an attempt's error. */
const ERROR_CHARS_MAX = 500;

/** A new delivery, due at `dueAtMs`. */
export function newDelivery(
  page: Page,
  channel: string,
  role: DeliveryRole,
  traits: ChannelTraits | undefined,
  nowMs: number,
  dueAtMs = nowMs,
): Delivery {
  return {
    id: `${page.dedupKey}:${role === 'escalation' ? role : messageOf(page)}:${channel}`,
    seq: page.seq,
    event: page.event,
    role,
    channel,
    page,
    state: 'pending',
    attempts: 0,
    createdAtMs: nowMs,
    dueAtMs,
    leaseUntilMs: 0,
    ...(traits?.refreshMs === undefined ? {} : { refreshMs: traits.refreshMs }),
  };
}

function messageOf({ event, decidedAtMs }: Page): string {
  return event === 'update' ? `update-${decidedAtMs}` : event;
}

/** Whether a delivery needs nothing more, but for being repeated where acceptances are forgotten. */
export function isSettled(delivery: Delivery): boolean {
  return delivery.state !== 'pending' && delivery.state !== 'in-flight';
}

/** The delivery as stored before an attempt begins: the lease makes a crash in the middle harmless. */
export function beginAttempt(delivery: Delivery, nowMs: number): Delivery {
  return {
    ...delivery,
    state: delivery.state === 'accepted' ? 'accepted' : 'in-flight',
    attempts: delivery.attempts + 1,
    leaseUntilMs: nowMs + LEASE_MS,
    coveredBy: undefined,
  };
}

/** The delivery after an attempt's result. Never gives up silently: `dead` carries its reason. */
export function endAttempt(delivery: Delivery, result: AttemptResult, nowMs: number): Delivery {
  const ended = { ...delivery, leaseUntilMs: 0 };
  if (result.ok)
    return {
      ...ended,
      state: 'accepted',
      acceptedAtMs: delivery.acceptedAtMs ?? nowMs,
      dueAtMs: nowMs + (delivery.refreshMs ?? 0),
      ...(result.providerId === undefined ? {} : { providerId: result.providerId }),
      ...(result.receipt === undefined ? {} : { receipt: result.receipt }),
    };
  const lastError = result.error.slice(0, ERROR_CHARS_MAX);
  const index = Math.min(delivery.attempts - 1, RETRY_AFTER_MS.length - 1);
  const pauseMs = Math.max(
    RETRY_AFTER_MS[index] ?? 0,
    Math.min(result.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS),
  );
  const dueAtMs = nowMs + pauseMs;
  // It has been taken once; what failed is only its repetition.
  if (delivery.state === 'accepted') return { ...ended, dueAtMs, lastError };
  const refused = delivery.refused || result.verdict === 'refused' || result.limited;
  const failed = { ...ended, lastError, ...(refused ? { refused } : {}) };
  if (result.verdict === 'refused') return { ...failed, state: 'dead' };
  if (nowMs - delivery.page.decidedAtMs > DELIVERY_AGE_MAX_MS)
    return { ...failed, state: 'dead', lastError: `gave up after 24 h: ${lastError}` };
  return { ...failed, state: 'pending', dueAtMs };
}
