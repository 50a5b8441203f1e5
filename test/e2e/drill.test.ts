import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { latchkey } from '../fixtures/latchkey-command.ts';
import { startPager, type Pager } from '../fixtures/pager/pager.ts';
import { startCommand, type Child } from './child.ts';

/** Bundling, migrating and listening take 3–5 s alone. */
const READY_DEADLINE_MS = 60_000;

const OPERATOR_TOKEN = randomBytes(24).toString('base64url');
let folder: string;
let pager: Pager;
let hub: Child;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-drill-'));
  pager = await startPager();
  const configFile = join(folder, 'latchkey.config.ts');
  const check = { kind: 'journey', file: 'any.journey.ts', owner: 'identity team' };
  const config = {
    publicUrl: 'https://hub.example',
    regions: { 'us-east': {}, 'us-west': {} },
    checks: { login: { ...check, channels: ['oncall'] }, launch: { ...check, channels: ['oncall', 'chat'] } },
    channels: {
      oncall: {
        kind: 'pagerduty',
        routingKey: { secret: 'PAGERDUTY_ROUTING_KEY' },
        endpoint: pager.urls.pagerduty,
      },
      chat: { kind: 'slack', url: { secret: 'SLACK_WEBHOOK_URL' } },
    },
    watchdogs: [{ url: { secret: 'WATCHDOG_URL' } }],
  };
  await writeFile(configFile, `export default ${JSON.stringify(config)};\n`);
  hub = startCommand(
    ['serve', '--json', '--port', '0', '--state', join(folder, 'hub'), '--config', configFile],
    {
      PROBE_TOKEN_KEYS: randomBytes(32).toString('base64url'),
      COOKIE_KEY: randomBytes(32).toString('base64url'),
      PAGERDUTY_ROUTING_KEY: pager.routingKey,
      SLACK_WEBHOOK_URL: pager.urls.slack,
      WATCHDOG_URL: 'http://127.0.0.1:9/ping',
      OPERATOR_TOKEN,
    },
  );
  const ready = await hub.untilLine((line) => line.startsWith('{"ready"'), READY_DEADLINE_MS);
  ({ url } = JSON.parse(ready) as { url: string });
});
afterEach(() => pager.mend());
afterAll(async () => {
  await hub.stop();
  await pager.stop();
  await rm(folder, { recursive: true, force: true });
});

function drill(args: string[], token = OPERATOR_TOKEN) {
  return latchkey(folder, ['drill', '--hub', url, ...args], { OPERATOR_TOKEN: token });
}

function resolved(key: string): Promise<unknown> {
  const isResolve = (text: string): boolean => text.includes(`"${key}"`) && text.includes('"resolve"');
  return pager.waitForReceived(({ body }) => isResolve(JSON.stringify(body)), { deadlineMs: 10_000 });
}

it('pages through every channel, prints each one’s way as it comes, and resolves', async () => {
  const { code, stdout, stderr } = await drill([]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('Drill 1 goes to oncall, chat.');
  expect(stdout).toMatch(/^ {2}oncall {2}accepted after .+ \(sent after .+, id drill:1\)$/m);
  expect(stdout).toMatch(/^ {2}chat {4}accepted after /m);
  expect(stdout).toMatch(/^Drill 1 passed: accepted by 2 of 2 channels, the slowest after /m);
  await resolved('drill:1');
});

it('fails when a channel refuses, and says why', async () => {
  pager.break({ fault: 'status', status: 403, path: 'slack' });
  const { code, stdout } = await drill(['--json']);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    drill: 2,
    passed: false,
    channels: [
      { channel: 'oncall', accepted: true, attempts: 1 },
      { channel: 'chat', accepted: false, error: expect.stringContaining('403') },
    ],
  });
});

it('goes to one channel when that is named, and fails in one sentence where it cannot begin', async () => {
  const named = await drill(['--channel', 'oncall', '--json']);
  expect([named.code, JSON.parse(named.stdout)]).toMatchObject([0, { channels: [{ channel: 'oncall' }] }]);
  const unknown = await drill(['--channel', 'nobody']);
  expect([unknown.code, unknown.stdout]).toEqual([2, '']);
  expect(unknown.stderr).toMatch(/channels\.0: expected one of oncall, chat, got "nobody"/);
  const stranger = await drill([], 'not-the-token');
  expect([stranger.code, stranger.stderr]).toEqual([1, 'OPERATOR_TOKEN is not the operator’s token\n']);
});
