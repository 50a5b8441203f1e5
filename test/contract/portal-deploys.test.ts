import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DEMO } from '#test/fixtures/portal/accounts.ts';
import type { FaultInput } from '#test/fixtures/portal/faults.ts';
import { startPortal, type Portal } from '#test/fixtures/portal/portal.ts';
import { createVisitor, type Visit, type Visitor } from '#test/fixtures/visitor.ts';

const SECRET = `whsec_${Buffer.alloc(32, 'rollback').toString('base64')}`;
const LANE = { 'x-lane': 'canary' };
const MENDED = { version: '4.2.0', fault: null, previousVersion: null, canary: null };

let portal: Portal;

beforeAll(async () => {
  portal = await startPortal({ rollbackSecret: SECRET });
});
afterAll(() => portal.stop());
afterEach(async () => {
  while ((await portal.takeBack()) !== undefined);
  portal.mend();
});

/** Signs in, as far as the portal lets it. */
async function signIn(visitor: Visitor): Promise<Visit> {
  const form = await visitor.open(portal.urls.portal);
  if (form.heading !== 'Sign in') return form;
  return visitor.submit(form, { username: DEMO.username, password: DEMO.password });
}

/** Signs in and launches the exam tool, as far as the portal lets it. */
async function launch(visitor: Visitor): Promise<Visit> {
  const home = await signIn(visitor);
  if (!home.heading.startsWith('Welcome')) return home;
  return visitor.submit(await visitor.open(`${portal.urls.portal}/lti/launch`));
}

async function admin(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${portal.urls.admin}/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, json: await response.json() };
}

async function versionOf(url: string, headers: Record<string, string> = {}): Promise<string | null> {
  const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(5_000) });
  await response.body?.cancel();
  return response.headers.get('x-portal-version');
}

/** A message to the rollback hook, signed as its sender would. */
function signed(id: string, data: unknown, { secret = SECRET, atMs = Date.now() } = {}) {
  const body = JSON.stringify({ type: 'deploy.rollback', data });
  return {
    method: 'POST',
    body,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(atMs / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, new Date(atMs), body),
    },
    signal: AbortSignal.timeout(10_000),
  };
}

async function askRollback(id: string, data: unknown): Promise<unknown> {
  const response = await fetch(portal.urls.rollback, signed(id, data));
  expect(response.status).toBe(200);
  return response.json();
}

describe('a version', () => {
  it('is told by every answer: pages, the identity provider, the admin routes', async () => {
    for (const path of ['/', '/idp/jwks', '/lti/jwks.json', '/admin', '/admin/deploys', '/nowhere'])
      expect(await versionOf(portal.urls.portal + path)).toBe('4.2.0');
  });

  it('is what everybody gets once it is deployed, with its fault, and is taken back with it', async () => {
    portal.break({ fault: 'slow', delayMs: 1 });
    expect(await admin('POST', 'deploys', { version: '4.3.0', fault: { fault: 'http-500' } })).toEqual({
      status: 200,
      json: {
        version: '4.3.0',
        fault: { fault: 'http-500', at: 'login' },
        previousVersion: '4.2.0',
        canary: null,
      },
    });
    expect(await createVisitor().open(portal.urls.portal)).toMatchObject({ status: 500 });
    expect(await versionOf(portal.urls.portal)).toBe('4.3.0');
    expect(await portal.takeBack()).toEqual({ version: '4.3.0', now: '4.2.0', wasCanary: false });
    expect(portal.versions()).toMatchObject({ version: '4.2.0', fault: { fault: 'slow' } });
    expect(await portal.takeBack()).toBeUndefined();
  });
});

describe('a canary', () => {
  it('is what a request with the header or the cookie gets, and nobody else', async () => {
    expect(await versionOf(portal.urls.portal, LANE)).toBe('4.2.0');
    await portal.deployCanary({ version: '4.3.0' });
    expect(await versionOf(portal.urls.portal, LANE)).toBe('4.3.0');
    expect(await versionOf(portal.urls.portal, { cookie: 'a=b; lane=canary' })).toBe('4.3.0');
    expect(await versionOf(portal.urls.portal, { 'x-lane': 'baseline', cookie: 'lane=stable' })).toBe(
      '4.2.0',
    );
  });

  it('lets people sign in and launch as the version beside it does', async () => {
    await portal.deployCanary({ version: '4.3.0' });
    for (const headers of [LANE, {}]) {
      const visitor = createVisitor(headers);
      expect(await launch(visitor)).toMatchObject({ status: 200, heading: 'Exam ready' });
      expect(await visitor.open(portal.urls.learn)).toMatchObject({ heading: 'Your courses' });
    }
  });

  const faults: { fault: FaultInput; seen: Partial<Visit> }[] = [
    { fault: { fault: 'http-500' }, seen: { status: 500 } },
    { fault: { fault: 'http-502' }, seen: { status: 502 } },
    { fault: { fault: 'http-503' }, seen: { status: 503 } },
    { fault: { fault: 'http-504' }, seen: { status: 504 } },
    { fault: { fault: 'maintenance' }, seen: { heading: 'Down for maintenance' } },
    { fault: { fault: 'partial', share: 1 }, seen: { status: 500 } },
    { fault: { fault: 'wrong-keys' }, seen: { status: 401, heading: 'Sign-in failed' } },
    { fault: { fault: 'wrong-keys', at: 'lti' }, seen: { status: 401, heading: 'Launch refused' } },
  ];
  it.for(faults)('breaks by $fault alone', async ({ fault, seen }) => {
    await portal.deployCanary({ version: '4.3.0', fault });
    expect(await launch(createVisitor(LANE))).toMatchObject(seen);
    expect(await launch(createVisitor())).toMatchObject({ heading: 'Exam ready' });
  });

  it('hangs, resets, loops and dawdles alone', async () => {
    await portal.deployCanary({ version: '4.3.0', fault: { fault: 'hang' } });
    await expect(createVisitor(LANE).open(portal.urls.portal, 300)).rejects.toThrow(/timeout/u);
    expect(await admin('POST', 'canary/faults', { fault: 'reset' })).toMatchObject({ status: 200 });
    await expect(createVisitor(LANE).open(portal.urls.portal)).rejects.toMatchObject({
      cause: { code: 'ECONNRESET' },
    });
    await admin('POST', 'canary/faults', { fault: 'session-loop' });
    await expect(signIn(createVisitor(LANE))).rejects.toThrow(/too many redirects/u);
    await admin('POST', 'canary/faults', { fault: 'slow', delayMs: 200 });
    const startedAtMs = performance.now();
    expect(await signIn(createVisitor(LANE))).toMatchObject({ heading: 'Welcome, Ada Lindqvist' });
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(199);
    expect(await signIn(createVisitor())).toMatchObject({ heading: 'Welcome, Ada Lindqvist' });
  });

  it('fails the share of its logins that it was told, whatever the others do', async () => {
    await portal.deployCanary({ version: '4.3.0', fault: { fault: 'partial', share: 0.5 } });
    const statuses: number[] = [];
    for (let login = 0; login < 4; login += 1) {
      statuses.push((await signIn(createVisitor(LANE))).status);
      expect((await signIn(createVisitor())).status).toBe(200);
    }
    expect(statuses).toEqual([200, 500, 200, 500]);
  });

  it('crashes its own exam tool at each launch, and never the other’s', async () => {
    await portal.deployCanary({ version: '4.3.0', fault: { fault: 'lti-crash' } });
    const restarts = portal.tool.restarts();
    const { last } = portal.log.read(0);
    await expect(launch(createVisitor(LANE))).rejects.toThrow(/fetch failed/u);
    expect(await launch(createVisitor())).toMatchObject({ heading: 'Exam ready' });
    expect(portal.tool.restarts()).toBe(restarts);
    await vi.waitFor(
      () =>
        expect(portal.log.read(last).entries).toContainEqual(
          expect.objectContaining({ ok: false, reason: expect.stringContaining('unhandled exception') }),
        ),
      10_000,
    );
  });

  it('is not reached by the faults of the version beside it', async () => {
    await portal.deployCanary({ version: '4.3.0' });
    portal.break({ fault: 'http-503' });
    expect(await createVisitor().open(portal.urls.portal)).toMatchObject({ status: 503 });
    expect(await signIn(createVisitor(LANE))).toMatchObject({ heading: 'Welcome, Ada Lindqvist' });
  });

  it('is what everybody gets once it is promoted, with its fault, and can still be taken back', async () => {
    await portal.deployCanary({ version: '4.3.0', fault: { fault: 'http-504' } });
    expect(await admin('POST', 'canary/promote')).toMatchObject({
      status: 200,
      json: { version: '4.3.0', fault: { fault: 'http-504' }, previousVersion: '4.2.0', canary: null },
    });
    expect(await createVisitor().open(portal.urls.portal)).toMatchObject({ status: 504 });
    expect(await portal.takeBack()).toMatchObject({ now: '4.2.0' });
    expect(await launch(createVisitor(LANE))).toMatchObject({ heading: 'Exam ready' });
  });

  it('gives way to another one', async () => {
    await portal.deployCanary({ version: '4.3.0', fault: { fault: 'http-500' } });
    await portal.deployCanary({ version: '4.3.1' });
    expect(portal.versions().canary).toEqual({ version: '4.3.1' });
    expect(await launch(createVisitor(LANE))).toMatchObject({ heading: 'Exam ready' });
  });
});

describe('the admin routes of deploys', () => {
  it('deploy, break, mend and take back a canary', async () => {
    const canary = { version: '4.3.0', fault: { fault: 'lti-crash' } };
    expect(await admin('POST', 'canary', canary)).toEqual({ status: 200, json: { ...MENDED, canary } });
    expect(await admin('GET', 'deploys')).toEqual({ status: 200, json: { ...MENDED, canary } });
    expect(await admin('DELETE', 'canary/faults')).toMatchObject({
      json: { canary: { version: '4.3.0', fault: null } },
    });
    expect(await admin('DELETE', 'canary')).toEqual({ status: 200, json: MENDED });
  });

  it.for([
    ['POST', 'canary/faults', { fault: 'hang' }],
    ['DELETE', 'canary/faults', undefined],
    ['POST', 'canary/promote', undefined],
    ['DELETE', 'canary', undefined],
  ] as const)('answer 409 to %s %s without a canary', async ([method, path, body]) => {
    expect(await admin(method, path, body)).toMatchObject({
      status: 409,
      json: { error: expect.stringContaining('there is no canary') },
    });
    expect(portal.versions()).toMatchObject({ version: '4.2.0', fault: undefined });
  });

  it.for([
    ['deploys', {}, 'version'],
    ['deploys', { version: '' }, 'version'],
    ['canary', { version: '4.3.0', fault: { fault: 'http-418' } }, 'fault.fault'],
    ['canary', { version: '4.3.0', share: 0.5 }, 'share'],
  ] as const)(
    'answer 400 to POST %s %j, name the field, and change nothing',
    async ([path, input, field]) => {
      const { status, json } = await admin('POST', path, input);
      expect(status).toBe(400);
      expect(json).toMatchObject({ problems: [{ field }] });
      expect(await admin('GET', 'deploys')).toEqual({ status: 200, json: MENDED });
    },
  );

  it('are behind the buttons of the admin page', async () => {
    const button = async (fields: Record<string, string>): Promise<Visit> =>
      createVisitor().send(`${portal.urls.admin}/canary/form`, fields);
    const page = await button({ do: 'deploy', version: '4.3.0', fault: 'partial', share: '0.5' });
    expect(page).toMatchObject({ status: 200, heading: 'Break the portal' });
    expect(page.markup).toContain('<strong>4.3.0</strong>');
    expect(portal.versions().canary?.fault).toEqual({ fault: 'partial', share: 0.5, at: 'login' });
    await button({ do: 'promote' });
    expect(portal.versions().version).toBe('4.3.0');
    await button({ do: 'take-back' });
    expect(portal.versions()).toMatchObject({ version: '4.2.0', fault: undefined });
    expect(await button({ do: 'take-back' })).toMatchObject({ status: 409 });
    expect(await button({ do: 'dance' })).toMatchObject({ status: 400 });
  });
});

describe('the rollback hook', () => {
  it('takes the canary back, once for each id', async () => {
    await portal.deployCanary({ version: '4.3.0', fault: { fault: 'http-500' } });
    const tookBack = { version: '4.3.0', now: '4.2.0', wasCanary: true };
    const data = { version: '4.3.0' };
    expect(await askRollback('canary:1', data)).toEqual({ id: 'canary:1', tookBack });
    expect(portal.versions().canary).toBeUndefined();
    await portal.deployCanary({ version: '4.3.0' });
    expect(await askRollback('canary:1', data)).toEqual({ id: 'canary:1', tookBack });
    expect(portal.versions().canary).toEqual({ version: '4.3.0' });
    expect(portal.rollbacks()).toContainEqual({
      id: 'canary:1',
      atMs: expect.any(Number),
      body: { type: 'deploy.rollback', data },
      times: 2,
      tookBack,
    });
  });

  it('takes a whole deploy back', async () => {
    await portal.deploy({ version: '4.3.0', fault: { fault: 'http-500' } });
    expect(await askRollback('whole:1', {})).toMatchObject({ tookBack: { version: '4.3.0', now: '4.2.0' } });
    expect(await launch(createVisitor())).toMatchObject({ heading: 'Exam ready' });
  });

  it('does it once when the same message comes many times at once', async () => {
    await portal.deploy({ version: '4.3.0' });
    await portal.deployCanary({ version: '4.4.0' });
    const answers = await Promise.all([1, 2, 3, 4].map(async () => askRollback('many:1', {})));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(portal.versions()).toMatchObject({ version: '4.3.0', canary: undefined });
    expect(portal.rollbacks().find(({ id }) => id === 'many:1')?.times).toBe(4);
  });

  it('leaves another version than the one it is told alone', async () => {
    await portal.deployCanary({ version: '4.3.1' });
    expect(await askRollback('other:1', { version: '4.3.0' })).toEqual({ id: 'other:1', tookBack: null });
    expect(portal.versions().canary).toEqual({ version: '4.3.1' });
  });

  it.for([
    ['another secret', { secret: `whsec_${Buffer.alloc(32, 'other').toString('base64')}` }],
    ['an old message', { atMs: Date.now() - 3_600_000 }],
  ] as const)('refuses %s, and does nothing', async ([, how]) => {
    await portal.deployCanary({ version: '4.3.0' });
    const response = await fetch(portal.urls.rollback, signed('forged:1', {}, how));
    expect(response.status).toBe(401);
    expect(portal.versions().canary).toEqual({ version: '4.3.0' });
    expect(portal.rollbacks().map(({ id }) => id)).not.toContain('forged:1');
  });

  it('refuses a body that was changed, one without a signature, and one that is no JSON', async () => {
    await portal.deployCanary({ version: '4.3.0' });
    const message = signed('changed:1', { version: '4.2.9' });
    const post = async (init: RequestInit): Promise<number> => {
      const response = await fetch(portal.urls.rollback, {
        ...init,
        method: 'POST',
        signal: AbortSignal.timeout(5_000),
      });
      await response.body?.cancel();
      return response.status;
    };
    expect(await post({ ...message, body: message.body.replace('4.2.9', '4.3.0') })).toBe(401);
    expect(await post({ body: message.body })).toBe(401);
    const text = 'no JSON';
    const signature = new Webhook(SECRET).sign('text:1', new Date(), text);
    const headers = {
      'webhook-id': 'text:1',
      'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
      'webhook-signature': signature,
    };
    expect(await post({ body: text, headers })).toBe(400);
    expect(portal.versions().canary).toEqual({ version: '4.3.0' });
  });

  it('obeys nobody when the portal was started without a secret', async () => {
    const other = await startPortal({ version: '1.0.0' });
    try {
      expect(await versionOf(other.urls.portal)).toBe('1.0.0');
      const response = await fetch(other.urls.rollback, signed('unheard:1', {}));
      expect(response.status).toBe(403);
      expect(other.rollbacks()).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});
