import { isSettled, newDelivery, type Delivery } from './delivery.ts';
import type { Page, Paged } from './page.ts';
import type { OutboxPolicy } from './policy.ts';

/** Without an acceptance for this long the fallback gets the page (DESIGN section 5, "Sending"). */
export const FALLBACK_AFTER_MS = 8_000;
/** A channel that has taken nothing for this long is told on the others as broken: by then it had five attempts. */
const BROKEN_AFTER_MS = 60_000;

/** A delivery that becomes right at `atMs`, unless things change before. */
type Planned = { atMs: number; delivery: Delivery };

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
  return planned(deliveries, policy, paged, nowMs)
    .filter(({ atMs }) => atMs <= nowMs)
    .map(({ delivery }) => delivery);
}

/** When each of what would follow is due, epoch ms, unless things change before. */
export function followUpsAtMs(
  deliveries: readonly Delivery[],
  policy: OutboxPolicy,
  paged: readonly Paged[],
  nowMs: number,
): number[] {
  return planned(deliveries, policy, paged, nowMs).map(({ atMs }) => atMs);
}

function planned(
  deliveries: readonly Delivery[],
  policy: OutboxPolicy,
  paged: readonly Paged[],
  nowMs: number,
): Planned[] {
  const known = new Set(deliveries.map(({ id }) => id));
  const follows = paged.flatMap((incident) => {
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
  return follows.filter(({ delivery }) => !known.has(delivery.id));
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
