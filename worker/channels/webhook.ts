import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Page } from '#core/page.ts';
import { SecretRef } from '#core/secret-ref.ts';
import { truncate } from '#core/units.ts';
import { SafeAddress } from './address.ts';
import { factLines, factsOf, happenedAtMs, isoTime, lastedMsOf } from './facts.ts';
import { httpChannel } from './http-channel.ts';
import { fitBytes, type Room } from './room.ts';

const settings = z.strictObject({
  kind: z.literal('webhook'),
  url: SafeAddress,
  /** Signing key: `whsec_` and 24–64 bytes in base64. */
  signingSecret: SecretRef,
  /**
   * Whether a page there wakes somebody. False for a log or a ticket: then nobody waits for it to take a page, and it gets
   * changes, which a receiver that wakes might wake by.
   */
  wakes: z.boolean().default(true),
});

/** What `type` says of a message. Receivers go by these names: they stay. */
const TYPES: Record<Page['event'], string> = {
  trigger: 'incident.triggered',
  update: 'incident.updated',
  acknowledge: 'incident.acknowledged',
  resolve: 'incident.resolved',
  notice: 'notice.raised',
  change: 'change.made',
};

/** Bytes of a body: Standard Webhooks asks for less than 20 kB. */
const BODY_BYTES_MAX = 20_000 - 1;

/**
 * A webhook signed by Standard Webhooks. `webhook-id` is the delivery's, the same for every attempt: a receiver drops
 * what it has seen. A 2xx is the acceptance, as the standard says; its body is nobody's business.
 */
export const webhook = httpChannel({
  kind: 'webhook',
  settings,
  traits: ({ wakes }) => ({ wakes, acknowledges: true, changes: !wakes }),
  secrets: ({ signingSecret }) => [signingSecret],
  request(page, settings, context) {
    const body = fitBytes(BODY_BYTES_MAX, (room) => messageOf(page, room));
    return {
      url: settings.url,
      body,
      headers: webhookHeaders(
        context.secret(settings.signingSecret),
        context.deliveryId,
        context.nowMs,
        body,
      ),
    };
  },
});

/** The three headers of Standard Webhooks. Throws when the secret is not base64, without quoting it. */
export function webhookHeaders(
  secret: string,
  id: string,
  nowMs: number,
  body: string,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(nowMs), body),
  };
}

/**
 * The body, which receivers parse: keys are added, never renamed or given another meaning. Times ending in `Ms` are epoch
 * milliseconds, `lastedMs` is a duration. `reason` is one of `REASONS` of core; `dedupKey` is an incident's in everything
 * but a notice or a change, which have their own. What there is nothing to say of is absent.
 */
function messageOf(page: Page, room: Room): string {
  const told = factsOf(page, room);
  const short = (text: string): string => truncate(text, room.textCharsMax);
  const lastedMs = lastedMsOf(page);
  return JSON.stringify({
    type: TYPES[page.event],
    timestamp: isoTime(happenedAtMs(page)),
    data: {
      dedupKey: page.dedupKey,
      check: page.check,
      seq: page.seq,
      title: short(page.title),
      severity: page.severity,
      owner: short(page.owner),
      summary: told.summary,
      reason: page.reason,
      ...(page.flapping === undefined ? {} : { flapping: page.flapping }),
      ...(page.acknowledgedBy === undefined ? {} : { acknowledgedBy: short(page.acknowledgedBy) }),
      ...(page.step === undefined ? {} : { step: short(page.step) }),
      ...(page.errorClass === undefined ? {} : { errorClass: short(page.errorClass) }),
      ...(page.error === undefined ? {} : { error: short(page.error) }),
      ...(page.deploy === undefined ? {} : { deploy: page.deploy }),
      sinceMs: page.sinceMs,
      decidedAtMs: page.decidedAtMs,
      ...(page.lastGoodAtMs === undefined ? {} : { lastGoodAtMs: page.lastGoodAtMs }),
      ...(page.resolvedAtMs === undefined ? {} : { resolvedAtMs: page.resolvedAtMs }),
      ...(lastedMs === undefined ? {} : { lastedMs }),
      ...(page.checks === undefined
        ? {}
        : {
            checks: page.checks
              .slice(0, room.linesMax)
              .map((grouped) => ({ ...grouped, title: short(grouped.title) })),
          }),
      regions: page.regions.slice(0, room.linesMax).map((region) => ({
        ...region,
        title: short(region.title),
        ...(region.failure === undefined ? {} : { failure: short(region.failure) }),
      })),
      links: told.links,
      /** The same in words, for receivers that only show text. */
      text: factLines(told).join('\n'),
    },
  });
}
