import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { listenOnLoopback, readJson } from '#test/fixtures/loopback-server.ts';
import { startPager, type Pager } from '#test/fixtures/pager/pager.ts';

/** The vector that Standard Webhooks publishes. */
const VECTOR = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampS: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
} as const;

let nowMs = VECTOR.timestampS * 1_000;
let pager: Pager;

beforeAll(async () => {
  pager = await startPager({ webhookSecret: VECTOR.secret, nowMs: () => nowMs });
});
afterAll(() => pager.stop());
afterEach(() => {
  pager.mend();
  pager.clear();
  nowMs = VECTOR.timestampS * 1_000;
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(2_000),
  });
  return {
    status: response.status,
    text: await response.text(),
    retryAfter: response.headers.get('retry-after'),
  };
}

function event(action: 'trigger' | 'acknowledge' | 'resolve', dedupKey: string): Record<string, unknown> {
  const payload = { summary: `${dedupKey} is down`, source: 'test', severity: 'critical' };
  return { routing_key: pager.routingKey, event_action: action, dedup_key: dedupKey, payload };
}

async function send(action: 'trigger' | 'acknowledge' | 'resolve', dedupKey: string): Promise<Answer> {
  return post(pager.urls.pagerduty, event(action, dedupKey));
}

const signed = {
  'webhook-id': VECTOR.id,
  'webhook-timestamp': String(VECTOR.timestampS),
  'webhook-signature': VECTOR.signature,
};

async function get(path: string): Promise<unknown> {
  const response = await fetch(new URL(path, pager.urls.inbox), { signal: AbortSignal.timeout(2_000) });
  return response.json();
}

async function setFault(fault: unknown): Promise<{ status: number; json: unknown }> {
  const { status, text } = await post(pager.urls.admin, fault);
  return { status, json: JSON.parse(text) };
}

describe('the PagerDuty door', () => {
  it('answers 202 with the key, and keeps the request', async () => {
    const { status, text } = await send('trigger', 'portal-login:1');
    expect(status).toBe(202);
    expect(JSON.parse(text)).toEqual({
      status: 'success',
      message: 'Event processed',
      dedup_key: 'portal-login:1',
    });
    expect(await get('/api/received')).toMatchObject([
      { n: 1, atMs: nowMs, door: 'pagerduty', path: '/v2/enqueue', body: { dedup_key: 'portal-login:1' } },
    ]);
  });

  it('makes a key up for a trigger that has none, so that a retry is a second alert', async () => {
    const { dedup_key: _dropped, ...keyless } = event('trigger', 'x');
    const keys = [await post(pager.urls.pagerduty, keyless), await post(pager.urls.pagerduty, keyless)].map(
      ({ text }) => (JSON.parse(text) as { dedup_key: string }).dedup_key,
    );
    expect(new Set(keys).size).toBe(2);
    expect(pager.alerts()).toHaveLength(2);
  });

  it.for([
    ['routing_key', { routing_key: 'short' }],
    ['event_action', { event_action: 'shout' }],
    ['dedup_key', { dedup_key: 'k'.repeat(256) }],
    ['payload', { payload: undefined }],
    ['payload.summary', { payload: { summary: 's'.repeat(1_025), source: 'test', severity: 'error' } }],
    ['payload.summary', { payload: { source: 'test', severity: 'error' } }],
    ['payload.source', { payload: { summary: 'down', severity: 'error' } }],
    ['payload.severity', { payload: { summary: 'down', source: 'test', severity: 'awful' } }],
    ['links.0.href', { links: [{ href: 'no url' }] }],
  ] as const)('refuses a bad %s with 400, and keeps nothing', async ([field, change]) => {
    const { status, text } = await post(pager.urls.pagerduty, { ...event('trigger', 'a'), ...change });
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({
      status: 'invalid event',
      message: 'Event object is invalid',
      errors: [expect.stringContaining(field)],
    });
    expect(pager.received()).toEqual([]);
    expect(pager.attempts()).toMatchObject([{ door: 'pagerduty', outcome: 'refused' }]);
  });

  it('takes a summary of 1024 and a key of 255 characters', async () => {
    const longest = { ...event('trigger', 'k'.repeat(255)) };
    const payload = { summary: 's'.repeat(1_024), source: 'test', severity: 'info' };
    expect(await post(pager.urls.pagerduty, { ...longest, payload })).toMatchObject({ status: 202 });
  });

  it('refuses what is not JSON with 400, a resolve without a key with 400, and more than 512 KB with 413', async () => {
    expect(await post(pager.urls.pagerduty, '{"routing_key":')).toMatchObject({ status: 400 });
    const { dedup_key: _dropped, ...keyless } = event('resolve', 'x');
    expect(await post(pager.urls.pagerduty, keyless)).toMatchObject({ status: 400 });
    const tooLong = { ...event('trigger', 'a'), extra: 'x'.repeat(512 * 1_024) };
    expect(await post(pager.urls.pagerduty, tooLong)).toMatchObject({ status: 413 });
    expect(pager.received()).toEqual([]);
  });
});

describe('the PagerDuty door for change events', () => {
  const payload = { summary: 'Portal 4.2.1 deployed', source: 'deploy.portal' };
  const change = () => ({ routing_key: pager.routingKey, payload });

  it('answers 202 without a key, and lists the change without an alert', async () => {
    const { status, text } = await post(pager.urls.changes, {
      ...change(),
      payload: { ...payload, timestamp: '2026-11-21T12:00:00.000Z', custom_details: { Was: '4.2.0' } },
      links: [{ href: 'https://hub.example/operator/deploys/portal/31', text: 'Deploy' }],
    });
    expect([status, JSON.parse(text)]).toEqual([
      202,
      { status: 'success', message: 'Change event processed' },
    ]);
    expect(await get('/api/changes')).toMatchObject([{ atMs: nowMs, event: { payload } }]);
    expect(pager.received()).toMatchObject([{ door: 'changes', path: '/v2/change/enqueue' }]);
    expect(pager.alerts()).toEqual([]);
  });

  it('keeps the same change twice: it has no key to know it by', async () => {
    for (let sent = 0; sent < 2; sent += 1) await post(pager.urls.changes, change());
    expect(pager.changes()).toHaveLength(2);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a routing key of 31 characters', { routing_key: 'x'.repeat(31) }, "'routing_key'"],
    ['no payload', { payload: undefined }, "'payload'"],
    ['no summary', { payload: { source: 'x' } }, "'payload.summary'"],
    ['a summary of 1025 characters', { payload: { summary: 'x'.repeat(1_025) } }, "'payload.summary'"],
    ['a time that is none', { payload: { ...payload, timestamp: 'today' } }, "'payload.timestamp'"],
    ['details that are no object', { payload: { ...payload, custom_details: 'x' } }, 'custom_details'],
    ['a link without an address', { links: [{ text: 'Deploy' }] }, "'links.0.href'"],
  ])('refuses %s', async (_what, over, names) => {
    const { status, text } = await post(pager.urls.changes, { ...change(), ...over });
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ status: 'invalid event', errors: [expect.any(String)] });
    expect(text).toContain(names);
    expect(pager.changes()).toEqual([]);
  });

  it('needs no source', async () => {
    const { status } = await post(pager.urls.changes, { ...change(), payload: { summary: 'x' } });
    expect(status).toBe(202);
  });

  it('is broken apart from the door for pages, and forgets when told', async () => {
    pager.break({ fault: 'status', status: 503, path: 'changes' });
    expect((await post(pager.urls.changes, change())).status).toBe(503);
    expect((await send('trigger', 'portal-login:1')).status).toBe(202);
    pager.mend();
    await post(pager.urls.changes, change());
    pager.clear();
    expect(pager.changes()).toEqual([]);
  });
});

describe('an alert', () => {
  it('is one for all triggers with its key while it is open', async () => {
    await send('trigger', 'a:1');
    await send('acknowledge', 'a:1');
    await send('trigger', 'a:1');
    expect(pager.alerts()).toMatchObject([
      { id: 1, status: 'acknowledged', events: [{}, { action: 'acknowledge' }, { action: 'trigger' }] },
    ]);
  });

  it('is resolved by its key, and a trigger after that opens a new one', async () => {
    await send('trigger', 'a:1');
    nowMs += 5_000;
    await send('resolve', 'a:1');
    await send('trigger', 'a:1');
    expect(await get('/api/alerts')).toMatchObject([
      { id: 1, status: 'resolved', resolvedAtMs: nowMs },
      { id: 2, status: 'triggered', openedAtMs: nowMs },
    ]);
  });

  it('is not opened by an acknowledge or a resolve', async () => {
    expect(await send('resolve', 'a:1')).toMatchObject({ status: 202 });
    expect(await send('acknowledge', 'a:1')).toMatchObject({ status: 202 });
    expect(pager.alerts()).toEqual([]);
    expect(pager.received()).toHaveLength(2);
  });

  it('is another one under another routing key', async () => {
    await send('trigger', 'a:1');
    await post(pager.urls.pagerduty, { ...event('trigger', 'a:1'), routing_key: 'r'.repeat(32) });
    expect(pager.alerts()).toHaveLength(2);
  });

  it('wakes who waits for it, now or later', async () => {
    const later = pager.waitForAlert(({ dedupKey }) => dedupKey === 'a:1', { deadlineMs: 5_000 });
    await send('trigger', 'b:1');
    await send('trigger', 'a:1');
    expect(await later).toMatchObject({ dedupKey: 'a:1', status: 'triggered' });
    const now = await pager.waitForReceived(({ door }) => door === 'pagerduty', { deadlineMs: 5_000 });
    expect(now).toMatchObject({ body: { dedup_key: 'b:1' } });
  });

  it('that never comes ends the wait with what came instead', async () => {
    await send('trigger', 'b:1');
    const wait = pager.waitForAlert(({ dedupKey }) => dedupKey === 'a:1', { deadlineMs: 20 });
    await expect(wait).rejects.toThrow(/within 20 ms.*b:1/u);
  });
});

describe('the Slack door', () => {
  it.for([[{ text: 'down' }], [{ blocks: [{ type: 'divider' }] }]])('takes %j', async ([message]) => {
    expect(await post(pager.urls.slack, message)).toMatchObject({ status: 200, text: 'ok' });
    expect(pager.received()).toMatchObject([{ door: 'slack', body: message }]);
  });

  it.for([
    ['text=down', 'invalid_payload'],
    ['"down"', 'invalid_payload'],
    ['{}', 'no_text'],
    ['{"text":"","blocks":[]}', 'no_text'],
  ] as const)('refuses %s as %s', async ([body, reason]) => {
    expect(await post(pager.urls.slack, body)).toMatchObject({ status: 400, text: reason });
    expect(pager.received()).toEqual([]);
  });
});

describe('the webhook door', () => {
  it('takes the published vector of Standard Webhooks', async () => {
    expect(await post(pager.urls.webhook, VECTOR.body, signed)).toMatchObject({ status: 204, text: '' });
    expect(pager.received()).toMatchObject([
      { id: VECTOR.id, duplicate: false, body: { test: 2_432_232_314 } },
    ]);
  });

  it('takes one good signature among several', async () => {
    const other = new Webhook(`whsec_${btoa('the key before this one')}`);
    const old = other.sign(VECTOR.id, new Date(nowMs), VECTOR.body);
    const headers = { ...signed, 'webhook-signature': `${old} ${VECTOR.signature}` };
    expect(await post(pager.urls.webhook, VECTOR.body, headers)).toMatchObject({ status: 204 });
  });

  it('takes a repeated id, and marks it as a duplicate', async () => {
    await post(pager.urls.webhook, VECTOR.body, signed);
    expect(await post(pager.urls.webhook, VECTOR.body, signed)).toMatchObject({ status: 204 });
    expect(pager.received().map(({ duplicate }) => duplicate)).toEqual([false, true]);
  });

  it.for([
    ['another body', '{"test": 1}', {}],
    ['another id', VECTOR.body, { 'webhook-id': 'msg_other' }],
    ['another time', VECTOR.body, { 'webhook-timestamp': String(VECTOR.timestampS + 1) }],
    ['no time', VECTOR.body, { 'webhook-timestamp': 'now' }],
    ['no signature', VECTOR.body, { 'webhook-signature': '' }],
    ['no id', VECTOR.body, { 'webhook-id': '' }],
  ] as const)('refuses %s with 401', async ([, body, change]) => {
    expect(await post(pager.urls.webhook, body, { ...signed, ...change })).toMatchObject({ status: 401 });
    expect(pager.received()).toEqual([]);
  });

  it.for([301, -301])('refuses a message that is %i s away from now', async (awayS) => {
    nowMs += awayS * 1_000;
    expect(await post(pager.urls.webhook, VECTOR.body, signed)).toMatchObject({ status: 401 });
  });
});

describe('the Pushover door', () => {
  function message(change: object = {}): Record<string, unknown> {
    const keys = { token: pager.pushoverToken, user: pager.pushoverUser };
    return { ...keys, message: 'down', priority: 2, retry: 30, expire: 10_800, tags: 'a_1,drill', ...change };
  }

  async function ring(change: object = {}): Promise<string> {
    const { status, text } = await post(`${pager.urls.pushover}/1/messages.json`, message(change));
    expect(status).toBe(200);
    return (JSON.parse(text) as { receipt: string }).receipt;
  }

  function receiptOf(receipt: string): Promise<unknown> {
    return get(`/1/receipts/${receipt}.json?token=${pager.pushoverToken}`);
  }

  function cancel(path: string, token = pager.pushoverToken): Promise<Answer> {
    return post(`${pager.urls.pushover}/1/receipts/${path}.json`, { token });
  }

  it('gives a receipt of 30 characters for an emergency, and for nothing else', async () => {
    expect(await ring()).toMatch(/^[A-Za-z0-9]{30}$/u);
    const { text } = await post(`${pager.urls.pushover}/1/messages.json`, message({ priority: 0 }));
    expect(JSON.parse(text)).toEqual({ status: 1, request: expect.any(String) });
    expect(pager.received()).toMatchObject([{ door: 'pushover' }, { door: 'pushover' }]);
  });

  it('tells by the receipt that somebody has acknowledged, and on which device', async () => {
    const receipt = await ring();
    expect(await receiptOf(receipt)).toMatchObject({ status: 1, acknowledged: 0, expired: 0 });
    await post(`${pager.urls.pushover}/api/receipts/${receipt}/acknowledge?device=phone`, '');
    expect(await receiptOf(receipt)).toMatchObject({
      acknowledged: 1,
      acknowledged_at: VECTOR.timestampS,
      acknowledged_by: pager.pushoverUser,
      acknowledged_by_device: 'phone',
    });
    expect(await get('/api/emergencies')).toMatchObject([{ receipt, status: 'acknowledged' }]);
  });

  it('stops ringing when it has expired', async () => {
    const receipt = await ring({ expire: 60 });
    nowMs += 60_000;
    expect(await receiptOf(receipt)).toMatchObject({ acknowledged: 0, expired: 1 });
    expect(() => pager.acknowledgeReceipt(receipt)).toThrow(/expected one that rings/u);
  });

  it('cancels by receipt and by tag, what is of the same application', async () => {
    const receipt = await ring();
    await ring({ tags: 'b_1' });
    expect(await cancel(`${receipt}/cancel`, 'x'.repeat(30))).toMatchObject({ status: 404 });
    expect(await cancel(`${receipt}/cancel`)).toMatchObject({ status: 200 });
    expect(await cancel('cancel_by_tag/nothing')).toMatchObject({ status: 200 });
    expect(await get('/api/emergencies')).toMatchObject([{ status: 'cancelled' }, { status: 'ringing' }]);
    await cancel('cancel_by_tag/b_1');
    expect(await get('/api/emergencies')).toMatchObject([{ status: 'cancelled' }, { status: 'cancelled' }]);
  });

  it('knows no receipt that it has not given', async () => {
    expect(await receiptOf('r'.repeat(30))).toMatchObject({ receipt: 'not found', status: 0 });
  });

  it.for([
    ['token', { token: 'short' }],
    ['user', { user: undefined }],
    ['message', { message: ' ' }],
    ['message', { message: '😀'.repeat(1_025) }],
    ['title', { title: 't'.repeat(251) }],
    ['url', { url: `https://x.example/${'u'.repeat(500)}` }],
    ['priority', { priority: 3 }],
    ['retry', { retry: 29 }],
    ['retry', { retry: undefined }],
    ['expire', { expire: 10_801 }],
  ] as const)('refuses a bad %s with 400, and keeps nothing', async ([field, change]) => {
    const { status, text } = await post(`${pager.urls.pushover}/1/messages.json`, message(change));
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ status: 0, errors: [expect.stringContaining(field)] });
    expect(pager.emergencies()).toEqual([]);
  });

  it('takes 1,024 characters, however many bytes they are', async () => {
    await ring({ message: '😀'.repeat(1_024) });
  });
});

describe('the Alertmanager door', () => {
  const labels = { alertname: 'Down', check: 'a' };

  function postAlerts(alerts: unknown, member = pager.urls.alertmanager): Promise<Answer> {
    return post(`${member}/api/v2/alerts`, alerts);
  }

  it('keeps one alert for the same labels, of each member its own', async () => {
    await postAlerts([{ labels, annotations: { summary: 'first' } }]);
    nowMs += 60_000;
    await postAlerts([
      { labels: { check: 'a', alertname: 'Down', empty: '' }, annotations: { summary: 'then' } },
    ]);
    expect(await postAlerts([{ labels }], `${pager.urls.pushover}/b`)).toMatchObject({
      status: 200,
      text: '',
    });
    expect(await get('/api/member-alerts')).toMatchObject([
      { member: '/alertmanager', annotations: { summary: 'then' }, posts: [{}, {}] },
      { member: '/b' },
    ]);
  });

  it('ends an alert at its end, or five minutes after it was last posted', async () => {
    await postAlerts([{ labels }]);
    expect(pager.memberAlerts()).toMatchObject([{ endsAtMs: nowMs + 300_000 }]);
    await postAlerts([{ labels, endsAt: new Date(nowMs).toISOString() }]);
    expect(pager.memberAlerts()).toMatchObject([
      { endsAtMs: nowMs, posts: [{ resolved: false }, { resolved: true }] },
    ]);
  });

  it.for([
    ['an object', { labels }],
    ['no labels', [{ labels: {} }]],
    ['a bad label name', [{ labels: { 'a-b': 'x' } }]],
    ['a label that is no text', [{ labels: { alertname: 7 } }]],
    ['a bad time', [{ labels, startsAt: 'now' }]],
    [
      'an end before the start',
      [{ labels, startsAt: '2026-11-21T12:00:00Z', endsAt: '2026-11-21T11:00:00Z' }],
    ],
  ] as const)('refuses %s with 400, and keeps nothing', async ([, alerts]) => {
    expect(await postAlerts(alerts)).toMatchObject({ status: 400 });
    expect(pager.memberAlerts()).toEqual([]);
  });
});

describe('somebody at the inbox', () => {
  function acknowledge(path: string): Promise<Response> {
    return fetch(new URL(path, pager.urls.inbox), {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(2_000),
    });
  }

  it('takes an alert, which is then not to be taken again', async () => {
    await send('trigger', 'a:1');
    const { id = 0 } = pager.alerts().at(-1) ?? {};
    const response = await acknowledge(`/api/alerts/${id}/acknowledge?by=Ada`);
    expect(await response.json()).toMatchObject({ status: 'acknowledged', acknowledgedBy: 'Ada' });
    await expect(pager.acknowledge(id)).rejects.toThrow(/expected one that is triggered/u);
    expect((await acknowledge('/api/alerts/999/acknowledge')).status).toBe(409);
  });

  it('takes it by the button on the page too', async () => {
    await send('trigger', 'a:1');
    const page = await (await fetch(pager.urls.inbox, { signal: AbortSignal.timeout(2_000) })).text();
    const [, action = ''] = /action="([^"]+)"/u.exec(page) ?? [];
    expect((await acknowledge(action)).headers.get('location')).toBe('/');
    expect(pager.alerts()).toMatchObject([{ status: 'acknowledged' }]);
  });

  it('is told of to who wants to know, as are events, once each', async () => {
    const heard: unknown[] = [];
    const server = await listenOnLoopback(0, async (request, response) => {
      heard.push(await readJson(request, 100_000));
      response.writeHead(202).end();
    });
    try {
      await post(`${pager.urls.pushover}/admin/webhooks`, { url: server.url, secrets: ['s'] });
      for (const action of ['trigger', 'trigger', 'resolve', 'resolve'] as const) await send(action, 'a:1');
      await send('trigger', 'a:2');
      await pager.acknowledge(2, 'Ada');
    } finally {
      pager.sendWebhooksTo(undefined);
      await server.close();
    }
    const ofFirst = heard.filter((body) => JSON.stringify(body).includes('"a:1"'));
    expect(ofFirst).toMatchObject([
      { event: { event_type: 'incident.triggered', agent: { type: 'inbound_integration_reference' } } },
      { event: { event_type: 'incident.resolved' } },
    ]);
    expect(heard).toContainEqual({
      event: expect.objectContaining({
        event_type: 'incident.acknowledged',
        agent: expect.objectContaining({ summary: 'Ada' }),
        data: expect.objectContaining({ incident_key: 'a:2', status: 'acknowledged' }),
      }),
    });
  });

  it('does not wait for a hub that is gone, and says so', async () => {
    await send('trigger', 'a:1');
    pager.sendWebhooksTo({ url: 'http://127.0.0.1:1/', secrets: ['s'] });
    await pager.acknowledge(1);
    pager.sendWebhooksTo(undefined);
    expect(await get('/api/webhooks')).toMatchObject([
      { type: 'incident.acknowledged', error: expect.any(String) },
    ]);
    expect(pager.alerts()).toMatchObject([{ status: 'acknowledged' }]);
  });
});

describe('a fault of the pager', () => {
  it.for(['pagerduty', 'slack', 'pushover', 'alertmanager'] as const)(
    'lose answers at the %s door as if all were well, and keeps nothing',
    async (path) => {
      pager.break({ fault: 'lose', path });
      const answers = {
        pagerduty: () => send('trigger', 'a:1'),
        slack: () => post(pager.urls.slack, { text: 'x' }),
        pushover: () =>
          post(`${pager.urls.pushover}/1/messages.json`, {
            token: pager.pushoverToken,
            user: pager.pushoverUser,
            message: 'down',
          }),
        alertmanager: () =>
          post(`${pager.urls.alertmanager}/api/v2/alerts`, [{ labels: { alertname: 'Down' } }]),
      };
      expect((await answers[path]()).status).toBeLessThan(300);
      expect(pager.received()).toEqual([]);
      expect(pager.alerts()).toEqual([]);
      expect(pager.attempts()).toMatchObject([{ door: path, outcome: 'lose' }]);
    },
  );

  it('status answers with it, with Retry-After when told, and keeps nothing', async () => {
    await setFault({ fault: 'status', status: 429, retryAfterS: 7, path: 'pagerduty' });
    expect(await send('trigger', 'a:1')).toMatchObject({ status: 429, retryAfter: '7' });
    expect(await post(pager.urls.slack, { text: 'still works' })).toMatchObject({ status: 200 });
    expect(pager.alerts()).toEqual([]);
    expect(pager.attempts()).toMatchObject([{ outcome: 'status' }, { outcome: 'accepted' }]);
  });

  it('with a count hits so many requests, and no more', async () => {
    await setFault({ fault: 'status', status: 500, count: 2 });
    const statuses = [
      await send('trigger', 'a:1'),
      await post(pager.urls.slack, { text: 'x' }),
      await send('trigger', 'a:1'),
    ].map(({ status }) => status);
    expect(statuses).toEqual([500, 500, 202]);
    expect(await get('/admin/faults')).toEqual({ faults: [] });
  });

  it('for one door goes before one for all', async () => {
    await setFault({ fault: 'status', status: 500 });
    await setFault({ fault: 'status', status: 503, path: 'slack' });
    expect(await post(pager.urls.slack, { text: 'x' })).toMatchObject({ status: 503 });
    expect(await send('trigger', 'a:1')).toMatchObject({ status: 500 });
  });

  it('hang never answers, and keeps nothing', async () => {
    pager.break({ fault: 'hang' });
    const hung = fetch(pager.urls.pagerduty, {
      method: 'POST',
      body: JSON.stringify(event('trigger', 'a:1')),
      signal: AbortSignal.timeout(300),
    });
    await expect(hung).rejects.toThrow(/timeout/u);
    expect(pager.received()).toEqual([]);
  });

  it('accept-then-hang keeps the event and never answers', async () => {
    pager.break({ fault: 'accept-then-hang' });
    const hung = fetch(pager.urls.pagerduty, {
      method: 'POST',
      body: JSON.stringify(event('trigger', 'a:1')),
      signal: AbortSignal.timeout(300),
    });
    await expect(hung).rejects.toThrow(/timeout/u);
    expect(pager.alerts()).toMatchObject([{ dedupKey: 'a:1' }]);
  });

  it('reset drops the connection, and keeps nothing', async () => {
    pager.break({ fault: 'reset' });
    await expect(send('trigger', 'a:1')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(pager.received()).toEqual([]);
  });

  it('bad-body keeps the event and answers 2xx with JSON that breaks off', async () => {
    pager.break({ fault: 'bad-body' });
    const { status, text } = await send('trigger', 'a:1');
    expect(status).toBe(202);
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    expect(pager.alerts()).toHaveLength(1);
  });

  it('is mended over HTTP', async () => {
    pager.break({ fault: 'status', status: 500 });
    const response = await fetch(pager.urls.admin, { method: 'DELETE', signal: AbortSignal.timeout(2_000) });
    expect(await response.json()).toEqual({ faults: [] });
    expect(await send('trigger', 'a:1')).toMatchObject({ status: 202 });
  });

  it.for([
    [{ fault: 'explode' }, 'fault'],
    [{ fault: 'status' }, 'status'],
    [{ fault: 'status', status: 99 }, 'status'],
    [{ fault: 'hang', path: 'email' }, 'path'],
    [{ fault: 'hang', count: 0 }, 'count'],
    [{ fault: 'hang', status: 500 }, 'status'],
  ] as const)(
    'asked for as %j is refused with 400, naming the field, and changes nothing',
    async ([fault, field]) => {
      pager.break({ fault: 'reset', path: 'slack' });
      expect(await setFault(fault)).toMatchObject({ status: 400, json: { problems: [{ field }] } });
      expect(await get('/admin/faults')).toEqual({ faults: [{ fault: 'reset', path: 'slack' }] });
    },
  );
});

describe('the inbox page', () => {
  it('shows alerts newest first, with their state, and never as markup of the sender', async () => {
    await send('trigger', 'first');
    await send('resolve', 'first');
    const payload = { summary: '<script>alert(1)</script>', source: 'test', severity: 'critical' };
    const links = [{ href: 'javascript:alert(1)', text: 'Runbook' }];
    await post(pager.urls.pagerduty, { ...event('trigger', 'second'), payload, links });
    const response = await fetch(pager.urls.inbox, { signal: AbortSignal.timeout(2_000) });
    const page = await response.text();
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toContain('<script>alert(1)');
    expect(page).not.toContain('href="javascript:');
    expect([...page.matchAll(/data-status="(\w+)"/gu)].map(([, status]) => status)).toEqual([
      'triggered',
      'resolved',
    ]);
    expect(page).toMatch(/<noscript><meta http-equiv="refresh"/u);
  });

  it('shows what rings and what fires beside what was triggered', async () => {
    await post(`${pager.urls.pushover}/1/messages.json`, {
      token: pager.pushoverToken,
      user: pager.pushoverUser,
      message: 'Portal login fails',
      priority: 2,
      retry: 30,
      expire: 60,
    });
    await post(`${pager.urls.alertmanager}/api/v2/alerts`, [
      { labels: { alertname: 'Down' }, annotations: { summary: '<b>fails</b>' } },
    ]);
    const response = await fetch(pager.urls.inbox, { signal: AbortSignal.timeout(2_000) });
    const page = await response.text();
    expect(page).toContain('&lt;b&gt;fails&lt;/b&gt;');
    for (const status of ['firing', 'ringing']) expect(page).toContain(`data-status="${status}"`);
  });

  it('lists changes apart from pages, as text', async () => {
    const payload = { summary: 'Portal <b>4.2.1</b> deployed', source: 'deploy.portal' };
    const links = [{ href: 'javascript:alert(1)', text: 'Deploy' }];
    await post(pager.urls.changes, { routing_key: pager.routingKey, payload, links });
    const response = await fetch(pager.urls.inbox, { signal: AbortSignal.timeout(2_000) });
    const page = await response.text();
    expect(page).toContain('Changes');
    expect(page).toContain('Portal &lt;b&gt;4.2.1&lt;/b&gt; deployed');
    expect(page).not.toContain('javascript:');
    expect(page).toContain('No page yet');
  });

  it('forgets everything when told', async () => {
    await send('trigger', 'a:1');
    await fetch(new URL('/api/received', pager.urls.inbox), {
      method: 'DELETE',
      signal: AbortSignal.timeout(2_000),
    });
    expect(await get('/api/received')).toEqual([]);
    expect(await get('/api/alerts')).toEqual([]);
    expect(await get('/api/attempts')).toEqual([]);
  });
});

it('refuses to start with a secret that is none', async () => {
  await expect(startPager({ webhookSecret: 'whsec_' })).rejects.toThrow(/secret/iu);
});
