import { z } from 'zod';
import { SecretRef } from '#core/secret-ref.ts';
import type { AttemptResult } from '#core/outbox.ts';
import type { Page } from '#core/page.ts';
import { parseWith } from '#core/problem.ts';
import { truncate } from '#core/units.ts';
import { SafeAddress } from './address.ts';
import { httpChannel } from './channel.ts';
import { factsOf, fitBytes, isoTime, lastedMsOf, type Room } from './facts.ts';

const settings = z.strictObject({
  kind: z.literal('pagerduty'),
  /** Integration key of an “Events API v2” integration. */
  routingKey: SecretRef,
  /** PagerDuty's EU service region has an address of its own. */
  endpoint: SafeAddress.default('https://events.pagerduty.com/v2/enqueue'),
});

/** Bytes of an event: PagerDuty refuses over 512 KB; far less is kept, since details over 100 kB help nobody at night. */
const EVENT_BYTES_MAX = 100_000;
/** Characters of `payload.summary` (Events API v2); a title of an alert in a list. */
const SUMMARY_CHARS_MAX = 1_024;

const Accepted = z.looseObject({ status: z.literal('success'), dedup_key: z.string().max(255).optional() });

/** PagerDuty, Events API v2: `trigger` opens the alert of a dedup key, `resolve` closes it. */
export const pagerduty = httpChannel({
  kind: 'pagerduty',
  settings,
  request(page, settings, context) {
    const routingKey = context.secret(settings.routingKey);
    return {
      url: settings.endpoint,
      body: fitBytes(EVENT_BYTES_MAX, (room) => eventOf(page, routingKey, room)),
    };
  },
  /**
   * A 2xx that does not say `success` in JSON was not PagerDuty's: a proxy's page, or an answer cut short. It may have
   * been taken or not; the dedup key makes another attempt harmless, while believing it could lose the page.
   */
  acceptance(body): AttemptResult {
    const answer = parseWith(Accepted, body === undefined ? undefined : jsonOf(body));
    if (answer.ok) return { ok: true, providerId: answer.value.dedup_key };
    return {
      ok: false,
      verdict: 'retry',
      error: `accepted, but not in PagerDuty's words: ${truncate(body ?? 'the answer broke off', 200)}`,
    };
  },
});

function eventOf(page: Page, routingKey: string, room: Room): string {
  const { facts, regions, links } = factsOf(page, room);
  const lastedMs = lastedMsOf(page);
  return JSON.stringify({
    routing_key: routingKey,
    event_action: page.event,
    dedup_key: page.dedupKey,
    client: 'Latchkey',
    client_url: page.incidentUrl,
    payload: {
      summary: truncate(page.summary, SUMMARY_CHARS_MAX),
      source: page.check,
      severity: page.severity,
      timestamp: isoTime(page.event === 'resolve' ? (page.resolvedAtMs ?? page.decidedAtMs) : page.sinceMs),
      component: truncate(page.title, SUMMARY_CHARS_MAX),
      group: truncate(page.owner, SUMMARY_CHARS_MAX),
      ...(page.errorClass === undefined ? {} : { class: truncate(page.errorClass, SUMMARY_CHARS_MAX) }),
      custom_details: {
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

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    return error;
  }
}
