import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RollbackInput, rollbackSettings } from '#core/deploy/service/rollback.ts';
import { listenOnLoopback, readText } from '#test/fixtures/loopback-server.ts';
import { startPortal } from '#test/fixtures/portal/portal.ts';
import type { RollbackCalled, RollbackKind } from '#worker/rollback/caller.ts';
import { callRollback, ROLLBACK_CALLERS } from '#worker/rollback/index.ts';

const SECRETS: Record<string, string> = {
  SIGNING: `whsec_${Buffer.from('rollback-signing-secret-0001').toString('base64')}`,
  TOKEN: 'github_pat_that_nobody_may_see_0001',
};

/** A setting of each kind, calling `url`. A kind without one does not compile. */
const EXAMPLES: { [K in RollbackKind]: (url: string) => object } = {
  webhook: (url) => ({ kind: 'webhook', url: `${url}/hook`, signingSecret: { secret: 'SIGNING' } }),
  github: (url) => ({
    kind: 'github',
    repository: 'a/b',
    workflow: 'r.yml',
    token: { secret: 'TOKEN' },
    apiUrl: url,
  }),
  command: () => ({ kind: 'command', command: ['./rollback.sh'] }),
};
/** The secrets that each takes. */
const NEEDED: { [K in RollbackKind]: string[] } = { webhook: ['SIGNING'], github: ['TOKEN'], command: [] };
const KINDS = Object.keys(EXAMPLES) as RollbackKind[];
const CALLED_BY_HUB = KINDS.filter((kind) => kind !== 'command');

const DEPLOY = {
  service: 'portal',
  n: 7,
  version: '4.2.1',
  reason: 'Bad.',
  operatorUrl: 'https://hub.test/d/7',
};
const NOW_MS = 1_795_000_000_000;

type Asked = {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
};

/** Somebody who answers every request so. */
async function site(answer: (response: ServerResponse, asked: Asked) => void) {
  const asked: Asked[] = [];
  const server = await listenOnLoopback(0, async (request, response) => {
    const { method, url: path, headers } = request;
    const knock = { method, path, headers, body: await readText(request, 100_000) };
    asked.push(knock);
    answer(response, knock);
  });
  onTestFinished(server.close);
  return { url: server.url, asked };
}

function call(
  kind: RollbackKind,
  url: string,
  {
    settings = {},
    secrets = SECRETS,
    timeoutMs = 2_000,
    nowMs = NOW_MS,
  }: { settings?: object; secrets?: Record<string, string>; timeoutMs?: number; nowMs?: number } = {},
): Promise<RollbackCalled> {
  return callRollback(
    rollbackSettings(RollbackInput.parse({ ...EXAMPLES[kind](url), ...settings })),
    { key: 'portal.7', attempt: 1, timeoutMs, deploy: DEPLOY },
    { fetch, nowMs, secret: (name) => secrets[name] },
  );
}

describe.each(KINDS)('%s', (kind) => {
  it('is the caller of its kind, and tells the secrets it takes', () => {
    const settings = rollbackSettings(RollbackInput.parse(EXAMPLES[kind]('https://provider.example')));
    expect(ROLLBACK_CALLERS[kind].kind).toBe(kind);
    // Every caller takes settings of its own kind only; which kind this is, the table says.
    const secretsOf = ROLLBACK_CALLERS[kind].secrets as (of: typeof settings) => string[];
    expect(secretsOf(settings)).toEqual(NEEDED[kind]);
  });
});

describe.each(CALLED_BY_HUB)('%s', (kind) => {
  it('is called by a POST that is taken', async () => {
    const { url, asked } = await site((response) => void response.writeHead(204).end());
    expect(await call(kind, url)).toEqual({ ok: true });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
    expect(asked[0]?.body).toContain('4.2.1');
  });

  it.each([
    [400, true],
    [401, true],
    [404, true],
    [410, true],
    [408, false],
    [425, false],
    [429, false],
    [500, false],
    [503, false],
  ])('%i: refused for good: %s', async (status, refused) => {
    const { url } = await site((response) => void response.writeHead(status).end('no'));
    expect(await call(kind, url)).toEqual({ ok: false, refused, error: `http ${status}: no` });
  });

  it('follows no redirect', async () => {
    const elsewhere = await site((response) => void response.writeHead(204).end());
    const { url } = await site((response) => void response.writeHead(307, { location: elsewhere.url }).end());
    expect(await call(kind, url)).toEqual({
      ok: false,
      refused: false,
      error: 'http 307: redirects are not followed',
    });
    expect(elsewhere.asked).toEqual([]);
  });

  it('says nothing of its secrets, whatever is thrown back at it', async () => {
    const [secret = ''] = NEEDED[kind].map((name) => SECRETS[name]);
    const { url } = await site((response, { headers, body }) => {
      response.writeHead(400).end(`${secret} ${JSON.stringify(headers)} ${body}`);
    });
    const called = await call(kind, url);
    expect(called).toMatchObject({ ok: false, refused: true, error: expect.stringContaining('[secret]') });
    expect(JSON.stringify(called)).not.toContain(secret);
  });

  it('ends within its time when nothing comes, and when an answer does not end', async () => {
    const silent = await site(() => undefined);
    const endless = await site((response) => {
      response.writeHead(500);
      response.write('never');
    });
    const startedMs = performance.now();
    const [nothing, half] = await Promise.all([
      call(kind, silent.url, { timeoutMs: 300 }),
      call(kind, endless.url, { timeoutMs: 300 }),
    ]);
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    expect(nothing).toEqual({ ok: false, refused: false, error: 'no answer within 300 ms' });
    expect(half).toEqual({ ok: false, refused: false, error: 'http 500: never' });
  });

  it('reads no more of an answer than it has room for', async () => {
    const { url } = await site((response) => void response.writeHead(500).end('x'.repeat(5_000_000)));
    const called = await call(kind, url);
    expect(called).toMatchObject({ ok: false, refused: false });
    expect(JSON.stringify(called).length).toBeLessThan(500);
  });

  it('can be called again when nobody is there', async () => {
    expect(await call(kind, 'http://127.0.0.1:9')).toMatchObject({ ok: false, refused: false });
  });

  it('calls nobody over http but on this machine', async () => {
    expect(await call(kind, 'http://provider.example')).toMatchObject({
      ok: false,
      refused: true,
      error: expect.stringContaining('not an https address'),
    });
  });

  it.each([{}, { SIGNING: '', TOKEN: '' }])('names its secret when the hub has %j', async (secrets) => {
    expect(await call(kind, 'http://127.0.0.1:9', { secrets })).toEqual({
      ok: false,
      refused: false,
      error: `the hub has no secret ${NEEDED[kind].join(', ')}`,
    });
  });
});

describe('command', () => {
  it('is nothing that the hub runs', async () => {
    expect(await call('command', '')).toEqual({
      ok: false,
      refused: true,
      error: expect.stringContaining('the hub runs no commands'),
    });
  });
});

describe('webhook', () => {
  it('tells what is to be taken back, and why', async () => {
    const { url, asked } = await site((response) => void response.writeHead(200).end());
    await call('webhook', url);
    expect(asked[0]?.path).toBe('/hook');
    expect(asked[0]?.headers).toMatchObject({ 'webhook-id': 'portal.7', 'webhook-timestamp': '1795000000' });
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      type: 'deploy.rollback',
      timestamp: new Date(NOW_MS).toISOString(),
      data: {
        key: 'portal.7',
        service: 'portal',
        deploy: 7,
        version: '4.2.1',
        reason: 'Bad.',
        url: 'https://hub.test/d/7',
      },
    });
  });

  it('is obeyed once by a receiver that checks signatures, however often it is called', async () => {
    const portal = await startPortal({ port: 0, toolPort: 0, rollbackSecret: SECRETS.SIGNING ?? '' });
    onTestFinished(portal.stop);
    const settings = { url: portal.urls.rollback };
    const nowMs = Date.now();
    expect(await call('webhook', '', { settings, nowMs })).toEqual({ ok: true });
    expect(await call('webhook', '', { settings, nowMs: nowMs + 5_000 })).toEqual({ ok: true });
    expect(portal.rollbacks()).toMatchObject([{ id: 'portal.7', times: 2 }]);
    const other = `whsec_${Buffer.from('another-signing-secret-00001').toString('base64')}`;
    expect(await call('webhook', '', { settings, nowMs, secrets: { SIGNING: other } })).toMatchObject({
      ok: false,
      refused: true,
      error: expect.stringContaining('http 401'),
    });
  });

  it('takes its address from a secret, which must be one, and never tells it', async () => {
    const { url, asked } = await site((response) => void response.writeHead(404).end('gone'));
    const settings = { url: { secret: 'ADDRESS' } };
    const address = `${url}/of-a-secret-hook-that-is-long`;
    await call('webhook', '', { settings, secrets: { ...SECRETS, ADDRESS: address } });
    expect(asked.map(({ path }) => path)).toEqual(['/of-a-secret-hook-that-is-long']);
    const wrong = 'ftp://secret-place.example/of-a-secret-hook';
    const refused = await call('webhook', '', { settings, secrets: { ...SECRETS, ADDRESS: wrong } });
    expect(refused).toMatchObject({ ok: false, refused: true, error: expect.stringContaining('ADDRESS') });
    expect(JSON.stringify(refused)).not.toContain('secret-place');
    expect(await call('webhook', '', { settings })).toMatchObject({
      refused: false,
      error: 'the hub has no secret ADDRESS',
    });
  });

  it('refuses a signing secret that cannot sign, without quoting it', async () => {
    const called = await call('webhook', 'https://provider.example', {
      secrets: { SIGNING: 'whsec_%%%-not-base64-%%%' },
    });
    expect(called).toMatchObject({ ok: false, refused: true });
    expect(JSON.stringify(called)).not.toContain('not-base64');
  });
});
