import { fetch, type Request, Response } from 'miniflare';
import { standInResolver } from './fixtures/dns/stand-in-resolver.ts';
import { startPager } from './fixtures/pager/pager.ts';
import { RollbackHook } from './fixtures/rollback-hook.ts';

const WEBHOOK_SECRET = 'whsec_bGF0Y2hrZXktdGVzdC1zaWduaW5nLXNlY3JldC0wMDE=';

/** Environment of the hub under test. The second token key is one that has been rotated out. */
export const HUB_SECRETS = {
  PROBE_TOKEN_KEYS: `${key('current')},${key('previous')}`,
  OPERATOR_TOKEN: 'operator-token-of-the-tests',
  METRICS_TOKEN: 'metrics-token-of-the-tests',
  COOKIE_KEY: key('cookie'),
  PAGERDUTY_ROUTING_KEY: 'latchkey-test-routing-key-000001',
  PAGERDUTY_WEBHOOK_SECRET: 'latchkey-test-webhook-secret-0001',
  WEBHOOK_SIGNING_SECRET: WEBHOOK_SECRET,
  ROLLBACK_SIGNING_SECRET: WEBHOOK_SECRET,
  PUSHOVER_TOKEN: 'latchkeyTestPushoverToken00001',
  PUSHOVER_USER: 'latchkeyTestPushoverUser000001',
};

/** The host that answers questions about names, for whoever asks by HTTPS. */
const RESOLVER_HOST = 'resolver.test';

/** The host that rolls back: a POST orders it, a GET tells what was ordered. */
const ROLLBACK_HOST = 'ci.test';
const rollbackHook = new RollbackHook(WEBHOOK_SECRET);

/** What leaves the hub goes to the pager on loopback, whatever host it names; but for questions about names, and rollbacks. */
export async function passToPager(request: Request): Promise<Response> {
  const { pathname, search, hostname } = new URL(request.url);
  if (hostname === ROLLBACK_HOST) {
    if (request.method === 'GET') return Response.json(rollbackHook.calls);
    const taken = rollbackHook.take(Object.fromEntries(request.headers), await request.text());
    return new Response(taken.body, { status: taken.status });
  }
  if (hostname === RESOLVER_HOST) {
    const reply = await standInResolver(new URL(request.url), await request.arrayBuffer(), request.signal);
    return new Response(reply, { headers: { 'content-type': 'application/dns-message' } });
  }
  const origin = process.env.LATCHKEY_TEST_PAGER;
  if (origin === undefined) throw new Error(`no pager for ${request.url}`);
  const body = request.body === null ? {} : { body: await request.arrayBuffer() };
  const headers = new Headers(
    Array.from(request.headers, ([name, value]): [string, string] => [name, value]),
  );
  headers.delete('host');
  return fetch(new URL(pathname + search, origin), {
    method: request.method,
    headers: Object.fromEntries(headers),
    redirect: 'manual',
    signal: request.signal,
    ...body,
  });
}

/** Vitest's global set-up of the worker tests: a real pager to page. */
export default async function startSurroundings(): Promise<() => Promise<void>> {
  const pager = await startPager({ webhookSecret: WEBHOOK_SECRET });
  process.env.LATCHKEY_TEST_PAGER = new URL('/', pager.urls.inbox).origin;
  return pager.stop;
}

function key(name: string): string {
  return Buffer.from(name.padEnd(32, '.')).toString('base64url');
}
