import type { Page } from './page.ts';
import type { ChannelTraits, Routes } from './policy.ts';
import { earliest } from './units.ts';

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

/** What the outbox must know of an incident that its messages are about. */
export type Paged = {
  seq: number;
  isOver: boolean;
  acknowledged?: { atMs: number; by: string; via: string } | undefined;
};

/** What decides which channels get what, and when. */
export type OutboxPolicy = { routes: Routes; escalateAfterMs: number };

/** A channel's own deadline for one attempt (DESIGN section 5, "Sending"). */
export const ATTEMPT_TIMEOUT_MS = 5_000;
/** A lease outlives the attempt's deadline, so that only a lost attempt is repeated (reference: paging, section 1.4). */
export const LEASE_MS = 10_000;
/** Without an acceptance for this long the fallback gets the page (DESIGN section 5, "Sending"). */
export const FALLBACK_AFTER_MS = 8_000;
/** A channel that has taken nothing for this long is told on the others as broken: by then it had five attempts. */
export const BROKEN_AFTER_MS = 60_000;
/** A check waits this long for its group's word before it pages by itself: calls inside the hub take milliseconds. */
export const GROUP_ANSWER_MS = 1_000;
/** A resolve is repeated for this long where what is not repeated is forgotten (Alertmanager's `resolve_timeout`, 5 min). */
const RESOLVE_REFRESH_MS = 300_000;
/** Pauses before the second attempt and on; the last one repeats (reference: paging, section 1.4: 0, 1, 3, 7, 15, 30 s). */
export const RETRY_AFTER_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const;
/** A provider's Retry-After is honoured up to this: a page cannot wait for longer. */
const RETRY_AFTER_MAX_MS = 30_000;
/** Nothing is put off for longer: neither a retry nor the end of a lease. */
const WAIT_MS_MAX = Math.max(RETRY_AFTER_MAX_MS, LEASE_MS);
/** A page older than this wakes nobody usefully; it ends `dead`, said so in the log and on the operator's page. */
export const DELIVERY_AGE_MAX_MS = 86_400_000;
/** Settled notices that a check keeps: one of a region that comes and goes is told several times a day, for years. */
export const NOTICES_KEPT_MAX = 100;
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
 * What must go out now because of how the deliveries fare: the fallback, the escalation, the word that a channel is
 * broken, and that somebody has acknowledged. New deliveries only; asked again, it gives none twice.
 */
export function followUps(
  deliveries: readonly Delivery[],
  policy: OutboxPolicy,
  paged: readonly Paged[],
  nowMs: number,
): Delivery[] {
  const known = new Set(deliveries.map(({ id }) => id));
  return planned(deliveries, policy, paged, nowMs)
    .filter(({ atMs, delivery }) => atMs <= nowMs && !known.has(delivery.id))
    .map(({ delivery }) => delivery);
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
  const known = new Set(deliveries.map(({ id }) => id));
  return earliest(
    ...deliveries.map((delivery) => wakeAtMs(delivery, deliveries, nowMs)),
    ...planned(deliveries, policy, paged, nowMs)
      .filter(({ delivery }) => !known.has(delivery.id))
      .map(({ atMs }) => atMs),
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

/** Whether a delivery needs nothing more, but for being repeated where acceptances are forgotten. */
export function isSettled(delivery: Delivery): boolean {
  return delivery.state !== 'pending' && delivery.state !== 'in-flight';
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

/** A delivery that becomes right at `atMs`, unless things change before. */
type Planned = { atMs: number; delivery: Delivery };

function planned(
  deliveries: readonly Delivery[],
  policy: OutboxPolicy,
  paged: readonly Paged[],
  nowMs: number,
): Planned[] {
  return paged.flatMap((incident) => {
    const ofIncident = deliveries.filter(({ seq }) => seq === incident.seq);
    const triggers = ofIncident.filter(({ event }) => event === 'trigger');
    const [oldest] = triggers;
    if (!oldest) return [];
    const updates = ofIncident.flatMap(({ event, page }) => (event === 'update' ? [page] : []));
    const first = { ...oldest, page: newestPage(oldest.page, updates) };
    // Whoever speaks for it sees to it that somebody hears.
    const isCovered = triggers.every(({ coveredBy }) => coveredBy !== undefined);
    return [
      ...(incident.isOver || incident.acknowledged || isCovered
        ? []
        : [...fallbacks(first, triggers, policy, nowMs), ...escalations(first, triggers, policy, nowMs)]),
      ...brokenNotices(triggers, policy, nowMs),
      ...acknowledgements(first, triggers, policy, incident, nowMs),
    ];
  });
}

/** What a page says now: as its newest update has it. */
export function newestPage(trigger: Page, updates: readonly Page[]): Page {
  const [newest] = updates.toSorted((a, b) => b.decidedAtMs - a.decidedAtMs);
  return newest ? { ...newest, event: 'trigger', decidedAtMs: trigger.decidedAtMs } : trigger;
}

function fallbacks(
  first: Delivery,
  triggers: readonly Delivery[],
  { routes }: OutboxPolicy,
  nowMs: number,
): Planned[] {
  // One that the configuration no longer has may have woken somebody.
  const isGone = ({ channel }: Delivery): boolean => routes.traits[channel] === undefined;
  const waking = triggers.filter(
    (trigger) => trigger.role === 'page' && (isGone(trigger) || routes.traits[trigger.channel]?.wakes),
  );
  const missing = waking.filter(
    ({ state, acceptedAtMs }) => acceptedAtMs === undefined && state !== 'superseded',
  );
  const atMs =
    waking.length === 0
      ? first.createdAtMs
      : Math.min(
          ...missing.map(({ refused, state, createdAtMs }) =>
            refused || state === 'dead' ? nowMs : createdAtMs + FALLBACK_AFTER_MS,
          ),
        );
  if (!Number.isFinite(atMs)) return [];
  // With all of its channels gone, those that have come in their place are as good as a fallback.
  const channels = triggers.every(isGone)
    ? [...new Set([...routes.page, ...routes.fallback])]
    : routes.fallback;
  return channels
    .filter((channel) => !triggers.some((trigger) => trigger.channel === channel))
    .map((channel) => ({
      atMs,
      delivery: newDelivery(first.page, channel, 'fallback', routes.traits[channel], nowMs),
    }));
}

function escalations(
  first: Delivery,
  triggers: readonly Delivery[],
  { routes, escalateAfterMs }: OutboxPolicy,
  nowMs: number,
): Planned[] {
  // Where it is still being tried for the first time, another one of the same adds nothing.
  return routes.escalation
    .filter(
      (channel) =>
        !triggers.some(
          (trigger) => trigger.channel === channel && trigger.role !== 'escalation' && !isSettled(trigger),
        ),
    )
    .map((channel) => ({
      atMs: first.createdAtMs + escalateAfterMs,
      delivery: newDelivery(first.page, channel, 'escalation', routes.traits[channel], nowMs),
    }));
}

function brokenNotices(triggers: readonly Delivery[], { routes }: OutboxPolicy, nowMs: number): Planned[] {
  const failing = triggers.filter(
    ({ acceptedAtMs, state, coveredBy }) =>
      acceptedAtMs === undefined && state !== 'superseded' && coveredBy === undefined,
  );
  const broken = new Set(failing.map(({ channel }) => channel));
  const told = [...new Set([...routes.platform, ...routes.notice, ...routes.page, ...routes.fallback])];
  return failing.flatMap((delivery) =>
    told
      .filter((channel) => !broken.has(channel))
      .map((channel) => ({
        // One that has too many (429) for a moment is not broken.
        atMs: delivery.state === 'dead' ? nowMs : delivery.createdAtMs + BROKEN_AFTER_MS,
        delivery: newDelivery(brokenPage(delivery, nowMs), channel, 'notice', routes.traits[channel], nowMs),
      })),
  );
}

function brokenPage({ page, channel, lastError }: Delivery, nowMs: number): Page {
  const { screenshotUrl: _screenshot, runUrl: _run, step: _step, ...rest } = page;
  return {
    ...rest,
    event: 'notice',
    reason: 'channel-broken',
    dedupKey: `${page.dedupKey}:broken:${channel}`,
    severity: 'warning',
    summary: `Channel ${channel} does not take pages${lastError === undefined ? '' : `: ${lastError}`}`,
    errorClass: 'channel-broken',
    error: lastError ?? 'no answer yet',
    regions: [],
    decidedAtMs: nowMs,
  };
}

function acknowledgements(
  first: Delivery,
  triggers: readonly Delivery[],
  { routes }: OutboxPolicy,
  { acknowledged, isOver }: Paged,
  nowMs: number,
): Planned[] {
  if (!acknowledged || isOver) return [];
  const { resolvedAtMs: _resolved, ...page } = first.page;
  const told = triggers.filter(
    ({ channel, acceptedAtMs }) =>
      acceptedAtMs !== undefined && routes.traits[channel]?.acknowledges && channel !== acknowledged.via,
  );
  // Of a page and its escalation on one channel, one says it.
  return told
    .filter(({ channel }, index) => told.findIndex((other) => other.channel === channel) === index)
    .map(({ channel, role }) => ({
      atMs: acknowledged.atMs,
      delivery: newDelivery(
        { ...page, event: 'acknowledge', acknowledgedBy: acknowledged.by },
        channel,
        role === 'escalation' ? 'fallback' : role,
        undefined,
        nowMs,
      ),
    }));
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

function messageOf({ event, decidedAtMs }: Page): string {
  return event === 'update' ? `update-${decidedAtMs}` : event;
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
