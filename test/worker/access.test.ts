import { env, exports } from 'cloudflare:workers';
import { sign } from 'hono/jwt';
import { beforeAll, describe, expect, it } from 'vitest';
import { SCREENSHOT_BYTES_MAX } from '#core/wire.ts';
import { app } from '#worker/app.ts';
import { mintProbeToken, verifyProbeToken } from '#worker/probe-token.ts';
import { aRun, ask, checkObject, migrate, reportAged, tokenOf } from './hub.ts';
import { helloOf, reportOf } from './probe-socket.ts';

beforeAll(migrate);

const keys = env.PROBE_TOKEN_KEYS.split(',');
const otherKey = btoa('x'.repeat(32));

async function reportWith(authorization: string | undefined): Promise<Response> {
  return exports.default.fetch('https://hub.test/api/probe/report', {
    method: 'POST',
    headers: authorization === undefined ? {} : { authorization },
    body: JSON.stringify(reportOf(aRun('login', 'us-east'))),
  });
}

describe('the probe API', () => {
  it('refuses a request without a token', async () => {
    const response = await reportWith(undefined);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    ['nonsense', async () => 'nonsense'],
    ['a token of another key', () => mintProbeToken([otherKey], { region: 'us-east' }, Date.now())],
    ['a changed token', async () => `${(await tokenOf('us-east')).slice(0, -6)}AAAAAA`],
    ['another algorithm', () => sign({ region: 'us-east', iat: 1 }, keys[0] ?? '', 'HS512')],
    ['an endless token', async () => `${await tokenOf('us-east')}${'a'.repeat(5_000)}`],
  ])('refuses %s', async (_what, token) => {
    expect((await reportWith(`Bearer ${await token()}`)).status).toBe(401);
  });

  it('refuses a token without a signature, whatever algorithm it names', async () => {
    const part = (value: object) => btoa(JSON.stringify(value)).replaceAll('=', '');
    const token = `${part({ alg: 'none', typ: 'JWT' })}.${part({ region: 'us-east', iat: 1 })}.`;
    expect((await reportWith(`Bearer ${token}`)).status).toBe(401);
  });

  it('takes a token of the key that was rotated out, until that is gone', async () => {
    const [current = '', previous = ''] = keys;
    const token = await mintProbeToken([previous], { region: 'us-east' }, Date.now());
    expect((await reportWith(`Bearer ${token}`)).status).toBe(200);
    expect(await verifyProbeToken([current], token)).toBeUndefined();
  });

  it('refuses runs of another region and stores none', async () => {
    const own = aRun('login', 'us-east');
    const foreign = aRun('login', 'us-west');
    const response = await reportAged('us-east', [
      { ageMs: 0, run: own },
      { ageMs: 0, run: foreign },
    ]);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining('entries.1.run.region') });
    expect(await checkObject('login').run(own.id)).toBeUndefined();
  });

  it('refuses a token of a region that the configuration does not have', async () => {
    const token = await mintProbeToken(keys, { region: 'mars' }, Date.now());
    expect((await reportWith(`Bearer ${token}`)).status).toBe(403);
  });

  it('refuses a body that is too big before it is read whole', async () => {
    const response = await ask('us-east', 'POST', '/api/probe/report', ' '.repeat(1024 * 1024 + 1));
    expect(response.status).toBe(413);
  });

  it('refuses what is not JSON', async () => {
    const response = await ask('us-east', 'POST', '/api/probe/report', 'hello');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining('JSON') });
  });

  it('asks for an upgrade where there is a socket', async () => {
    expect((await ask('us-east', 'GET', '/api/probe/socket')).status).toBe(426);
  });
});

describe('a screenshot', () => {
  const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
  const put = (run: string, bytes: Uint8Array) =>
    ask('us-east', 'PUT', `/api/probe/screenshots/${run}`, bytes.slice());

  beforeAll(async () => {
    await ask('us-east', 'POST', '/api/probe/poll', helloOf('camera'));
  });

  it('is stored under its run, and again without harm', async () => {
    expect((await put('camera.1000.1', png)).status).toBe(200);
    expect((await put('camera.1000.1', png)).status).toBe(200);
    const object = await env.ARTIFACTS.get('screenshots/camera.1000.1');
    expect(object?.httpMetadata?.contentType).toBe('image/png');
    expect(new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(png);
  });

  it.each([
    ['is not a picture', 'camera.1000.2', new TextEncoder().encode('<svg/>'), 415],
    ['is too big', 'camera.1000.2', new Uint8Array(SCREENSHOT_BYTES_MAX + 1), 413],
    ['is of a probe of another region', 'stranger.1000.2', png, 403],
    ['has no run id', 'camera', png, 400],
  ])('is refused when it %s', async (_what, run, bytes, status) => {
    expect((await put(run, bytes)).status).toBe(status);
    expect(await env.ARTIFACTS.head(`screenshots/${run}`)).toBeNull();
  });
});

describe('the hub', () => {
  it('tells its health without telling its secrets', async () => {
    const response = await exports.default.fetch('https://hub.test/healthz');
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({
      ok: true,
      configHash: expect.stringMatching(/^[0-9a-f]{12}$/),
      history: 'ok',
      missingSecrets: [],
    });
    for (const key of keys) expect(text).not.toContain(key);
  });

  it('refuses everything while a secret is missing, and names it', async () => {
    const { COOKIE_KEY: _gone, ...rest } = { ...env } as typeof env & { COOKIE_KEY?: string };
    const incomplete = { ...rest, OPERATOR_TOKEN: 'short' };
    const response = await app.request('/api/probe/report', { method: 'POST' }, incomplete);
    expect(response.status).toBe(500);
    const { error } = await response.json<{ error: string }>();
    expect(error).toContain('COOKIE_KEY');
    expect(error).toContain('OPERATOR_TOKEN');
    expect(error).not.toContain('short');
    const health = await app.request('/healthz', {}, incomplete);
    expect(health.status).toBe(500);
    expect(await health.json()).toMatchObject({
      ok: false,
      missingSecrets: ['OPERATOR_TOKEN', 'COOKIE_KEY'],
    });
  });

  it('answers an unknown path with JSON, an id and headers that lock it down', async () => {
    const response = await exports.default.fetch('https://hub.test/nowhere');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: 'there is nothing at /nowhere' });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('answers an error of its own with its id and nothing else', async () => {
    const broken = { ...env, REGIONS: undefined } as unknown as typeof env;
    const response = await app.request(
      '/api/probe/poll',
      {
        method: 'POST',
        headers: { authorization: `Bearer ${await tokenOf('us-east')}` },
        body: JSON.stringify(helloOf('any')),
      },
      broken,
    );
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      error: 'internal error',
      requestId: response.headers.get('x-request-id'),
    });
  });
});
