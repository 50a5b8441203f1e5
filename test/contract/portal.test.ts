import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ACCOUNTS } from '#test/fixtures/portal/accounts.ts';
import { failsAt, type FaultInput } from '#test/fixtures/portal/faults.ts';
import { startPortal, type Portal } from '#test/fixtures/portal/portal.ts';
import { createVisitor, type Visit, type Visitor } from '#test/fixtures/visitor.ts';

const [ada] = ACCOUNTS;
let portal: Portal;

beforeAll(async () => {
  portal = await startPortal();
});
afterAll(() => portal.stop());
afterEach(() => portal.mend());

async function signIn(visitor: Visitor, path = '/'): Promise<Visit> {
  return visitor.submit(await visitor.open(portal.urls.portal + path), {
    username: ada?.username ?? '',
    password: ada?.password ?? '',
  });
}

/** Signs in and follows the launch up to the form that the platform posts to the tool. */
async function beginLaunch(visitor: Visitor): Promise<Visit> {
  await signIn(visitor);
  return visitor.open(`${portal.urls.portal}/lti/launch`);
}

async function expectMended(): Promise<void> {
  portal.mend();
  expect(await signIn(createVisitor())).toMatchObject({ status: 200, heading: 'Welcome, Ada Lindqvist' });
}

async function admin(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${portal.urls.admin}/${path}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(5_000),
  });
  return { status: response.status, json: await response.json() };
}

describe('the portal, mended', () => {
  it('signs in by authorization code and lands on the home page', async () => {
    const visitor = createVisitor();
    const form = await visitor.open(portal.urls.portal);
    expect(form.heading).toBe('Sign in');
    expect(form.markup).toMatch(/<label for="username">Username<\/label>/u);
    const home = await signIn(visitor);
    expect(home).toMatchObject({
      status: 200,
      heading: 'Welcome, Ada Lindqvist',
      url: `${portal.urls.portal}/`,
    });
  });

  it('shows an alert for a wrong password, and lets nobody in', async () => {
    const visitor = createVisitor();
    const form = await visitor.open(portal.urls.portal);
    const refused = await visitor.submit(form, { username: 'ada', password: 'guess' });
    expect(refused).toMatchObject({ status: 401, heading: 'Sign in', notice: 'Wrong username or password.' });
    expect(await visitor.open(portal.urls.portal)).toMatchObject({ heading: 'Sign in' });
  });

  it('opens the learning app without a second password', async () => {
    const visitor = createVisitor();
    await signIn(visitor);
    expect(await visitor.open(portal.urls.learn)).toMatchObject({ status: 200, heading: 'Your courses' });
  });

  it('asks who has been away for too long to sign in again, and returns to where they were', async () => {
    const visitor = createVisitor();
    await signIn(visitor, '/account');
    const form = await visitor.send(`${portal.urls.portal}/session/expire`, {});
    expect(form).toMatchObject({
      heading: 'Sign in',
      notice: 'Your session has expired. Please sign in again.',
    });
    const back = await visitor.submit(form, { username: 'ada', password: ada?.password ?? '' });
    expect(back).toMatchObject({ heading: 'Your account', url: `${portal.urls.portal}/account` });
  });

  it('opens sessions as short as the admin route says', async () => {
    expect(await admin('POST', 'sessions', { lifetimeMs: 0 })).toMatchObject({ status: 200 });
    const visitor = createVisitor();
    expect(await signIn(visitor)).toMatchObject({
      heading: 'Sign in',
      notice: expect.stringContaining('expired'),
    });
    await admin('POST', 'sessions', { lifetimeMs: null });
    expect(await signIn(visitor)).toMatchObject({ heading: 'Welcome, Ada Lindqvist' });
  });

  it('returns nobody to somebody else’s page', async () => {
    const home = await signIn(createVisitor(), '/login?return_to=//evil.example/');
    expect(home.url).toBe(`${portal.urls.portal}/`);
  });

  it('signs out at the identity provider too', async () => {
    const visitor = createVisitor();
    await signIn(visitor);
    const signingOut = await visitor.send(`${portal.urls.portal}/logout`, {});
    expect(await visitor.submit(signingOut)).toMatchObject({ heading: 'Signed out' });
    expect(await visitor.open(portal.urls.portal)).toMatchObject({ heading: 'Sign in' });
  });

  it('refuses a callback that was not begun in this browser', async () => {
    const url = `${portal.urls.portal}/callback?code=x&state=y`;
    expect(await createVisitor().open(url)).toMatchObject({ status: 401, heading: 'Sign-in failed' });
  });

  it('counts every login, and lists those after a number', async () => {
    const { last } = portal.log.read(0);
    await signIn(createVisitor());
    const { json } = await admin('GET', `log?since=${last}`);
    expect(json).toMatchObject({
      last: last + 1,
      entries: [{ n: last + 1, app: 'portal', user: 'ada', ok: true }],
    });
  });
});

describe('the LTI 1.3 launch', () => {
  it('opens the exam', async () => {
    const visitor = createVisitor();
    const exam = await visitor.submit(await beginLaunch(visitor));
    expect(exam).toMatchObject({ status: 200, heading: 'Exam ready', url: `${portal.urls.exam}/exam` });
  });

  it('works once per state and nonce', async () => {
    const visitor = createVisitor();
    const posted = await beginLaunch(visitor);
    await visitor.submit(posted);
    expect(await visitor.submit(posted)).toMatchObject({ status: 401, heading: 'Launch refused' });
  });

  it('is refused in a browser that did not begin it', async () => {
    const visitor = createVisitor();
    const posted = await beginLaunch(visitor);
    expect(await createVisitor().submit(posted)).toMatchObject({
      status: 401,
      notice: 'state: does not belong to this browser',
    });
  });

  it('is refused when a claim was changed on the way', async () => {
    const visitor = createVisitor();
    const { action, fields } = visitor.formOf(await beginLaunch(visitor));
    const [header = '', payload = '', signature = ''] = (fields.id_token ?? '').split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'grace' })).toString('base64url');
    const refused = await visitor.send(action, { ...fields, id_token: `${header}.${forged}.${signature}` });
    expect(refused).toMatchObject({
      status: 401,
      notice: expect.stringContaining('signature: does not match'),
    });
  });

  it('is refused to who is not signed in', async () => {
    const visitor = createVisitor();
    const query = new URLSearchParams({
      iss: portal.urls.portal,
      login_hint: 'ada',
      target_link_uri: `${portal.urls.exam}/launch`,
    });
    const posted = await visitor.open(`${portal.urls.exam}/login?${query.toString()}`);
    expect(await visitor.submit(posted)).toMatchObject({
      status: 401,
      notice: expect.stringContaining('login_required'),
    });
  });

  it('is not begun for another platform', async () => {
    const query = new URLSearchParams({
      iss: 'https://evil.example',
      login_hint: 'ada',
      target_link_uri: `${portal.urls.exam}/launch`,
    });
    const refused = await createVisitor().open(`${portal.urls.exam}/login?${query.toString()}`);
    expect(refused).toMatchObject({ status: 400, notice: expect.stringContaining('iss: expected') });
  });
});

describe('a fault', () => {
  afterEach(expectMended);

  it.for([
    ['http-500', 500],
    ['http-502', 502],
    ['http-503', 503],
    ['http-504', 504],
  ] as const)('%s answers with that status, at the part it is set on', async ([fault, status]) => {
    portal.break({ fault });
    expect(await createVisitor().open(portal.urls.portal)).toMatchObject({ status });
    portal.break({ fault, at: 'learn' });
    const visitor = createVisitor();
    expect(await signIn(visitor)).toMatchObject({ status: 200 });
    expect(await visitor.open(portal.urls.learn)).toMatchObject({ status });
    portal.break({ fault, at: 'lti' });
    expect(await visitor.open(portal.urls.learn)).toMatchObject({ status: 200 });
    expect(await visitor.open(`${portal.urls.portal}/lti/launch`)).toMatchObject({ status });
  });

  it('hang never answers, while the admin routes do', async () => {
    portal.break({ fault: 'hang' });
    await expect(createVisitor().open(portal.urls.portal, 300)).rejects.toThrow(/timeout/u);
    expect(await admin('GET', 'faults')).toEqual({
      status: 200,
      json: { fault: { fault: 'hang', at: 'login' } },
    });
  });

  it('reset drops the connection', async () => {
    portal.break({ fault: 'reset' });
    await expect(createVisitor().open(portal.urls.portal)).rejects.toMatchObject({
      cause: { code: 'ECONNRESET' },
    });
  });

  it('slow lets a login succeed, later', async () => {
    portal.break({ fault: 'slow', delayMs: 200 });
    const startedAtMs = performance.now();
    expect(await signIn(createVisitor())).toMatchObject({ heading: 'Welcome, Ada Lindqvist' });
    // Timers may fire a millisecond early.
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(199);
  });

  it('partial fails the share it was told, evenly', async () => {
    portal.break({ fault: 'partial', share: 0.5 });
    const statuses: number[] = [];
    for (let login = 0; login < 4; login += 1) statuses.push((await signIn(createVisitor())).status);
    expect(statuses).toEqual([200, 500, 200, 500]);
  });

  it('maintenance looks fine to who reads only the status', async () => {
    portal.break({ fault: 'maintenance' });
    expect(await createVisitor().open(portal.urls.portal)).toMatchObject({
      status: 200,
      heading: 'Down for maintenance',
    });
  });

  it('session-loop sends a signed-in browser round and round', async () => {
    portal.break({ fault: 'session-loop' });
    await expect(signIn(createVisitor())).rejects.toThrow(/too many redirects/u);
  });

  it('wrong-keys at login makes the portal refuse the id_token', async () => {
    portal.break({ fault: 'wrong-keys' });
    expect(await signIn(createVisitor())).toMatchObject({
      status: 401,
      heading: 'Sign-in failed',
      notice: expect.stringContaining('signature: does not match'),
    });
  });

  it('wrong-keys at lti makes the tool refuse the launch, and nothing else', async () => {
    portal.break({ fault: 'wrong-keys', at: 'lti' });
    const visitor = createVisitor();
    expect(await visitor.submit(await beginLaunch(visitor))).toMatchObject({
      status: 401,
      heading: 'Launch refused',
      notice: expect.stringContaining('signature: does not match'),
    });
    expect(await visitor.open(portal.urls.learn)).toMatchObject({ heading: 'Your courses' });
  });

  it('lti-crash ends the tool’s process at a launch, and it is started again', async () => {
    const { last } = portal.log.read(0);
    const restarts = portal.tool.restarts();
    portal.break({ fault: 'lti-crash' });
    const visitor = createVisitor();
    const posted = await beginLaunch(visitor);
    await expect(visitor.submit(posted)).rejects.toThrow(/fetch failed/u);
    await vi.waitFor(() => expect(portal.tool.restarts()).toBe(restarts + 1), 10_000);
    expect(portal.log.read(last).entries).toContainEqual(
      expect.objectContaining({
        app: 'exam',
        ok: false,
        reason: expect.stringContaining('unhandled exception'),
      }),
    );
    portal.mend();
    await vi.waitFor(async () => {
      expect(await visitor.submit(await visitor.open(`${portal.urls.portal}/lti/launch`))).toMatchObject({
        heading: 'Exam ready',
      });
    }, 10_000);
  });
});

describe('the admin routes', () => {
  it('break and mend over HTTP', async () => {
    const fault: FaultInput = { fault: 'http-503', at: 'learn' };
    expect(await admin('POST', 'faults', fault)).toEqual({ status: 200, json: { fault } });
    expect(await admin('GET', 'faults')).toEqual({ status: 200, json: { fault } });
    expect(await admin('DELETE', 'faults')).toEqual({ status: 200, json: { fault: null } });
  });

  it.for([
    [{ fault: 'http-418' }, 'fault'],
    [{ fault: 'slow' }, 'delayMs'],
    [{ fault: 'slow', delayMs: '9' }, 'delayMs'],
    [{ fault: 'partial', share: 1.5 }, 'share'],
    [{ fault: 'hang', at: 'moon' }, 'at'],
    [{ fault: 'hang', forever: true }, 'forever'],
    [{ fault: 'wrong-keys', at: 'learn' }, 'at'],
    [[], 'body'],
  ] as const)('answer 400 to %j, name the field, and change nothing', async ([input, field]) => {
    portal.break({ fault: 'http-504' });
    const { status, json } = await admin('POST', 'faults', input);
    expect(status).toBe(400);
    expect(json).toMatchObject({ problems: [{ field }] });
    expect(await admin('GET', 'faults')).toMatchObject({ json: { fault: { fault: 'http-504' } } });
  });

  it('answer 400 to what is not JSON and 413 to what is too long', async () => {
    expect(await admin('POST', 'faults', '{')).toMatchObject({ status: 400 });
    expect(await admin('POST', 'faults', 'x'.repeat(10_000))).toMatchObject({ status: 413 });
    expect(await admin('GET', 'log?since=-1')).toMatchObject({
      status: 400,
      json: { problems: [{ field: 'since' }] },
    });
    expect(await admin('GET', 'faults')).toMatchObject({ json: { fault: null } });
  });

  it('obey no other site', async () => {
    const response = await fetch(`${portal.urls.admin}/faults`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: '{"fault":"hang"}',
      signal: AbortSignal.timeout(5_000),
    });
    expect(response.status).toBe(403);
    expect(portal.log.read(0).last).toBeGreaterThan(0);
    expect(await admin('GET', 'faults')).toMatchObject({ json: { fault: null } });
  });
});

describe('the share of logins that fail', () => {
  it.for([0, 0.1, 0.29, 0.5, 0.9, 1])('is %f of any hundred', (share) => {
    const failed = Array.from({ length: 100 }, (_, index) => failsAt(index + 1, share)).filter(Boolean);
    expect(failed.length).toBe(Math.round(share * 100));
  });
});
