import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startCommand, type Child } from './child.ts';
import { isRunning } from './processes.ts';
import { until } from './until.ts';

/** Bundling, migrating and listening take 3–5 s alone. */
const READY_DEADLINE_MS = 60_000;
const DEADLINE_MS = 20_000;

const SECRETS = {
  PROBE_TOKEN_KEYS: randomBytes(32).toString('base64url'),
  OPERATOR_TOKEN: randomBytes(24).toString('base64url'),
  COOKIE_KEY: randomBytes(32).toString('base64url'),
  PAGERDUTY_ROUTING_KEY: randomBytes(16).toString('hex'),
  PUSHOVER_TOKEN: randomBytes(15).toString('hex'),
  PUSHOVER_USER: randomBytes(15).toString('hex'),
  WEBHOOK_SIGNING_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
  ROLLBACK_SIGNING_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
  SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/slack',
};

let state: string;
let children: Child[];
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'latchkey-serve-'));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.stop()));
  await rm(state, { recursive: true, force: true });
});

function serve(args: string[] = [], env: Record<string, string> = SECRETS): Child {
  const child = startCommand(['serve', '--json', '--port', '0', '--state', state, ...args], env);
  children.push(child);
  return child;
}

type Ready = { url: string; migrationsApplied: string[] };
async function readyLine(child: Child): Promise<Ready> {
  const line = await child.untilLine((text) => text.startsWith('{"ready"'), READY_DEADLINE_MS);
  return JSON.parse(line) as Ready;
}

async function workerdPid(): Promise<number> {
  return Number(await readFile(join(state, 'workerd.pid'), 'utf8'));
}

function gone(pid: number): Promise<true> {
  return until(`the end of process ${pid}`, () => (isRunning(pid) ? undefined : true), DEADLINE_MS);
}

/** The output of a command that is expected to end by itself, with its status. */
async function refusal(child: Child): Promise<[number | null, string]> {
  const status = await child.exited;
  return [status, child.lines().join('\n')];
}

it('hosts the hub, keeps its state over restarts, and ends in order at SIGTERM', async () => {
  const first = serve();
  const ready = await readyLine(first);
  expect(ready.migrationsApplied.length).toBeGreaterThan(0);
  const health = await fetch(new URL('/healthz', ready.url));
  expect([health.status, await health.json()]).toMatchObject([200, { ok: true, history: 'ok' }]);
  const form = await (await fetch(new URL('/operator/sign-in', ready.url))).text();
  const script = /src="(\/assets\/app\.[^"]+)"/.exec(form)?.[1] ?? '';
  const source = join(import.meta.dirname, '../../dashboards/public/app.js');
  expect(await (await fetch(new URL(script, ready.url))).text()).toBe(await readFile(source, 'utf8'));
  expect((await fetch(new URL('/cdn-cgi/handler/scheduled', ready.url))).status).toBe(404);
  const pid = await workerdPid();
  expect(await first.stop()).toBe(0);
  await gone(pid);

  const second = serve();
  expect((await readyLine(second)).migrationsApplied).toEqual([]);
  second.kill('SIGINT');
  expect(await second.exited).toBe(0);
});

it('starts a killed workerd again at the same address, and leaves none behind when it is killed itself', async () => {
  const child = serve();
  const { url } = await readyLine(child);
  const killed = await workerdPid();
  process.kill(killed, 'SIGKILL');
  await until(
    'the hub answers again',
    async () =>
      (await fetch(new URL('/healthz', url))).ok && (await workerdPid()) !== killed ? true : undefined,
    DEADLINE_MS,
  );
  const workerd = await workerdPid();
  expect(isRunning(workerd)).toBe(true);
  child.kill('SIGKILL');
  await child.exited;
  await gone(workerd);

  // What a killed one has left on disk does not stand in the way of the next.
  const next = serve();
  await readyLine(next);
  expect(await next.stop()).toBe(0);
});

it('refuses a second hub on the same state, and a port that is taken, in one sentence each', async () => {
  const child = serve();
  await readyLine(child);
  const [status, said] = await refusal(serve());
  expect([status, said]).toEqual([1, expect.stringContaining(`process ${child.pid}) runs on ${state}`)]);
  expect(await child.stop()).toBe(0);

  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const taken = await refusal(serve(['--port', String(port)]));
  other.close();
  expect(taken).toEqual([1, expect.stringContaining(`Port ${port} of 127.0.0.1 is taken`)]);
});

it('refuses to start without its secrets, naming all that are missing, and with one it cannot use', async () => {
  const { OPERATOR_TOKEN: _operator, SLACK_WEBHOOK_URL: _slack, ...rest } = SECRETS;
  const [status, said] = await refusal(serve([], rest));
  expect([status, said]).toEqual([1, expect.stringContaining('OPERATOR_TOKEN, SLACK_WEBHOOK_URL')]);

  const file = join(state, 'secrets.env');
  await writeFile(file, 'COOKIE_KEY=short\n', { mode: 0o600 });
  const short = await refusal(serve(['--env-file', file]));
  expect(short).toEqual([1, expect.stringContaining('COOKIE_KEY (expected 32 or more bytes')]);
});

it('refuses a configuration with every problem at once, also those of channels', async () => {
  const file = join(state, 'latchkey.config.ts');
  await writeFile(
    file,
    `export default { publicUrl: 'http://127.0.0.1', regions: { a: {} }, checks: {}, channels: { x: { kind: 'pigeon' }, y: { kind: 'slack' } } }`,
  );
  const [status, said] = await refusal(serve(['--config', file]));
  expect(status).toBe(1);
  expect(said).toContain(
    'channels.x.kind: expected "pagerduty" or "webhook" or "slack" or "pushover" or "alertmanager", got "pigeon"',
  );
  expect(said).toContain('channels.y.url: expected object, got nothing');
});

it('stops cleanly when it is told so before it is up', async () => {
  const child = serve();
  await until(
    'the lock',
    async () => await readFile(join(state, 'hub.pid'), 'utf8').catch(() => undefined),
    DEADLINE_MS,
  );
  expect(await child.stop()).toBe(0);
  await expect(readFile(join(state, 'hub.pid'))).rejects.toThrow('ENOENT');
});

it('mints a token for a region of the configuration, and for no other', async () => {
  const minted = startCommand(['token', 'us-east', '--probe', 'a'], SECRETS);
  expect(await minted.exited).toBe(0);
  const [, payload = ''] = minted.lines()[0]?.split('.') ?? [];
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
    region: 'us-east',
    probe: 'a',
  });
  const refused = startCommand(['token', 'mars'], SECRETS);
  expect(await refusal(refused)).toEqual([1, expect.stringContaining('expected one of us-east')]);
});
