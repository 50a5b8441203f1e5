import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelSettings } from '#worker/channels/index.ts';
import { webhookSecrets } from '#worker/channels/pagerduty.ts';
import {
  PAGERDUTY_WEBHOOK_BYTES_MAX,
  readPagerdutyWebhook,
  type PagerdutyWebhookAnswer,
} from '#worker/channels/pagerduty-webhook.ts';
import { readText } from '#test/fixtures/loopback-server.ts';
import { listenOnLoopback, type LoopbackServer } from '#test/fixtures/loopback-server.ts';
import { startPager, type Pager } from '#test/fixtures/pager/pager.ts';
import { signatureOf } from '#test/fixtures/pager/status-webhooks.ts';

const SECRET = 'the-secret-of-the-subscription-01';
const NEXT_SECRET = 'the-next-secret-of-it-000000002';

/** An event as PagerDuty's developer docs show it, shortened. */
const EVENT = {
  id: '01BRB6ZP4M6T8ZG4X6BP63ZB9O',
  event_type: 'incident.acknowledged',
  resource_type: 'incident',
  occurred_at: '2026-11-21T11:59:30.500Z',
  agent: {
    html_url: 'https://acme.pagerduty.com/users/PLH1HKV',
    id: 'PLH1HKV',
    self: 'https://api.pagerduty.com/users/PLH1HKV',
    summary: 'Tenex Engineer',
    type: 'user_reference',
  },
  client: null,
  data: {
    id: 'PGR0VU2',
    type: 'incident',
    number: 2,
    status: 'acknowledged',
    incident_key: 'portal-login:7',
    title: 'Ein kleiner Ruckler – ü',
    resolve_reason: null,
  },
};
const BODY = JSON.stringify({ event: EVENT });
/** Of `BODY` with each secret, computed by openssl. */
const SIGNATURE = 'v1=5dcb17cda5a6f1ff4c075addd10c5f140ec6f1b1830d3a1151aedfa75bec57e1';
const NEXT_SIGNATURE = 'v1=a468b7202df611ace51143566a517dbe9792390dc1d4ab73ddd420707047d2da';

const ACKNOWLEDGED = {
  ok: true,
  webhook: {
    event: 'acknowledged',
    id: '01BRB6ZP4M6T8ZG4X6BP63ZB9O',
    incidentKey: 'portal-login:7',
    by: 'Tenex Engineer',
    occurredAtMs: Date.UTC(2026, 10, 21, 11, 59, 30, 500),
  },
};

function read(
  body: string,
  signatures: string | null,
  secrets: readonly string[] = [SECRET],
): Promise<PagerdutyWebhookAnswer> {
  return readPagerdutyWebhook(new TextEncoder().encode(body), signatures, secrets);
}

/** Reads an event as PagerDuty would have signed it. */
function readSigned(event: unknown): Promise<PagerdutyWebhookAnswer> {
  const body = JSON.stringify({ event });
  return read(body, signatureOf(body, [SECRET]));
}

describe('a signature', () => {
  it('holds when it is made with the secret', async () => {
    expect(await read(BODY, SIGNATURE)).toEqual(ACKNOWLEDGED);
  });

  it.each([
    ['the sender has the next secret too', `${SIGNATURE},${NEXT_SIGNATURE}`, [SECRET]],
    ['the sender has it alone, and the receiver both', NEXT_SIGNATURE, [SECRET, NEXT_SECRET]],
    ['there are blanks and other versions', `v0=00, v2=${'0'.repeat(64)} , ${SIGNATURE}`, [SECRET]],
  ])('holds during a rotation: %s', async (_name, signatures, secrets) => {
    expect(await read(BODY, signatures, secrets)).toEqual(ACKNOWLEDGED);
  });

  it.each([
    ['none', null, [SECRET]],
    ['an empty one', '', [SECRET]],
    ['one of another secret', NEXT_SIGNATURE, [SECRET]],
    ['half of one', SIGNATURE.slice(0, 40), [SECRET]],
    ['one of another version', SIGNATURE.replace('v1', 'v2'), [SECRET]],
    ['one that is no hex', `v1=${'z'.repeat(64)}`, [SECRET]],
    ['a good one behind a hundred bad ones', `${'v1=0,'.repeat(100)}${SIGNATURE}`, [SECRET]],
    ['a good one, but no secret to know it by', SIGNATURE, []],
    ['one of an empty secret', signatureOf(BODY, ['']), ['']],
  ])('does not hold: %s', async (_name, signatures, secrets) => {
    expect(await read(BODY, signatures, secrets)).toMatchObject({ ok: false, code: 'unauthorized' });
  });

  it('does not hold for a body that differs in one byte', async () => {
    expect(await read(`${BODY} `, SIGNATURE)).toMatchObject({ ok: false, code: 'unauthorized' });
  });

  it('is not even looked at over the size that PagerDuty sends', async () => {
    const body = ' '.repeat(PAGERDUTY_WEBHOOK_BYTES_MAX + 1);
    expect(await read(body, signatureOf(body, [SECRET]))).toMatchObject({ ok: false, code: 'too-large' });
  });
});

describe('a webhook', () => {
  it.each(['triggered', 'acknowledged', 'unacknowledged', 'reopened', 'resolved', 'escalated'])(
    'tells that an incident is %s',
    async (event) => {
      expect(await readSigned({ ...EVENT, event_type: `incident.${event}` })).toMatchObject({
        ok: true,
        webhook: { event, incidentKey: 'portal-login:7' },
      });
    },
  );

  it('names nobody when it was no person', async () => {
    for (const agent of [null, { type: 'inbound_integration_reference', summary: 'Events API v2' }])
      expect(await readSigned({ ...EVENT, agent })).toMatchObject({ webhook: { by: 'PagerDuty' } });
  });

  it('cuts a name that is longer than any', async () => {
    const agent = { type: 'user_reference', summary: 'x'.repeat(10_000) };
    const answer = await readSigned({ ...EVENT, agent });
    expect(JSON.stringify(answer).length).toBeLessThan(400);
  });

  it.each([
    [
      'the ping of a new subscription',
      { event_type: 'pagey.ping', data: { message: 'Hello', type: 'ping' } },
    ],
    ['a note', { event_type: 'incident.annotated', data: { type: 'incident_note', id: 'P1' } }],
    ['a service', { event_type: 'service.updated', data: { type: 'service' } }],
    ['an incident opened by hand', { data: { ...EVENT.data, incident_key: null } }],
    ['an event of the future', { event_type: 'incident.sang', data: EVENT.data }],
  ])('is let be when it is about %s', async (_name, change) => {
    expect(await readSigned({ ...EVENT, ...change })).toMatchObject({
      ok: true,
      webhook: { event: 'ignored', id: EVENT.id },
    });
  });

  it.each([
    ['event_type', { event_type: 7 }],
    ['occurred_at', { occurred_at: 'yesterday' }],
    ['id', { id: undefined }],
    ['data.incident_key', { data: { incident_key: ['a'] } }],
  ])('is refused with a bad %s, naming it', async (field, change) => {
    expect(await readSigned({ ...EVENT, ...change })).toMatchObject({
      ok: false,
      code: 'invalid',
      error: expect.stringContaining(`event.${field}`),
    });
  });

  it('is refused when it is no JSON', async () => {
    expect(await read('{"event":', signatureOf('{"event":', [SECRET]))).toMatchObject({
      ok: false,
      code: 'invalid',
      error: expect.stringContaining('expected JSON'),
    });
  });
});

it('is signed with a secret of the settings, or one of several', () => {
  const secretsOf = (webhookSecret: object): string[] => {
    const settings = channelSettings.parse({
      kind: 'pagerduty',
      routingKey: { secret: 'KEY' },
      ...webhookSecret,
    });
    return settings.kind === 'pagerduty' ? webhookSecrets(settings).map(({ secret }) => secret) : [];
  };
  expect(secretsOf({})).toEqual([]);
  expect(secretsOf({ webhookSecret: { secret: 'A' } })).toEqual(['A']);
  expect(secretsOf({ webhookSecret: [{ secret: 'A' }, { secret: 'B' }] })).toEqual(['A', 'B']);
});

describe('the pager’s own webhooks', () => {
  let pager: Pager;
  let hub: LoopbackServer;
  let heard: PagerdutyWebhookAnswer[] = [];

  beforeAll(async () => {
    pager = await startPager();
    hub = await listenOnLoopback(0, async (request, response) => {
      const signatures = request.headers['x-pagerduty-signature'];
      heard.push(await read(await readText(request, 100_000), String(signatures)));
      response.writeHead(202).end();
    });
  });
  afterAll(async () => {
    await pager.stop();
    await hub.close();
  });

  it('tell what somebody at the inbox has done, readable and signed', async () => {
    const event = {
      routing_key: pager.routingKey,
      event_action: 'trigger',
      dedup_key: 'portal-login:7',
      payload: { summary: 'down', source: 'test', severity: 'critical' },
    };
    await fetch(pager.urls.pagerduty, { method: 'POST', body: JSON.stringify(event) });
    pager.sendWebhooksTo({ url: `${hub.url}/webhooks`, secrets: [NEXT_SECRET, SECRET] });
    heard = [];
    await pager.acknowledge(1, 'Ada Lovelace');
    expect(heard).toMatchObject([
      { ok: true, webhook: { event: 'acknowledged', incidentKey: 'portal-login:7', by: 'Ada Lovelace' } },
    ]);
    expect(pager.sentWebhooks()).toMatchObject([{ type: 'incident.acknowledged', status: 202 }]);
  });
});
