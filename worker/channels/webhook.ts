import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { SecretRef } from '#core/secret-ref.ts';
import type { Page } from '#core/page.ts';
import { truncate } from '#core/units.ts';
import { SafeAddress } from './address.ts';
import { httpChannel } from './channel.ts';
import { factsOf, fitBytes, isoTime, lastedMsOf, type Room } from './facts.ts';

const settings = z.strictObject({
  kind: z.literal('webhook'),
  url: SafeAddress,
  /** Signing key: `whsec_` and 24–64 bytes in base64. */
  signingSecret: SecretRef,
});

/** Bytes of a body: Standard Webhooks asks for less than 20 kB. */
const BODY_BYTES_MAX = 20_000 - 1;

/**
 * A webhook signed by Standard Webhooks. `webhook-id` is the delivery's, the same for every attempt: a receiver drops
 * what it has seen. A 2xx is the acceptance, as the standard says; its body is nobody's business.
 */
export const webhook = httpChannel({
  kind: 'webhook',
  settings,
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

function messageOf(page: Page, room: Room): string {
  const { summary, facts, regions, links } = factsOf(page, room);
  const short = (text: string): string => truncate(text, room.textCharsMax);
  const lastedMs = lastedMsOf(page);
  return JSON.stringify({
    type: page.event === 'trigger' ? 'incident.triggered' : 'incident.resolved',
    timestamp: isoTime(page.event === 'trigger' ? page.decidedAtMs : (page.resolvedAtMs ?? page.decidedAtMs)),
    data: {
      dedupKey: page.dedupKey,
      check: page.check,
      seq: page.seq,
      title: short(page.title),
      severity: page.severity,
      owner: short(page.owner),
      summary,
      rule: page.rule,
      ...(page.step === undefined ? {} : { step: short(page.step) }),
      ...(page.errorClass === undefined ? {} : { errorClass: short(page.errorClass) }),
      ...(page.error === undefined ? {} : { error: short(page.error) }),
      sinceMs: page.sinceMs,
      decidedAtMs: page.decidedAtMs,
      ...(page.lastGoodAtMs === undefined ? {} : { lastGoodAtMs: page.lastGoodAtMs }),
      ...(page.resolvedAtMs === undefined ? {} : { resolvedAtMs: page.resolvedAtMs }),
      ...(lastedMs === undefined ? {} : { lastedMs }),
      regions: page.regions.slice(0, room.regionsMax).map((region) => ({
        ...region,
        ...(region.failure === undefined ? {} : { failure: short(region.failure) }),
      })),
      links,
      /** The same in words, for receivers that only show text. */
      text: [...facts.map(([label, value]) => `${label}: ${value}`), ...regions].join('\n'),
    },
  });
}
