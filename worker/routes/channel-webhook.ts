import { Hono } from 'hono';
import { PAGERDUTY_WEBHOOK_BYTES_MAX, readPagerdutyWebhook } from '../channels/pagerduty-webhook.ts';
import { webhookSecrets } from '../channels/pagerduty.ts';
import { AppError, type ErrorCode } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { log } from '../log.ts';
import { bodySize } from '../middleware/body-size.ts';
import { secretOf } from '../secrets.ts';
import { config } from '../settings.ts';
import { acknowledgeSubject, subjectOf } from './acknowledging.ts';

const REFUSALS: Record<'unauthorized' | 'too-large' | 'invalid', ErrorCode> = {
  unauthorized: 'unauthenticated',
  'too-large': 'too-large',
  invalid: 'bad-request',
};

/**
 * What channels tell the hub: PagerDuty's V3 webhooks, of which acknowledgements are ours to act upon. All that is signed
 * and is nothing to us is answered 200, or PagerDuty would repeat it and in the end give the subscription up.
 */
export const channelWebhookRoutes = new Hono<Hub>();

channelWebhookRoutes.post(
  '/api/channels/:channel/webhook',
  bodySize(PAGERDUTY_WEBHOOK_BYTES_MAX),
  async (c) => {
    const channel = c.req.param('channel');
    const settings = Object.hasOwn(config.channels, channel) ? config.channels[channel] : undefined;
    const refs = settings?.kind === 'pagerduty' ? webhookSecrets(settings) : [];
    if (refs.length === 0) throw new AppError('not-found', 'there is no channel here that takes webhooks');
    const secrets = refs.flatMap(({ secret }) => secretOf(c.env, secret) ?? []);
    const body = new Uint8Array(await c.req.arrayBuffer());
    const signatures = c.req.header('x-pagerduty-signature') ?? null;
    const answer = await readPagerdutyWebhook(body, signatures, secrets);
    if (!answer.ok) throw new AppError(REFUSALS[answer.code], answer.error);
    const { webhook } = answer;
    const subject = webhook.event === 'acknowledged' ? subjectOf(webhook.incidentKey) : undefined;
    if (webhook.event !== 'acknowledged' || !subject) return c.json({ outcome: 'ignored' });
    // When the object does not answer, neither do we with 2xx: PagerDuty tries again.
    const { state } = await acknowledgeSubject(c, subject, webhook.by, channel);
    log('acknowledgement-told', { channel, ...subject, outcome: state, event: webhook.id });
    return c.json({ outcome: state });
  },
);
