import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Failure } from '#core/failure.ts';
import type { Overview } from '#dashboards/operator/overview.ts';
import { localNext } from '#worker/middleware/operator-auth.ts';
import { aRun, ask, migrate, REGIONS, report, until } from './hub.ts';
import { helloOf } from './probe-socket.ts';

const HUB = 'https://hub.test';
const TOKEN = env.OPERATOR_TOKEN;
const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);

const BROKEN: Failure = {
  owner: 'target',
  class: 'http',
  httpStatus: 502,
  message: 'answered 502 <script>alert(1)</script>',
  step: 'Sign in › <script>alert(2)</script>',
  url: 'https://portal.test/login',
};

const failed = aRun('seen', 'us-east', {
  probe: 'operator-us-east',
  failure: BROKEN,
  screenshot: true,
  steps: [
    {
      title: 'Sign in',
      startMs: 0,
      durationMs: 20,
      error: 'http 502',
      steps: [
        { title: '<script>alert(2)</script>', startMs: 2, durationMs: 9, error: 'http 502', steps: [] },
      ],
    },
  ],
});

beforeAll(async () => {
  await migrate();
  await ask('us-east', 'POST', '/api/probe/poll', helloOf('operator-us-east'));
  await ask('us-east', 'PUT', `/api/probe/screenshots/${failed.id}`, PNG);
  await report('us-east', failed);
  for (const region of REGIONS)
    await report(
      region,
      aRun('seen', region, { failure: BROKEN }),
      aRun('seen', region, { failure: BROKEN }),
    );
  await until(async () => (await overview()).incidents.some((incident) => incident.check === 'seen'));
});

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(`${HUB}${path}`, { headers, redirect: 'manual' });
}

/** As a script reads. */
function read(path: string): Promise<Response> {
  return get(path, { authorization: `Bearer ${TOKEN}` });
}

async function overview(): Promise<Overview> {
  return (await read('/operator/api/overview')).json<Overview>();
}

function signIn(
  fields: Record<string, string>,
  headers: Record<string, string> = { origin: HUB },
): Promise<Response> {
  return exports.default.fetch(`${HUB}/operator/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
}

/** The cookie of somebody who has just signed in. */
async function session(): Promise<string> {
  const response = await signIn({ token: TOKEN });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

describe('signing in', () => {
  it('sends whoever is not signed in to the form, and back to where the link pointed', async () => {
    const page = '/operator/checks/seen/incidents/1';
    const response = await get(page);
    expect(response.status).toBe(303);
    const form = response.headers.get('location') ?? '';
    expect(form).toBe(`/operator/sign-in?next=${encodeURIComponent(page)}`);
    expect(await (await get(form)).text()).toContain(`name="next" value="${page}"`);
    const signedIn = await signIn({ token: TOKEN, next: page });
    expect(signedIn.status).toBe(303);
    expect(signedIn.headers.get('location')).toBe(page);
  });

  it('gives a cookie that scripts cannot read, for the hub’s pages, over https only', async () => {
    const cookie = (await signIn({ token: TOKEN })).headers.get('set-cookie') ?? '';
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/operator', 'Max-Age=43200'])
      expect(cookie).toContain(part);
    expect(cookie).not.toContain(TOKEN);
    expect((await get('/operator', { cookie: await session() })).status).toBe(200);
  });

  it('ends after twelve hours, whatever the browser keeps', async () => {
    const cookie = await session();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 12 * 3_600_000 + 1 });
    try {
      expect((await get('/operator', { cookie })).status).toBe(303);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not take a cookie that was changed', async () => {
    const cookie = await session();
    const later = cookie.replace(/=\d{13}/, `=${Date.now() + 90_000_000}`);
    expect(later).not.toBe(cookie);
    expect((await get('/operator', { cookie: later })).status).toBe(303);
  });

  it('ends when somebody signs out', async () => {
    const response = await exports.default.fetch(`${HUB}/operator/sign-out`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: HUB, cookie: await session() },
    });
    expect(response.status).toBe(303);
    expect(response.headers.get('set-cookie')).toMatch(/^latchkey_operator=;.*Max-Age=0/);
  });

  it.each([
    ['another site', { origin: 'https://evil.test' }],
    ['a page without an origin', { origin: 'null' }],
    ['nowhere', {}],
  ])('is refused when it comes from %s', async (_what, headers) => {
    const response = await signIn({ token: TOKEN }, headers);
    expect(response.status).toBe(403);
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  it.each([
    ['https://evil.test/operator', '/operator'],
    ['//evil.test/operator', '/operator'],
    ['/operator\\@evil.test', '/operator/@evil.test'],
    ['/operator/../../healthz', '/operator'],
    ['/operatorx', '/operator'],
    ['/operator/sign-out', '/operator'],
    ['/operator/checks/seen?x=1', '/operator/checks/seen?x=1'],
    [undefined, '/operator'],
  ])('leads from next=%s to %s', (next, expected) => {
    expect(localNext(next)).toBe(expected);
  });

  it('answers ten wrong tokens in a minute, then none; the right one is let in all the same', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    try {
      for (let attempt = 0; attempt < 10; attempt++) {
        const refused = await signIn({ token: `wrong-${attempt}` });
        expect(refused.status).toBe(401);
        expect(await refused.text()).toContain('This is not the operator token.');
      }
      expect((await signIn({ token: 'wrong-10' })).status).toBe(429);
      expect((await signIn({ token: TOKEN })).status).toBe(303);
      expect((await read('/operator')).status).toBe(200);
      vi.setSystemTime(Date.now() + 60_001);
      expect((await signIn({ token: 'wrong-11' })).status).toBe(401);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the operator’s pages', () => {
  it.each(['/operator/api/overview', '/operator?fragment=1'])(
    'tell a script that is not signed in so: %s',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    },
  );

  it('let the bare token read, not write', async () => {
    expect((await get('/operator', { authorization: 'Bearer no' })).status).toBe(401);
    const response = await exports.default.fetch(`${HUB}/operator/anything`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, origin: HUB },
    });
    expect(response.status).toBe(403);
  });

  it('tell everything as JSON: verdicts, votes, the incident with its ledger and deliveries', async () => {
    const told = await until(async () => {
      const now = await overview();
      return now.incidents.find((one) => one.check === 'seen')?.ledger.timeToPageMs === undefined
        ? false
        : now;
    });
    expect(told.headline).toMatchObject({ tone: 'down' });
    const seen = told.checks.find((check) => check.check === 'seen');
    expect(seen).toMatchObject({ verdict: 'down', votes: 4, failing: 4, openIncident: 1 });
    expect(seen?.regions.map((cell) => cell.standing)).toEqual(['fail', 'fail', 'fail', 'fail']);
    expect(told.checks.find((check) => check.check === 'unseen')?.verdict).toBe('blind');
    const incident = told.incidents.find((one) => one.check === 'seen');
    expect(incident).toMatchObject({ status: 'open', errorClass: 'http 502', rule: 'unanimous' });
    expect(incident?.ledger.legs.map(({ stage, status }) => [stage, status])).toEqual([
      ...['firstFailedStart', 'runEnd', 'received', 'burstAsked', 'decided', 'sent', 'accepted'].map(
        (stage) => [stage, 'done'],
      ),
      ['acknowledged', 'waiting'],
    ]);
    expect(incident?.deliveries).toMatchObject([
      { channel: 'pager', event: 'trigger', state: 'accepted', attempts: 1 },
    ]);
    const probe = told.regions[0]?.probes.find((known) => known.probe === 'operator-us-east');
    expect(probe).toMatchObject({ live: true, configMatches: false, transport: 'http' });
  });

  it('show the state in the title and the failure in the page, with nothing inline', async () => {
    const response = await read('/operator');
    const html = await response.text();
    expect(response.headers.get('content-security-policy')).toContain(
      "default-src 'none'; script-src 'self'",
    );
    expect(html).toMatch(/<title>\(\d open\) Operator · Latchkey<\/title>/);
    expect(html).toContain('http 502');
    expect(html).not.toMatch(/ style=|<style|<script(?! type="module" src=)| on[a-z]+=/);
    expect(html).toMatch(/<noscript><meta http-equiv="refresh" content="10"\/?><\/noscript>/);
  });

  it.each([
    '/operator',
    '/operator/checks/seen',
    '/operator/checks/seen/incidents/1',
    `/operator/runs/${failed.id}`,
  ])('escape what a target says: %s', async (path) => {
    const response = await read(path);
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).not.toContain('<script>alert');
    expect(html).not.toContain('<b>login</b>');
    expect(html).toContain('&lt;script&gt;alert(');
  });

  it('show in an incident how each region stands now', async () => {
    const html = await (await read('/operator/checks/seen/incidents/1')).text();
    const now = html.slice(html.indexOf('Regions now'), html.indexOf('Way of the page'));
    for (const region of REGIONS) expect(now).toContain(region);
    expect(now.match(/mark-fail/g)).toHaveLength(4);
  });

  it('find a run without knowing its check, and show its steps', async () => {
    const html = await (await read(`/operator/runs/${failed.id}`)).text();
    expect(html).toContain('Run in us-east');
    expect(html).toContain('The target’s fault');
    expect(html).toContain(`src="/operator/runs/${failed.id}/screenshot"`);
    expect((await read(`/operator/runs/${failed.id}?check=seen`)).status).toBe(200);
  });

  it('show the screenshot as a picture and nothing else', async () => {
    const response = await read(`/operator/runs/${failed.id}/screenshot`);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain('sandbox');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(PNG);
  });

  it.each([
    '/operator/checks/none',
    '/operator/checks/seen/incidents/99',
    '/operator/runs/nobody.1.1',
    '/operator/runs/nobody.1.1/screenshot',
    '/operator/nothing',
  ])('say that there is nothing at %s', async (path) => {
    const response = await read(path);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('Not found');
  });

  it('send a fragment once, and again only when something has happened', async () => {
    const first = await read('/operator/checks/seen?fragment=1');
    const etag = first.headers.get('etag') ?? '';
    expect(await first.text()).toMatch(/^<main id="main"/);
    const again = (): Promise<Response> =>
      get('/operator/checks/seen?fragment=1', { authorization: `Bearer ${TOKEN}`, 'if-none-match': etag });
    const unchanged = await again();
    expect(unchanged.status).toBe(304);
    expect(Number(unchanged.headers.get('x-latchkey-now'))).toBeGreaterThan(0);
    await report('eu-west', aRun('seen', 'eu-west', { failure: BROKEN }));
    expect((await again()).status).toBe(200);
  });

  it('bring their style and script along, kept for ever under a name of their content', async () => {
    const html = await (await get('/operator/sign-in')).text();
    const paths = [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '');
    expect(paths).toHaveLength(3);
    for (const path of paths) {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toContain('immutable');
      const text = await response.text();
      expect(['color-scheme: light dark', '<svg', 'function morph'].some((part) => text.includes(part))).toBe(
        true,
      );
    }
    expect((await get('/assets/style.000000000000.css')).status).toBe(404);
  });
});
