import { env, exports } from 'cloudflare:workers';
import { sign } from 'hono/jwt';
import { beforeAll, describe, expect, it } from 'vitest';
import { ACKNOWLEDGE_PATH, acknowledgeLink } from '#worker/acknowledge-link.ts';
import { NETWORK_NAME } from '#worker/objects/network-rpc.ts';
import { latestAudit } from '#worker/store/audit-log.ts';
import { aRun, checkObject, migrate, REGIONS, report, TIMED_OUT, until } from './hub.ts';
import { pagerdutySignature } from './pagerduty-signature.ts';

const HUB = 'https://hub.test';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

beforeAll(migrate);

/** Fails a check everywhere until it has an incident, which everybody else's tests leave alone. */
async function failing(check: string): Promise<{ check: string; seq: number }> {
  for (let round = 0; round < 2; round++)
    for (const region of REGIONS) await report(region, aRun(check, region, { failure: TIMED_OUT }));
  return until(async () => {
    const { incident } = (await checkObject(check).view()).state;
    return incident?.status === 'open' && { check, seq: incident.seq };
  });
}

async function holderOf({ check, seq }: { check: string; seq: number }) {
  return (await checkObject(check).incident(seq))?.incident.acknowledged;
}

async function pathOf(incident: { check: string; seq: number }, nowMs = Date.now()): Promise<string> {
  const link = await acknowledgeLink(HUB, env.COOKIE_KEY, incident, nowMs);
  return new URL(link).pathname;
}

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(`${HUB}${path}`, { headers, redirect: 'manual' });
}

function post(
  path: string,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return exports.default.fetch(`${HUB}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...FORM, ...headers },
    body: new URLSearchParams(fields).toString(),
  });
}

async function session(): Promise<string> {
  const response = await post('/operator/sign-in', { token: env.OPERATOR_TOKEN }, { origin: HUB });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

describe('the link in a page', () => {
  it('shows the incident to whoever has it, and a look changes nothing', async () => {
    const incident = await failing('link-look');
    const path = await pathOf(incident);
    const looks = await Promise.all([
      get(path),
      get(path),
      exports.default.fetch(`${HUB}${path}`, { method: 'HEAD' }),
    ]);
    expect(looks.map(({ status }) => status)).toEqual([200, 200, 200]);
    const html = await looks[0].text();
    expect(html).toContain('Link &lt;b&gt;look&lt;/b&gt;');
    expect(html).toContain('<strong>timeout</strong>');
    expect(html).toContain('<form method="post"');
    expect(await holderOf(incident)).toBeUndefined();
  });

  it('is neither cached nor told to others, and runs nothing from elsewhere', async () => {
    const response = await get(await pathOf({ check: 'link-look', seq: 1 }));
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await response.text();
    expect(html).toContain('<meta name="referrer" content="no-referrer"');
    expect(html).toContain('<meta name="robots" content="noindex"');
    expect(html).not.toMatch(/ style=|<style|<script(?! type="module" src=)| on[a-z]+=/);
  });

  it('acknowledges by its button, once: the second is told who was first', async () => {
    const incident = await failing('link-press');
    const path = await pathOf(incident);
    const pressed = await post(path, { name: ' Ada <i>Lovelace</i>\u202e\n' });
    expect([pressed.status, pressed.headers.get('location')]).toEqual([303, path]);
    expect(await holderOf(incident)).toMatchObject({ by: 'Ada <i>Lovelace</i>', via: 'link' });
    const again = await post(path, { name: 'Grace' });
    expect(again.status).toBe(303);
    const html = await (await get(path)).text();
    expect(html).toContain('<strong>Ada &lt;i&gt;Lovelace&lt;/i&gt;</strong> has it');
    expect(html).not.toContain('<form');
    expect((await holderOf(incident))?.by).toBe('Ada <i>Lovelace</i>');
    const rows = await until(async () => {
      const found = (await latestAudit(env.DB, 50)).filter(({ check }) => check === 'link-press');
      return found.length > 0 && found;
    });
    expect(rows).toMatchObject([
      { action: 'acknowledge', who: 'Ada <i>Lovelace</i>', via: 'link', seq: incident.seq },
    ]);
  });

  it('remembers a name for the next time, and takes its cookie for nothing else', async () => {
    const path = await pathOf({ check: 'link-press', seq: 1 });
    const cookie = (await post(path, { name: 'Ada' })).headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^latchkey_name=Ada; Max-Age=31536000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const open = await pathOf({ check: 'link-look', seq: 1 });
    const shown = await get(open, { cookie: 'latchkey_name=Ada%22%3E%3Cscript%3E' });
    expect(await shown.text()).toContain('value="Ada&quot;&gt;&lt;script&gt;"');
    expect((await get('/operator', { cookie: 'latchkey_name=Ada' })).status).toBe(303);
  });

  it.each([
    ['a changed token', async () => `${(await pathOf({ check: 'link-look', seq: 1 })).slice(0, -6)}AAAAAA`],
    [
      'one of more than a week',
      () => pathOf({ check: 'link-look', seq: 1 }, Date.now() - 7 * 86_400_000 - 1_000),
    ],
    [
      'a token made for something else',
      async () => {
        const claims = { aud: 'other', check: 'link-look', seq: 1, exp: Math.floor(Date.now() / 1_000) + 60 };
        return `${ACKNOWLEDGE_PATH}/${await sign(claims, 'x'.repeat(43), 'HS256')}`;
      },
    ],
    ['nonsense', async () => `${ACKNOWLEDGE_PATH}/nonsense`],
  ])('does nothing with %s', async (_what, path) => {
    for (const response of [await get(await path()), await post(await path())]) {
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('This link is not valid');
    }
    expect(await holderOf({ check: 'link-look', seq: 1 })).toBeUndefined();
  });

  it('says so when the incident it is for is not there', async () => {
    for (const incident of [
      { check: 'link-look', seq: 99 },
      { check: 'gone', seq: 1 },
    ]) {
      const response = await get(await pathOf(incident));
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('Nothing to acknowledge');
    }
  });

  it('is heard whatever happens to the audit log', async () => {
    const incident = await failing('link-no-history');
    await env.DB.exec('ALTER TABLE audit RENAME TO audit_gone');
    try {
      expect((await post(await pathOf(incident), { name: 'Ada' })).status).toBe(303);
      expect((await holderOf(incident))?.by).toBe('Ada');
    } finally {
      await env.DB.exec('ALTER TABLE audit_gone RENAME TO audit');
    }
  });
});

describe('a drill', () => {
  it('is acknowledged by its link like an incident, and nothing of a check is', async () => {
    const network = env.NETWORK.getByName(NETWORK_NAME);
    const { drill } = await network.startDrill({ by: 'the tests', channels: ['pager'], waitMs: 60_000 });
    const path = await pathOf({ check: 'drill', seq: drill.n });
    const html = await (await get(path)).text();
    expect(html).toContain('nothing is broken');
    expect(html).toContain('href="/operator"');
    expect((await network.drill(drill.n))?.acknowledged).toBeUndefined();
    expect((await post(path, { name: 'Ada' })).status).toBe(303);
    expect((await network.drill(drill.n))?.acknowledged).toMatchObject({ by: 'Ada', via: 'link' });
    expect(await (await get(path)).text()).toContain('<strong>Ada</strong> has it');
    expect((await get(await pathOf({ check: 'network', seq: 99 }))).status).toBe(404);
  });
});

describe('the button on the operator’s pages', () => {
  it('acknowledges for whoever is signed in, and leads back to where it was', async () => {
    const incident = await failing('button');
    const cookie = await session();
    const page = await (await get('/operator', { cookie })).text();
    expect(page).toContain('action="/operator/acknowledge/button/1"');
    const path = `/operator/acknowledge/button/${incident.seq}`;
    const pressed = await post(
      path,
      { next: '/operator' },
      { origin: HUB, cookie: `${cookie}; latchkey_name=Grace` },
    );
    expect([pressed.status, pressed.headers.get('location')]).toEqual([303, '/operator']);
    expect(await holderOf(incident)).toMatchObject({ by: 'Grace', via: 'operator' });
    const again = await post(path, { name: 'Ada', next: 'https://evil.test/' }, { origin: HUB, cookie });
    expect(again.headers.get('location')).toBe('/operator/checks/button/incidents/1');
    const html = await (await get('/operator/checks/button/incidents/1', { cookie })).text();
    expect(html).toContain('<strong>Grace</strong> has it');
  });

  it.each([
    ['another site', { origin: 'https://evil.test' }, 403],
    ['nowhere', {}, 403],
  ])('is refused from %s', async (_where, headers, status) => {
    const response = await post(
      '/operator/acknowledge/link-look/1',
      {},
      {
        ...headers,
        cookie: await session(),
      },
    );
    expect(response.status).toBe(status);
    expect(await holderOf({ check: 'link-look', seq: 1 })).toBeUndefined();
  });

  it('asks whoever is not signed in to do so, and leads back to the incident', async () => {
    const path = '/operator/checks/link-look/incidents/1';
    const button = '/operator/acknowledge/link-look/1';
    const response = await post(button, {}, { origin: HUB });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(`/operator/sign-in?next=${encodeURIComponent(path)}`);
    const bearer = await post(
      button,
      {},
      {
        origin: HUB,
        authorization: `Bearer ${env.OPERATOR_TOKEN}`,
      },
    );
    expect(bearer.status).toBe(403);
    expect(await holderOf({ check: 'link-look', seq: 1 })).toBeUndefined();
  });

  it('is refused by a GET, and for what is not there', async () => {
    const cookie = await session();
    expect((await get('/operator/acknowledge/link-look/1', { cookie })).status).toBe(404);
    for (const path of ['/operator/acknowledge/none/1', '/operator/acknowledge/link-look/7'])
      expect((await post(path, {}, { origin: HUB, cookie })).status).toBe(404);
  });
});

describe('a webhook of PagerDuty', () => {
  const SECRET = env.PAGERDUTY_WEBHOOK_SECRET;

  function eventOf(type: string, key: string | null, agent = 'Ada Lovelace'): string {
    return JSON.stringify({
      event: {
        id: '01DFE',
        event_type: type,
        resource_type: 'incident',
        occurred_at: '2026-11-21T03:12:05Z',
        agent: { id: 'P1', type: 'user_reference', summary: agent },
        data: { id: 'Q1', type: 'incident', incident_key: key },
      },
    });
  }

  async function tell(body: string, signature?: string, channel = 'pager'): Promise<Response> {
    return exports.default.fetch(`${HUB}/api/channels/${channel}/webhook`, {
      method: 'POST',
      headers: { 'x-pagerduty-signature': signature ?? (await pagerdutySignature(body, SECRET)) },
      body,
    });
  }

  it('acknowledges in the name of whoever did so there, once however often it comes', async () => {
    const incident = await failing('told');
    const body = eventOf('incident.acknowledged', `told:${incident.seq}`);
    const first = await tell(body);
    expect([first.status, await first.json()]).toEqual([200, { outcome: 'acknowledged' }]);
    expect(await holderOf(incident)).toMatchObject({ by: 'Ada Lovelace', via: 'pager' });
    const again = await tell(eventOf('incident.acknowledged', `told:${incident.seq}`, 'Grace'));
    expect([again.status, await again.json()]).toEqual([200, { outcome: 'already' }]);
    expect((await holderOf(incident))?.by).toBe('Ada Lovelace');
  });

  it.each([
    ['the ping that tests it', eventOf('pagey.ping', null)],
    ['what is no acknowledgement', eventOf('incident.triggered', 'link-look:1')],
    ['a key of somebody else', eventOf('incident.acknowledged', 'their-service/4711')],
    ['a notice of ours', eventOf('incident.acknowledged', 'link-look:one-region:us-east:1')],
    ['a check that is gone', eventOf('incident.acknowledged', 'gone:1')],
    ['an incident that is not there', eventOf('incident.acknowledged', 'link-look:99')],
    ['a drill that is not there', eventOf('incident.acknowledged', 'drill:99')],
  ])('is content with %s', async (_what, body) => {
    const response = await tell(body);
    expect(response.status).toBe(200);
    expect(await holderOf({ check: 'link-look', seq: 1 })).toBeUndefined();
  });

  it('is refused without the signature of the subscription', async () => {
    const body = eventOf('incident.acknowledged', 'link-look:1');
    for (const signature of [
      '',
      'v1=00',
      await pagerdutySignature(body, 'another'),
      await pagerdutySignature(`${body} `, SECRET),
    ])
      expect((await tell(body, signature)).status).toBe(401);
    expect(await holderOf({ check: 'link-look', seq: 1 })).toBeUndefined();
  });

  it('is refused when it is too big, or no JSON', async () => {
    expect((await tell(' '.repeat(256 * 1024 + 1))).status).toBe(413);
    expect((await tell('hello')).status).toBe(400);
  });

  it('is heard only by a channel that takes them', async () => {
    const body = eventOf('incident.acknowledged', 'link-look:1');
    for (const channel of ['hook', 'none', 'constructor'])
      expect((await tell(body, undefined, channel)).status).toBe(404);
  });
});

describe('the audit page', () => {
  it('lists who changed what, escaped, to operators only', async () => {
    expect((await get('/operator/audit')).status).toBe(303);
    const html = await (await get('/operator/audit', { cookie: await session() })).text();
    expect(html).toContain('Ada &lt;i&gt;Lovelace&lt;/i&gt;');
    expect(html).toContain('href="/operator/checks/link-press/incidents/1"');
    expect(html).toContain('signed in');
  });

  it('does not take a history that is away for an empty one', async () => {
    const cookie = await session();
    await env.DB.exec('ALTER TABLE audit RENAME TO audit_gone');
    try {
      const response = await get('/operator/audit', { cookie });
      expect(response.status).toBe(503);
      expect(await response.text()).toContain('The history does not answer');
    } finally {
      await env.DB.exec('ALTER TABLE audit_gone RENAME TO audit');
    }
  });
});
