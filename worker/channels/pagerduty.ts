import { z } from 'zod';
import type { AttemptResult } from '#core/delivery.ts';
import type { Page } from '#core/page.ts';
import { parseWith } from '#core/problem.ts';
import { SecretRef } from '#core/secret-ref.ts';
import { truncate } from '#core/units.ts';
import { SafeAddress } from './address.ts';
import { jsonOf, notInWordsOf } from './courier.ts';
import { factsOf, happenedAtMs, isoTime, lastedMsOf } from './facts.ts';
import { httpChannel } from './http-channel.ts';
import { fitBytes, type Room } from './room.ts';

/** Secrets of webhook subscriptions at a time: the present one, the next one, and a second subscription's. */
const WEBHOOK_SECRETS_MAX = 5;

const settings = z.strictObject({
  kind: z.literal('pagerduty'),
  /** Integration key of an “Events API v2” integration. */
  routingKey: SecretRef,
  /** PagerDuty's EU service region has an address of its own. */
  endpoint: SafeAddress.default('https://events.pagerduty.com/v2/enqueue'),
  /** Where change events go; `…/change/enqueue` beside the endpoint when absent. */
  changeEndpoint: SafeAddress.optional(),
  /** Secret of the V3 webhook subscription that tells of acknowledgements; several while one is being replaced. */
  webhookSecret: z.union([SecretRef, z.array(SecretRef).min(1).max(WEBHOOK_SECRETS_MAX)]).optional(),
});
export type PagerdutySettings = z.output<typeof settings>;

/** Bytes of an event: PagerDuty refuses over 512 KB; far less is kept, since details over 100 kB help nobody at night. */
const EVENT_BYTES_MAX = 100_000;
/** Characters of `payload.summary` (Events API v2); a title of an alert in a list. */
const SUMMARY_CHARS_MAX = 1_024;

/** Triggers with the key of an open alert add to it, and wake nobody once it is acknowledged. */
const EVENT_ACTIONS: Record<Exclude<Page['event'], 'change'>, 'trigger' | 'acknowledge' | 'resolve'> = {
  trigger: 'trigger',
  update: 'trigger',
  acknowledge: 'acknowledge',
  resolve: 'resolve',
  notice: 'trigger',
};

const Accepted = z.looseObject({ status: z.literal('success'), dedup_key: z.string().max(255).optional() });

/**
 * PagerDuty, Events API v2: `trigger` opens the alert of a dedup key, `update` adds to it, `acknowledge` and `resolve`
 * say what they say. PagerDuty has no alert that wakes nobody: a notice is an alert of its own, of severity `warning`
 * at most, which somebody has to close. Whoever routes notices here chooses that, and what urgency a warning has. A
 * `change` is a change event: no alert, shown beside the incidents of the service. It has no key: one whose answer was lost
 * is there twice.
 */
export const pagerduty = httpChannel({
  kind: 'pagerduty',
  settings,
  traits: { wakes: true, acknowledges: true, changes: true },
  // The webhook's secret is for receiving: a page must not wait for it.
  secrets: ({ routingKey }) => [routingKey],
  request(page, settings, context) {
    const routingKey = context.secret(settings.routingKey);
    const { event } = page;
    return event === 'change'
      ? {
          url: settings.changeEndpoint ?? changeEndpointOf(settings.endpoint),
          body: fitBytes(EVENT_BYTES_MAX, (room) => changeOf(page, routingKey, room)),
        }
      : {
          url: settings.endpoint,
          body: fitBytes(EVENT_BYTES_MAX, (room) => eventOf(page, EVENT_ACTIONS[event], routingKey, room)),
        };
  },
  /**
   * A 2xx that does not say `success` in JSON was not PagerDuty's: a proxy's page, or an answer cut short. It may have
   * been taken or not; the dedup key makes another attempt harmless, while believing it could lose the page.
   */
  acceptance(body): AttemptResult {
    const answer = parseWith(Accepted, jsonOf(body));
    return answer.ok ? { ok: true, providerId: answer.value.dedup_key } : notInWordsOf('PagerDuty', body);
  },
});

/** The secrets that a webhook of this channel may be signed with. */
export function webhookSecrets({ webhookSecret }: PagerdutySettings): SecretRef[] {
  if (webhookSecret === undefined) return [];
  return Array.isArray(webhookSecret) ? webhookSecret : [webhookSecret];
}

/** `…/v2/enqueue` → `…/v2/change/enqueue`; a relay may have a path of its own before it. */
function changeEndpointOf(endpoint: string): string {
  const url = new URL(endpoint);
  const path = url.pathname.replace(/\/enqueue\/?$/, '/change/enqueue');
  url.pathname = path === url.pathname ? '/v2/change/enqueue' : path;
  return url.href;
}

/** A change event (Events API v2, “Send a change event”). */
function changeOf(page: Page, routingKey: string, room: Room): string {
  const { facts, links } = factsOf(page, room);
  return JSON.stringify({
    routing_key: routingKey,
    payload: {
      summary: truncate(page.summary, SUMMARY_CHARS_MAX),
      timestamp: isoTime(page.deploy?.atMs ?? happenedAtMs(page)),
      source: page.check,
      custom_details: Object.fromEntries(facts),
    },
    links,
  });
}

function eventOf(
  page: Page,
  action: 'trigger' | 'acknowledge' | 'resolve',
  routingKey: string,
  room: Room,
): string {
  const { facts, regions, checks, links } = factsOf(page, room);
  const lastedMs = lastedMsOf(page);
  const isNotice = page.event === 'notice';
  const isSevere = page.severity === 'critical' || page.severity === 'error';
  return JSON.stringify({
    routing_key: routingKey,
    event_action: action,
    dedup_key: page.dedupKey,
    client: 'Latchkey',
    client_url: page.incidentUrl,
    payload: {
      summary: truncate(page.summary, SUMMARY_CHARS_MAX),
      source: page.check,
      severity: isNotice && isSevere ? 'warning' : page.severity,
      timestamp: isoTime(page.event === 'resolve' || isNotice ? happenedAtMs(page) : page.sinceMs),
      component: truncate(page.title, SUMMARY_CHARS_MAX),
      group: truncate(page.owner, SUMMARY_CHARS_MAX),
      ...(page.errorClass === undefined ? {} : { class: truncate(page.errorClass, SUMMARY_CHARS_MAX) }),
      custom_details: {
        ...(checks.length === 0
          ? {}
          : { 'Also down': checks.map(({ text, href }) => (href === undefined ? text : `${text} ${href}`)) }),
        ...Object.fromEntries(facts),
        Regions: regions,
        ...(lastedMs === undefined ? {} : { 'Lasted (ms)': lastedMs }),
      },
    },
    links,
    // PagerDuty shows pictures served over https only; the link above is there in any case.
    ...(page.screenshotUrl?.startsWith('https:')
      ? { images: [{ src: page.screenshotUrl, href: page.runUrl ?? page.incidentUrl, alt: 'Screenshot' }] }
      : {}),
  });
}
