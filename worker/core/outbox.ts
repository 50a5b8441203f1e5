import {
  isSettled,
  LEASE_MS,
  newDelivery,
  RETRY_AFTER_MAX_MS,
  type Delivery,
  type DeliveryRole,
} from './delivery.ts';
import { FALLBACK_AFTER_MS, followUpsAtMs, newestPage } from './follow-ups.ts';
import type { Page, Paged } from './page.ts';
import type { OutboxPolicy, Routes } from './policy.ts';
import { earliest } from './units.ts';

/** A check waits this long for its group's word before it pages by itself: calls inside the hub take milliseconds. */
export const GROUP_ANSWER_MS = 1_000;
/** A resolve is repeated for this long where what is not repeated is forgotten (Alertmanager's `resolve_timeout`, 5 min). */
const RESOLVE_REFRESH_MS = 300_000;
/** Nothing is put off for longer: neither a retry nor the end of a lease. */
const WAIT_MS_MAX = Math.max(RETRY_AFTER_MAX_MS, LEASE_MS);
/** Settled notices that a check keeps: one of a region that comes and goes is told several times a day, for years. */
export const NOTICES_KEPT_MAX = 100;

/**
 * The deliveries of a message, one for each channel that gets it. What follows a trigger goes wherever the trigger went.
 * `heldMs`: a trigger waits this long at most for its group's word.
 */
export function deliveriesOf(
  page: Page,
  { routes }: OutboxPolicy,
  existing: readonly Delivery[],
  nowMs: number,
  heldMs = 0,
): Delivery[] {
  const to = (channels: readonly string[], role: DeliveryRole): Delivery[] =>
    channels.map((channel) =>
      newDelivery(page, channel, role, routes.traits[channel], nowMs, nowMs + (role === 'page' ? heldMs : 0)),
    );
  if (page.event === 'trigger') return to(routes.page, 'page');
  if (page.event === 'change') return to(changeChannels(routes), 'notice');
  if (page.event === 'notice')
    return to(page.reason === 'invalid' ? routes.platform : routes.notice, 'notice');
  const told = existing.filter(
    (delivery) =>
      delivery.event === 'trigger' &&
      delivery.page.dedupKey === page.dedupKey &&
      delivery.role !== 'escalation',
  );
  const escalated = existing.filter(
    (delivery) =>
      delivery.role === 'escalation' &&
      delivery.page.dedupKey === page.dedupKey &&
      !told.some(({ channel }) => channel === delivery.channel),
  );
  return [...told, ...escalated].map(({ channel, role }) =>
    newDelivery(page, channel, role === 'escalation' ? 'fallback' : role, routes.traits[channel], nowMs),
  );
}

/**
 * The deliveries that are settled by what has happened elsewhere: resolves whose trigger died, pages somebody has
 * acknowledged before every channel took them. Returns only those that change.
 */
export function overtaken(deliveries: readonly Delivery[], paged: readonly Paged[]): Delivery[] {
  return deliveries.flatMap((delivery): Delivery[] => {
    if (delivery.state !== 'pending') return [];
    const settle = (state: 'dead' | 'superseded', lastError: string): Delivery[] => [
      { ...delivery, state, lastError },
    ];
    if (delivery.event === 'trigger') {
      const acknowledged = paged.find(({ seq }) => seq === delivery.seq)?.acknowledged;
      return acknowledged ? settle('superseded', `acknowledged by ${acknowledged.by}`) : [];
    }
    if (standsAlone(delivery)) return [];
    if (delivery.event === 'acknowledge' && paged.find(({ seq }) => seq === delivery.seq)?.isOver)
      return settle('superseded', 'it is over');
    // After a resolve it would open the page again.
    const isOld = ({ event, page, channel }: Delivery): boolean =>
      page.dedupKey === delivery.page.dedupKey &&
      channel === delivery.channel &&
      (event === 'resolve' || (event === 'update' && page.decidedAtMs > delivery.page.decidedAtMs));
    if (delivery.event === 'update' && deliveries.some(isOld))
      return settle('superseded', 'there is newer word');
    const trigger = triggerOf(delivery, deliveries);
    if (trigger?.state === 'dead') return settle('dead', 'its trigger was never accepted');
    if (trigger?.state === 'superseded' && !isOwed(delivery, trigger))
      return settle('superseded', 'its trigger was not needed');
    return [];
  });
}

/**
 * The deliveries to attempt now: pending and due, in flight past their lease, or accepted where that is forgotten. What
 * follows a trigger waits until its own channel has accepted the trigger.
 */
export function dueDeliveries(deliveries: readonly Delivery[], nowMs: number): Delivery[] {
  return deliveries.filter((delivery) => wakeAtMs(delivery, deliveries, nowMs) <= nowMs);
}

/**
 * The deliveries as the configuration has their channels now: what was accepted by one that it no longer has, or by one of
 * a check that it no longer has, is not sent again for ever.
 */
export function asConfigured(deliveries: readonly Delivery[], { routes }: OutboxPolicy): Delivery[] {
  return deliveries.map((delivery) =>
    delivery.state === 'accepted' &&
    delivery.refreshMs !== undefined &&
    routes.traits[delivery.channel]?.refreshMs === undefined
      ? { ...delivery, refreshMs: undefined }
      : delivery,
  );
}

/** When the outbox next wants attention, epoch ms; `undefined` when nothing is open. */
export function outboxWakeMs(
  deliveries: readonly Delivery[],
  policy: OutboxPolicy,
  paged: readonly Paged[],
  nowMs: number,
): number | undefined {
  return earliest(
    ...deliveries.map((delivery) => wakeAtMs(delivery, deliveries, nowMs)),
    ...followUpsAtMs(deliveries, policy, paged, nowMs),
  );
}

/** What an attempt sends: the delivery's own page, and when it is only repeated, the newest word on it. */
export function pageToSend(delivery: Delivery, all: readonly Delivery[]): Page {
  if (delivery.state !== 'accepted' || delivery.event !== 'trigger') return delivery.page;
  const updates = all.flatMap(({ event, channel, page }) =>
    event === 'update' && channel === delivery.channel && page.dedupKey === delivery.page.dedupKey
      ? [page]
      : [],
  );
  return newestPage(delivery.page, updates);
}

/** Notices and changes that are settled and not among the newest; not those of broken channels, which would be told once more. */
export function surplusNotices(deliveries: readonly Delivery[]): Delivery[] {
  if (deliveries.length <= NOTICES_KEPT_MAX) return [];
  return deliveries
    .filter(
      (delivery) => standsAlone(delivery) && isSettled(delivery) && delivery.page.reason !== 'channel-broken',
    )
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
    .slice(NOTICES_KEPT_MAX);
}

/**
 * A trigger after its group's word: sent now, or, while another page speaks for it, put off until that had its time. One
 * that was covered by a page that speaks for it no more begins anew.
 */
export function grouped(delivery: Delivery, lead: string | undefined, nowMs: number): Delivery {
  if (delivery.attempts > 0) return delivery;
  if (lead === undefined && delivery.coveredBy !== undefined)
    return {
      ...delivery,
      state: 'pending',
      createdAtMs: nowMs,
      dueAtMs: nowMs,
      lastError: undefined,
      coveredBy: undefined,
    };
  if (delivery.state !== 'pending') return delivery;
  return lead === undefined
    ? { ...delivery, dueAtMs: nowMs }
    : { ...delivery, dueAtMs: nowMs + FALLBACK_AFTER_MS, coveredBy: lead };
}

/** A covered trigger whose group's page has been accepted: there is nothing left to say by it. */
export function coveredFor(delivery: Delivery): Delivery {
  if (delivery.state !== 'pending' || delivery.coveredBy === undefined) return delivery;
  return { ...delivery, state: 'superseded', lastError: `told by ${delivery.coveredBy}` };
}

/** When a delivery is ready; at once if that is further away than any wait: the clock has been set back since. */
function wakeAtMs(delivery: Delivery, all: readonly Delivery[], nowMs: number): number {
  const readyMs = readyAtMs(delivery, all);
  const waitMsMax = Math.max(WAIT_MS_MAX, delivery.refreshMs ?? 0);
  return Number.isFinite(readyMs) && readyMs > nowMs + waitMsMax ? nowMs : readyMs;
}

function readyAtMs(delivery: Delivery, all: readonly Delivery[]): number {
  if (delivery.state === 'accepted') return refreshAtMs(delivery, all);
  if (isSettled(delivery)) return Number.POSITIVE_INFINITY;
  if (delivery.state === 'in-flight') return delivery.leaseUntilMs;
  if (delivery.event !== 'trigger' && !standsAlone(delivery)) {
    const trigger = triggerOf(delivery, all);
    if (trigger && trigger.acceptedAtMs === undefined && !isOwed(delivery, trigger))
      return Number.POSITIVE_INFINITY;
    // One that overtakes an update under way would be undone by it.
    const underWayMs = updatesUnderWay(delivery, all).map(({ leaseUntilMs }) => leaseUntilMs);
    return Math.max(delivery.dueAtMs, ...underWayMs);
  }
  return delivery.dueAtMs;
}

/** When an accepted delivery is due again: a trigger until its resolve is there, a resolve for a while. */
function refreshAtMs(delivery: Delivery, all: readonly Delivery[]): number {
  const { refreshMs, event, dueAtMs, leaseUntilMs, createdAtMs } = delivery;
  if (refreshMs === undefined) return Number.POSITIVE_INFINITY;
  const isOver =
    event === 'resolve'
      ? dueAtMs > createdAtMs + RESOLVE_REFRESH_MS
      : event !== 'trigger' ||
        all.some(
          (other) =>
            other.event === 'resolve' &&
            other.page.dedupKey === delivery.page.dedupKey &&
            other.channel === delivery.channel,
        );
  return isOver ? Number.POSITIVE_INFINITY : Math.max(dueAtMs, leaseUntilMs);
}

function updatesUnderWay(delivery: Delivery, all: readonly Delivery[]): Delivery[] {
  return all.filter(
    (other) =>
      other.event === 'update' &&
      other.state === 'in-flight' &&
      other.page.dedupKey === delivery.page.dedupKey &&
      other.channel === delivery.channel,
  );
}

/** A message that follows no trigger and that nothing follows: no fallback, no escalation, no word when it is not taken. */
function standsAlone({ event }: Delivery): boolean {
  return event === 'notice' || event === 'change';
}

/** A change goes where deploys are shown beside incidents, or as a line of a chat; nowhere else, as it would wake somebody. */
function changeChannels({ page, notice, traits }: Routes): string[] {
  return [...new Set([...page, ...notice])].filter((channel) => traits[channel]?.changes === true);
}

/** A resolve of a trigger that is not sent any more, after attempts of which one may have been taken, its answer lost. */
function isOwed({ event }: Delivery, { state, attempts, refused }: Delivery): boolean {
  return event === 'resolve' && state === 'superseded' && attempts > 0 && !refused;
}

function triggerOf(delivery: Delivery, all: readonly Delivery[]): Delivery | undefined {
  const triggers = all.filter(
    (other) =>
      other.event === 'trigger' &&
      other.page.dedupKey === delivery.page.dedupKey &&
      other.channel === delivery.channel,
  );
  // Of a page and its escalation on one channel, either will do.
  return triggers.find(({ acceptedAtMs }) => acceptedAtMs !== undefined) ?? triggers[0];
}
