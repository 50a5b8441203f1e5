import { z } from 'zod';
import { describeProblems, parseWith } from '#core/problem.ts';
import { truncate } from '#core/units.ts';

/** Bytes of a webhook; PagerDuty drops larger ones itself (developer docs, “Webhooks: Behavior”, size limit). */
export const PAGERDUTY_WEBHOOK_BYTES_MAX = 256 * 1024;
/** Signatures looked at: one for each secret that is valid at the time, which during a rotation are two. */
const SIGNATURES_MAX = 10;
/** Characters of a name: it is shown and stored as the one who acknowledged. */
const BY_CHARS_MAX = 100;

/** What happened to an incident; PagerDuty may add event types at any time. */
const EVENTS = [
  'triggered',
  'acknowledged',
  'unacknowledged',
  'escalated',
  'reassigned',
  'delegated',
  'priority_updated',
  'reopened',
  'resolved',
] as const;

/** A V3 webhook, as far as it is ours to act upon. Times in epoch milliseconds, PagerDuty's. */
export type PagerdutyWebhook =
  | {
      event: (typeof EVENTS)[number];
      /** Of the event, the same for every attempt to deliver it. */
      id: string;
      /** The dedup key of the alert that opened the incident. */
      incidentKey: string;
      /** Name of who did it; `PagerDuty` when it did so by itself, or on a message of ours. */
      by: string;
      occurredAtMs: number;
    }
  /** Not of an incident with a key: a note, a service, the ping that tests a subscription. */
  | { event: 'ignored'; id: string; type: string };

/** `unauthorized`: no signature holds. `too-large` and `invalid`: what is wrong with the body. */
export type PagerdutyWebhookAnswer =
  | { ok: true; webhook: PagerdutyWebhook }
  | { ok: false; code: 'unauthorized' | 'too-large' | 'invalid'; error: string };

const Envelope = z.looseObject({
  event: z.looseObject({
    id: z.string().min(1).max(200),
    event_type: z.string().min(1).max(200),
    occurred_at: z.iso.datetime({ offset: true }),
    agent: z.looseObject({ type: z.string().optional(), summary: z.string().nullish() }).nullish(),
    data: z.looseObject({ type: z.string().nullish(), incident_key: z.string().nullish() }).nullish(),
  }),
});

/**
 * Reads a V3 webhook of PagerDuty: `body` as it came, byte for byte, `signatures` the header `x-pagerduty-signature`
 * (`v1=<hex>`, several with commas between them while a secret is replaced). It must be signed with one of `secrets`.
 * PagerDuty delivers at least once and signs no time: acting upon one twice, or late, must do no harm. Never throws.
 */
export async function readPagerdutyWebhook(
  body: Uint8Array<ArrayBuffer>,
  signatures: string | null,
  secrets: readonly string[],
): Promise<PagerdutyWebhookAnswer> {
  if (body.byteLength > PAGERDUTY_WEBHOOK_BYTES_MAX)
    return {
      ok: false,
      code: 'too-large',
      error: `body: expected at most ${PAGERDUTY_WEBHOOK_BYTES_MAX} bytes, got ${body.byteLength}`,
    };
  if (!(await isSigned(body, signatures ?? '', secrets)))
    return {
      ok: false,
      code: 'unauthorized',
      error: 'x-pagerduty-signature: expected a v1 signature with the secret of the subscription',
    };
  return parse(new TextDecoder().decode(body));
}

/** Every secret is tried on every signature, each comparison in constant time (`crypto.subtle.verify`). */
async function isSigned(
  body: Uint8Array<ArrayBuffer>,
  header: string,
  secrets: readonly string[],
): Promise<boolean> {
  const signatures = header
    .split(',', SIGNATURES_MAX)
    .flatMap((part) => /^v1=([0-9a-f]{64})$/i.exec(part.trim())?.[1] ?? [])
    .map(bytesOfHex);
  const keys = await Promise.all(
    secrets
      .filter((secret) => secret !== '')
      .map((secret) =>
        crypto.subtle.importKey(
          'raw',
          new TextEncoder().encode(secret),
          { name: 'HMAC', hash: 'SHA-256' },
          false,
          ['verify'],
        ),
      ),
  );
  const results = await Promise.all(
    keys.flatMap((key) => signatures.map((signature) => crypto.subtle.verify('HMAC', key, signature, body))),
  );
  return results.includes(true);
}

function parse(text: string): PagerdutyWebhookAnswer {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    return { ok: false, code: 'invalid', error: `body: expected JSON: ${String(error)}` };
  }
  const parsed = parseWith(Envelope, input);
  if (!parsed.ok) return { ok: false, code: 'invalid', error: describeProblems(parsed.problems) };
  const { id, event_type: type, occurred_at: occurredAt, agent, data } = parsed.value.event;
  const event = EVENTS.find((name) => type === `incident.${name}`);
  const incidentKey = data?.incident_key;
  // One opened by hand has no key, and is none of ours.
  if (event === undefined || !incidentKey) return { ok: true, webhook: { event: 'ignored', id, type } };
  // Our own messages come back too, with the integration for an agent.
  const name = agent?.type === 'user_reference' ? agent.summary : undefined;
  const by = truncate(name || 'PagerDuty', BY_CHARS_MAX);
  return { ok: true, webhook: { event, id, incidentKey, by, occurredAtMs: Date.parse(occurredAt) } };
}

function bytesOfHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
