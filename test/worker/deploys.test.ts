import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { ANNOUNCEMENT_BYTES_MAX } from '#core/deploy/pipeline/announcement.ts';
import { ATTEMPTS_BYTES_MAX } from '#core/deploy/pipeline/attempts.ts';
import type { Announced, ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { app } from '#worker/app.ts';
import { ANNOUNCED_MAX } from '#worker/objects/deploy-object.ts';
import { mintServiceToken } from '#worker/service-token.ts';
import { migrate, tokenOf, until } from './hub.ts';

beforeAll(migrate);

const KEYS = env.PROBE_TOKEN_KEYS.split(',');
const VALUE = 'a-canary-value-that-nobody-may-see';

type Asking = { method?: string; body?: object | string; headers?: Record<string, string>; token?: string };

async function ask(service: string, path: string, asking: Asking = {}): Promise<Response> {
  const { method = 'GET', body, headers = {}, token } = asking;
  const bearer = token ?? (await mintServiceToken(KEYS, service, Date.now()));
  return exports.default.fetch(`https://hub.test${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

function post(service: string, path: string, body?: object | string, headers?: Record<string, string>) {
  return ask(service, path, {
    method: 'POST',
    ...(body === undefined ? {} : { body }),
    ...(headers ? { headers } : {}),
  });
}

async function announce(service: string, announcement: object = {}): Promise<Announced> {
  const response = await post(service, '/v1/deploys', { service, version: '1.0.0', ...announcement });
  if (!response.ok) throw new Error(await response.text());
  return response.json<Announced>();
}

describe('who may', () => {
  const knock = (authorization: string | undefined, path = '/v1/deploys/shop/1') =>
    exports.default.fetch(`https://hub.test${path}`, {
      headers: authorization === undefined ? {} : { authorization },
    });

  it('nobody without a token', async () => {
    const response = await knock(undefined);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    ['the token of a probe', () => tokenOf('us-east')],
    ['the token of the operator', async () => env.OPERATOR_TOKEN],
    ['a token of another key', () => mintServiceToken([btoa('x'.repeat(32))], 'shop', Date.now())],
    ['nonsense', async () => 'nonsense'],
  ])('nobody with %s', async (_what, token) => {
    const response = await knock(`Bearer ${await token()}`);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: 'the service token is not valid' });
  });

  it('nobody with a token that has expired, which is said', async () => {
    const token = await mintServiceToken(KEYS, 'shop', Date.now() - 120_000, 60_000);
    const response = await knock(`Bearer ${token}`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      error: expect.stringMatching(/^the service token of shop expired at 20/),
    });
  });

  it('no probe API with the token of a service', async () => {
    const token = await mintServiceToken(KEYS, 'us-east', Date.now());
    const response = await exports.default.fetch('https://hub.test/api/probe/poll', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(401);
  });

  it.each([
    ['GET', '/v1/deploys/shop/1', undefined, 'the address'],
    ['GET', '/v1/deploys/shop/latest', undefined, 'the address'],
    ['POST', '/v1/deploys', { service: 'shop', version: '1' }, 'service'],
    ['POST', '/v1/deploys/shop/1/rollback', undefined, 'the address'],
    ['POST', '/v1/deploys/shop/1/rollback/result', { state: 'called' }, 'the address'],
    [
      'POST',
      '/v1/attempts',
      { service: 'shop', source: 'a', counters: [{ side: 'canary', attempts: 1, failures: 0 }] },
      'service',
    ],
  ])('nothing of another service: %s %s', async (method, path, body, field) => {
    const response = await ask('lms', path, { method, ...(body ? { body } : {}) });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({ error: `${field}: expected lms, whose token this is, got shop` });
  });

  it('guessing ends soon, and keeps the right token out of nothing', async () => {
    const guesses = await Promise.all(Array.from({ length: 15 }, (_, at) => knock(`Bearer guess-${at}`)));
    const statuses = guesses.map(({ status }) => status);
    expect(statuses).toContain(429);
    expect(statuses.filter((status) => ![401, 429].includes(status))).toEqual([]);
    expect((await ask('shop', '/v1/deploys/shop/999')).status).toBe(404);
  });
});

describe('what is announced', () => {
  it('is taken in once for one key, and told where it is', async () => {
    const body = { service: 'shop', version: '4.2.1', key: 'build 7', markOnly: true };
    const first = await post('shop', '/v1/deploys', body);
    const { deploy } = await first.json<Announced>();
    expect(first.status).toBe(201);
    expect(first.headers.get('location')).toBe(`/v1/deploys/shop/${deploy.n}`);
    expect(deploy).toMatchObject({
      title: 'The shop',
      version: '4.2.1',
      by: 'pipeline shop',
      outcome: 'marked',
    });
    const again = await post('shop', '/v1/deploys', body);
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ isNew: false, deploy: { n: deploy.n } });
    const told = await ask('shop', first.headers.get('location') ?? '');
    expect(await told.json()).toMatchObject({ n: deploy.n, version: '4.2.1' });
    const latest = await ask('shop', '/v1/deploys/shop/latest');
    expect(await latest.json()).toMatchObject({ n: deploy.n });
  });

  it('may be of a service that the configuration does not know, with checks of its own', async () => {
    const { deploy } = await announce('unheard', { checks: ['shop-pay'], markOnly: true });
    expect(deploy).toMatchObject({ service: 'unheard', checks: ['shop-pay'] });
  });

  it('never tells the value of a selector', async () => {
    const canary = { kind: 'header', name: 'x-canary', value: VALUE };
    const response = await post('shop', '/v1/deploys', {
      service: 'shop',
      version: '5',
      canary,
      markOnly: true,
    });
    const text = await response.text();
    expect(response.status).toBe(201);
    expect(text).toContain('header x-canary');
    expect(text).not.toContain(VALUE);
  });

  it.each([
    ['is wrong in two places', { service: 'shop', version: '', timeout: '5h' }, ['version', 'timeout']],
    ['names no such check', { service: 'shop', version: '1', checks: ['nowhere'] }, ['checks.0']],
    ['names no such tag', { service: 'shop', version: '1', tags: ['nothing'] }, ['tags.0']],
    ['is of an unknown service without checks', { service: 'unknown', version: '1' }, ['service']],
    [
      'replaces an address that a check does not have',
      { service: 'shop', version: '1', canary: { kind: 'url', url: 'https://canary.test' } },
      ['canary.var'],
    ],
    ['has a key nobody knows', { service: 'shop', version: '1', extra: 1 }, ['extra']],
  ])('is refused, field by field, when it %s', async (_what, body, paths) => {
    const response = await post(body.service, '/v1/deploys', body);
    expect(response.status).toBe(400);
    const { problems } = await response.json<{ problems: { path: string; expected: string }[] }>();
    expect(problems.map(({ path }) => path)).toEqual(paths);
  });

  it.each([
    { canary: { kind: 'cookie', name: 'lane', value: `${VALUE};` } },
    { canary: { kind: 'header', name: 'x-canary', valu: VALUE } },
    { canary: `x-canary: ${VALUE}` },
    { cannary: { kind: 'header', name: 'x-canary', value: VALUE } },
  ])('is refused without quoting what may be the value of a selector: %j', async (selectors) => {
    const response = await post('shop', '/v1/deploys', { service: 'shop', version: '1', ...selectors });
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain(VALUE);
  });

  it.each([
    ['', 'expected the announcement as JSON; got an empty body'],
    ['service=shop', 'expected the announcement as JSON; it is not JSON'],
    [`{"canary":"${VALUE}",}`, 'it is not JSON at position'],
  ])('is JSON: %s is not', async (body, words) => {
    const response = await post('shop', '/v1/deploys', body);
    expect(response.status).toBe(400);
    const { error } = await response.json<{ error: string }>();
    expect(error).toContain(words);
    expect(error).not.toContain(VALUE);
  });

  it('needs no content type: curl sends its own', async () => {
    const body = { service: 'shop', version: 'curl', markOnly: true };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await post('shop', '/v1/deploys', body, headers)).status).toBe(201);
  });

  it('is not heard when there were too many, but for a repeat, and others are', async () => {
    const service = 'circling';
    const body = (key: string) => ({ service, version: '1', key, checks: ['shop-login'], markOnly: true });
    for (let n = 1; n <= ANNOUNCED_MAX; n++)
      expect((await post(service, '/v1/deploys', body(`key-${n}`))).status).toBe(201);
    const refused = await post(service, '/v1/deploys', body('one-more'));
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({
      error: expect.stringMatching(/^too many deploys of circling within a minute; try again in \d+ s$/),
    });
    expect((await post(service, '/v1/deploys', body(`key-${ANNOUNCED_MAX}`))).status).toBe(200);
    const latest = await ask(service, `/v1/deploys/${service}/latest`);
    expect(await latest.json()).toMatchObject({ n: ANNOUNCED_MAX });
    expect((await announce('shop', { markOnly: true, key: 'beside' })).isNew).toBe(true);
  });

  it.each([
    ['/v1/deploys', ANNOUNCEMENT_BYTES_MAX],
    ['/v1/attempts', ATTEMPTS_BYTES_MAX],
    ['/v1/deploys/shop/1/rollback/result', 4_096],
  ])('%s takes %i bytes at most', async (path, bytesMax) => {
    expect((await post('shop', path, ' '.repeat(bytesMax + 1))).status).toBe(413);
    expect((await post('shop', path, ' '.repeat(bytesMax))).status).toBe(400);
  });
});

describe('what is told', () => {
  it('is lines for whoever wants text, the first of them one word', async () => {
    const headers = { accept: 'text/plain' };
    const body = { service: 'shop-told', version: '4.2.1', previousVersion: '4.2.0', markOnly: true };
    const announced = await post('shop-told', '/v1/deploys', body, headers);
    expect(announced.status).toBe(201);
    expect(announced.headers.get('content-type')).toContain('text/plain');
    const lines = (await announced.text()).split('\n');
    expect(lines.slice(0, 5)).toEqual([
      'marked',
      'deploy: /v1/deploys/shop-told/1',
      'version: 4.2.1',
      'previous-version: 4.2.0',
      'phase: ended',
    ]);
    expect(lines).toContainEqual(expect.stringMatching(/^page: https:\/\/hub\.test\/operator\//));
    const asked = await ask('shop-told', '/v1/deploys/shop-told/1', { headers });
    expect(await asked.text()).toBe(lines.join('\n'));
  });

  it('is nothing of what was never deployed', async () => {
    const unknown = await ask('shop-told', '/v1/deploys/shop-told/77');
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      { error: 'there is no deploy 77 of shop-told' },
    ]);
    const never = await ask('never', '/v1/deploys/never/latest');
    expect([never.status, await never.json()]).toEqual([
      404,
      { error: 'nothing of never has been deployed yet' },
    ]);
  });

  it.each(['wait=soon', 'wait=26s', 'phase=over', 'patience=1'])('refuses ?%s', async (query) => {
    expect((await ask('shop-told', `/v1/deploys/shop-told/1?${query}`)).status).toBe(400);
  });

  it('waits until something has changed, and not for what is over', async () => {
    const service = 'shop-waited';
    const { deploy } = await announce(service, { version: '1' });
    expect(deploy.outcome).toBeUndefined();
    const at = `/v1/deploys/${service}/${deploy.n}`;
    const waiting = ask(service, `${at}?wait=20s`, { headers: { accept: 'text/plain' } });
    await announce(service, { version: '2' });
    const text = await (await waiting).text();
    expect(text.split('\n')[0]).toBe('superseded');
    const startedMs = performance.now();
    const over = await ask(service, `${at}?wait=20s`);
    expect(await over.json()).toMatchObject({ phase: 'ended', outcome: 'superseded' });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it('comes at once when the phase is another than whoever asks knows, and after its time when not', async () => {
    const service = 'shop-waited';
    const { deploy } = await announce(service, { version: '3' });
    const at = `/v1/deploys/${service}/${deploy.n}`;
    const other = await ask(service, `${at}?wait=20s&phase=rolling-back`);
    const { phase, nowMs } = await other.json<ToldDeploy>();
    expect(['checklist', 'verifying']).toContain(phase);
    const same = await until(async () => {
      const told = await (await ask(service, `${at}?wait=1s&phase=verifying`)).json<ToldDeploy>();
      return told.phase === 'verifying' && told;
    });
    expect(same.nowMs - nowMs).toBeGreaterThanOrEqual(900);
  });
});

describe('a rollback', () => {
  const canary = { kind: 'header', name: 'x-canary', value: '1' };

  /** A deploy that users have told to be bad: nine of ten fail on its canary. */
  async function badDeploy(service: string): Promise<string> {
    const { deploy } = await announce(service, { version: '1', canary, checks: ['shop-login'] });
    const at = `/v1/deploys/${service}/${deploy.n}`;
    const total = { side: 'baseline', attempts: 10_000, failures: 10 };
    const report = (counters: object[]) =>
      post(service, '/v1/attempts', { service, source: 'web-1', counters });
    await report([total]);
    await until(async () => {
      await report([
        { ...total, attempts: 11_000 },
        { side: 'canary', attempts: 1_000, failures: 900 },
      ]);
      const { outcome } = await (await ask(service, at)).json<ToldDeploy>();
      return outcome === 'bad';
    });
    return at;
  }

  it('is asked for once, and called with its signature', async () => {
    const at = await badDeploy('shop-hooked');
    const wished = await post('shop-hooked', `${at}/rollback`);
    expect([wished.status, await wished.json()]).toEqual([202, { kind: 'webhook', state: 'asked' }]);
    const again = await post('shop-hooked', `${at}/rollback`);
    expect(again.status).toBe(200);
    const lines = await until(async () => {
      const asked = await ask('shop-hooked', at, { headers: { accept: 'text/plain' } });
      const text = await asked.text();
      return text.includes('rollback: called') && text.split('\n');
    });
    expect(lines[0]).toBe('bad');
    expect(lines).toContain('healthy-again: no');
    const received = await (await fetch('https://pager.test/api/received')).json<{ body: object }[]>();
    expect(received.map(({ body }) => body)).toContainEqual(
      expect.objectContaining({
        type: 'deploy.rollback',
        data: expect.objectContaining({ service: 'shop-hooked', version: '1' }),
      }),
    );
    const noted = await post('shop-hooked', `${at}/rollback/result`, { state: 'called' });
    expect([noted.status, await noted.json()]).toEqual([
      409,
      { error: 'a rollback of shop-hooked is no command, which a pipeline runs' },
    ]);
  });

  it('by command is told to whoever runs it, and its result is noted', async () => {
    const at = await badDeploy('shop-commanded');
    const wished = await post('shop-commanded', `${at}/rollback`);
    expect([wished.status, await wished.json()]).toEqual([202, { kind: 'command', state: 'asked' }]);
    const told = await (await ask('shop-commanded', at)).json<ToldDeploy>();
    expect(told.command).toEqual(['./roll-back.sh']);
    const waiting = ask('shop-commanded', `${at}?wait=20s&phase=rolling-back`);
    // By the time that a later question is answered, the one that waits has been taken in.
    await ask('shop-commanded', at);
    const startedMs = performance.now();
    const failed = await post('shop-commanded', `${at}/rollback/result`, {
      state: 'failed',
      error: 'exit 1',
    });
    expect([failed.status, await failed.json()]).toEqual([202, { kind: 'command', state: 'failed' }]);
    expect(await (await waiting).json()).toMatchObject({
      phase: 'rolling-back',
      rollback: { state: 'failed', lastError: 'exit 1' },
    });
    expect(performance.now() - startedMs).toBeLessThan(8_000);
    const noted = await post('shop-commanded', `${at}/rollback/result`, { state: 'called' });
    expect([noted.status, await noted.json()]).toEqual([202, { kind: 'command', state: 'called' }]);
  });

  it("where the configuration names no way is the pipeline's own affair", async () => {
    const at = await badDeploy('shop-unhooked');
    const wished = await post('shop-unhooked', `${at}/rollback`);
    expect([wished.status, await wished.json()]).toEqual([202, { kind: 'command', state: 'asked' }]);
  });

  it('is not of what is not bad', async () => {
    const { deploy } = await announce('shop-told', { version: '2' });
    const at = `/v1/deploys/shop-told/${deploy.n}/rollback`;
    const wished = await post('shop-told', at);
    expect(wished.status).toBe(409);
    expect(await wished.json()).toMatchObject({ error: expect.stringContaining('is over or not bad') });
    expect((await post('shop-told', `${at}/result`, { state: 'called' })).status).toBe(409);
  });

  it('is not of what was never deployed', async () => {
    expect((await post('shop-told', '/v1/deploys/shop-told/77/rollback')).status).toBe(404);
    expect((await post('shop-told', '/v1/deploys/shop-told/latest/rollback')).status).toBe(404);
  });

  it('by command ends in one of two ways', async () => {
    const response = await post('shop-told', '/v1/deploys/shop-told/1/rollback/result', { state: 'done' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ problems: [{ path: 'state' }] });
  });
});

describe('real attempts', () => {
  const report = (service: string, counters: object[]) =>
    post(service, '/v1/attempts', { service, source: 'web-1', counters });

  it('are taken in, and counted for the deploy that is going on', async () => {
    const { deploy } = await announce('counted', { checks: ['shop-login'] });
    const response = await report('counted', [{ side: 'canary', attempts: 100, failures: 3 }]);
    expect([response.status, await response.json()]).toEqual([200, { n: deploy.n }]);
    const idle = await report('uncounted', [{ side: 'baseline', attempts: 100, failures: 3 }]);
    expect([idle.status, await idle.json()]).toEqual([200, {}]);
  });

  it('are refused when more have failed than were made', async () => {
    const response = await report('counted', [{ side: 'canary', attempts: 1, failures: 2 }]);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ problems: [{ path: 'counters.0.failures' }] });
  });
});

describe('when a part is gone', () => {
  const broken = { getByName: () => ({ deploy: () => new Promise(() => undefined) }) };

  it('says within its deadline that it is to be asked again', async () => {
    const startedMs = performance.now();
    const response = await app.request(
      '/v1/deploys/shop/1',
      { headers: { authorization: `Bearer ${await mintServiceToken(KEYS, 'shop', Date.now())}` } },
      { ...env, DEPLOYS: broken },
    );
    expect(response.status).toBe(503);
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  it('names the secret of a rollback that is not there', async () => {
    const { ROLLBACK_SIGNING_SECRET: _gone, ...rest } = { ...env } as typeof env & {
      ROLLBACK_SIGNING_SECRET?: string;
    };
    const response = await app.request('/v1/deploys', { method: 'POST' }, rest);
    expect(response.status).toBe(500);
    expect(await response.text()).toContain('ROLLBACK_SIGNING_SECRET (expected a value');
  });
});
