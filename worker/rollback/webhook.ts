import { truncate } from '#core/units.ts';
import { isSafeAddress, safeSecretAddress } from '../channels/address.ts';
import { webhookHeaders } from '../channels/webhook.ts';
import type { RollbackCall, RollbackCaller, SettingsOf } from './caller.ts';
import { calledOf } from './called.ts';
import type { Courier } from '../channels/courier.ts';

/** What `type` says. Receivers go by it: it stays. */
const TYPE = 'deploy.rollback';
/** Characters of the reason: the body stays far under the 20 kB that Standard Webhooks asks for. */
const REASON_CHARS_MAX = 1_000;

/**
 * A webhook signed by Standard Webhooks. `webhook-id` is the rollback's key, the same for every attempt: a receiver drops what
 * it has seen. A 2xx is the acceptance; its body is nobody's business.
 */
export const webhookRollback: RollbackCaller<'webhook'> = {
  kind: 'webhook',
  secrets: ({ url, signingSecret }) => [
    ...(typeof url === 'string' ? [] : [url.secret]),
    signingSecret.secret,
  ],
  async call(settings, call, courier, nowMs) {
    const body = bodyOf(call, nowMs);
    const url = addressOf(settings, courier);
    const headers = webhookHeaders(courier.secret(settings.signingSecret), call.key, nowMs, body);
    const answer = await courier.ask({ url, body, headers, statusOnly: true });
    return answer.ok ? { ok: true } : calledOf(answer.failure);
  },
};

function addressOf({ url }: SettingsOf<'webhook'>, courier: Courier): string {
  if (typeof url !== 'string') return safeSecretAddress(url.secret, courier.secret(url));
  if (!isSafeAddress(url)) throw new Error('`rollback.url` is not an https address');
  return url;
}

/** The body, which receivers parse: keys are added, never renamed. What there is nothing to say of is absent. */
function bodyOf({ key, deploy }: RollbackCall, nowMs: number): string {
  const { service, n, version, previousVersion, commit, reason, operatorUrl } = deploy;
  return JSON.stringify({
    type: TYPE,
    timestamp: new Date(nowMs).toISOString(),
    data: {
      key,
      service,
      deploy: n,
      version,
      previousVersion,
      commit,
      reason: truncate(reason, REASON_CHARS_MAX),
      url: operatorUrl,
    },
  });
}
