import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { latchkey } from '#test/fixtures/latchkey-command.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';
import { verifyProbeToken } from '#worker/probe-token.ts';
import { verifyServiceToken } from '#worker/service-token.ts';

// Real processes: a slow machine must not look like a broken product.
vi.setConfig({ testTimeout: 30_000 });

const KEY = Buffer.from('k'.repeat(32)).toString('base64url');
const PROBE_TOKEN_KEYS = `${KEY}, ${Buffer.from('o'.repeat(32)).toString('base64url')}`;
const DAY_MS = 86_400_000;

async function directoryWithConfig(): Promise<string> {
  const directory = await temporaryDirectory();
  const config = {
    publicUrl: 'https://latchkey.example',
    regions: { 'us-east': {} },
    channels: { oncall: { kind: 'slack', url: { secret: 'SLACK_URL' } } },
    checks: {
      login: { kind: 'journey', owner: 'us', file: 'login.journey.ts', runbook: 'https://r.example' },
    },
    services: { portal: { checks: ['login'] } },
  };
  await writeFile(join(directory, 'latchkey.config.ts'), `export default ${JSON.stringify(config)};`);
  return directory;
}

it("a service's token is minted with the first key, and is no probe's", async () => {
  const directory = await directoryWithConfig();
  const minted = await latchkey(directory, ['token', '--service', 'portal'], { PROBE_TOKEN_KEYS });
  expect([minted.code, minted.stderr]).toEqual([0, '']);
  const token = minted.stdout.trim();
  expect(await verifyServiceToken([KEY], token, Date.now())).toEqual({ state: 'good', service: 'portal' });
  expect(await verifyProbeToken([KEY], token)).toBeUndefined();
});

it('a token with --expires is good for so long; a service that is not configured is noted', async () => {
  const directory = await directoryWithConfig();
  const args = ['token', '--service', 'lms', '--expires', '90d'];
  const { code, stdout, stderr } = await latchkey(directory, args, { PROBE_TOKEN_KEYS });
  expect([code, stderr]).toEqual([0, expect.stringContaining('the configuration has no service lms')]);
  const verdictIn = (days: number) => verifyServiceToken([KEY], stdout.trim(), Date.now() + days * DAY_MS);
  expect(await verdictIn(89)).toMatchObject({ state: 'good' });
  expect(await verdictIn(91)).toMatchObject({ state: 'expired' });
});

it.each([
  [['us-east', '--service', 'portal'], 2, 'expected either a region, with --probe or without, or --service'],
  [['--service', 'portal', '--probe', 'a'], 2, 'expected either a region'],
  [['us-east', '--expires', '90d'], 2, '--expires goes with --service only'],
  [['--service', 'portal', '--expires', 'soon'], 2, 'got soon'],
  [['--service', 'portal', '--expires', '1s'], 2, 'from 1 min to 3650 d, got 1s'],
  [[], 2, 'expected one region, got 0'],
  [
    ['--service', 'The Portal'],
    1,
    '--service: expected lower-case letters, digits and hyphens, got The Portal',
  ],
])('token %j ends with %i and says %s', async (args, code, words) => {
  const directory = await directoryWithConfig();
  const ended = await latchkey(directory, ['token', ...args], { PROBE_TOKEN_KEYS });
  expect([ended.code, ended.stdout]).toEqual([code, '']);
  expect(ended.stderr).toContain(words);
});
