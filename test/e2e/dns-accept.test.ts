import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aRun } from '../fixtures/builders.ts';
import { addresses, someEvidence } from '../fixtures/dns-evidence.ts';
import { latchkey } from '../fixtures/latchkey-command.ts';
import { startCommand, type Child } from './child.ts';

/** Bundling, migrating and listening take 3–5 s alone. */
const READY_DEADLINE_MS = 60_000;

const OPERATOR_TOKEN = randomBytes(24).toString('base64url');
const PROBE_TOKEN_KEYS = randomBytes(32).toString('base64url');
let folder: string;
let hub: Child;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-dns-accept-'));
  const configFile = join(folder, 'latchkey.config.ts');
  const common = { owner: 'identity team', channels: ['chat'] };
  const config = {
    publicUrl: 'https://hub.example',
    regions: { 'us-east': {} },
    checks: {
      name: { kind: 'dns', name: 'portal.example.test', ...common },
      unseen: { kind: 'dns', name: 'unseen.example.test', ...common },
      login: { kind: 'journey', file: 'any.journey.ts', ...common },
    },
    channels: { chat: { kind: 'slack', url: { secret: 'SLACK_WEBHOOK_URL' } } },
  };
  await writeFile(configFile, `export default ${JSON.stringify(config)};\n`);
  hub = startCommand(
    ['serve', '--json', '--port', '0', '--state', join(folder, 'hub'), '--config', configFile],
    {
      PROBE_TOKEN_KEYS,
      COOKIE_KEY: randomBytes(32).toString('base64url'),
      SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/chat',
      OPERATOR_TOKEN,
    },
  );
  const ready = await hub.untilLine((line) => line.startsWith('{"ready"'), READY_DEADLINE_MS);
  ({ url } = JSON.parse(ready) as { url: string });
});
afterAll(async () => {
  await hub.stop();
  await rm(folder, { recursive: true, force: true });
});

function accept(...args: string[]) {
  return latchkey(folder, ['dns', 'accept', '--hub', url, ...args], { OPERATOR_TOKEN });
}

async function report(seq: number, records: number): Promise<void> {
  const { stdout } = await latchkey(folder, ['token', 'us-east'], { PROBE_TOKEN_KEYS });
  const run = aRun({ check: 'name', seq, dns: someEvidence(addresses(records)) });
  const response = await fetch(`${url}/api/probe/report`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stdout.trim()}` },
    body: JSON.stringify({ type: 'report', entries: [{ ageMs: 500, run }] }),
  });
  expect(response.status).toBe(200);
}

it('shows what has changed, accepts it, and has then nothing more to say', async () => {
  await report(1, 8);
  await report(2, 9);
  const shown = await accept('name', '--show');
  expect([shown.code, shown.stderr]).toEqual([0, '']);
  expect(shown.stdout).toMatch(/^name \(portal\.example\.test\), baseline of the first run, .+Z:$/m);
  expect(shown.stdout).toMatch(
    /^ {2}A: ANSWER, 9 records, answer floor 178 octets, TTL 60 s — records 8 → 9, past 8$/m,
  );
  expect(shown.stdout).not.toContain('the baseline now');
  const taken = await accept('name');
  expect([taken.code, taken.stdout.split('\n').at(-2)]).toEqual([0, 'These figures are the baseline now.']);
  const again = await accept('name', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({
    check: 'name',
    accepted: true,
    before: [{ accepted: { by: 'operator', measured: [{ records: 9 }] }, changes: [] }],
    after: [{ accepted: { by: 'operator' } }],
  });
});

it('says what is wrong in a sentence', async () => {
  const [unknown, journey, unseen, none, two] = await Promise.all([
    accept('nothing'),
    accept('login'),
    accept('unseen'),
    accept(),
    accept('name', 'unseen'),
  ]);
  expect([unknown.code, unknown.stderr]).toEqual([2, 'there is no check nothing\n']);
  expect([journey.code, journey.stderr]).toEqual([2, 'login is a journey check, not a dns check\n']);
  expect([unseen.code, unseen.stderr]).toEqual([
    1,
    'nothing of unseen has been measured yet; wait for its first run\n',
  ]);
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(/^expected the id of one check, got none\n\nlatchkey dns accept CHECK: /);
  expect(two.stderr).toMatch(/^expected the id of one check, got name unseen\n/);
});
