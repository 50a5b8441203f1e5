import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { probeRegionProblem } from '#probes/probe-region.ts';
import { latchkey } from '#test/fixtures/latchkey-command.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

// Real processes: a slow machine must not look like a broken product.
vi.setConfig({ testTimeout: 30_000 });

const OWN = {
  id: 'edge-eu',
  title: 'Edge',
  worker: { questionsMax: 45 },
};
const EAST = { id: 'us-east', title: 'East' };
const SENTENCE =
  'region: expected one of us-east, got edge-eu: there the hub itself asks, from a Worker, and no probe runs';

test.each([
  ['us-east', [EAST, OWN], undefined],
  ['edge-eu', [EAST, OWN], SENTENCE],
  ['mars', [EAST, OWN], 'region: expected one of us-east, got mars'],
  [
    'edge-eu',
    [OWN],
    'region: expected a region with probes, got edge-eu: there the hub itself asks, from a Worker, and no probe runs',
  ],
])('a probe in %s of %j: %s', (region, regions, problem) => {
  expect(probeRegionProblem({ regions }, region)).toBe(problem);
});

test('no token is minted for a region that the hub itself asks from, and no probe starts there', async () => {
  const directory = await temporaryDirectory();
  const config = {
    publicUrl: 'https://latchkey.example',
    regions: { 'us-east': {}, 'edge-eu': { worker: {} } },
    channels: { oncall: { kind: 'slack', url: { secret: 'SLACK_URL' } } },
    checks: { 'api-name': { kind: 'dns', owner: 'us', name: 'api.example.com' } },
  };
  await writeFile(join(directory, 'latchkey.config.ts'), `export default ${JSON.stringify(config)};`);
  const minted = await latchkey(directory, ['token', 'edge-eu']);
  expect([minted.code, minted.stdout, minted.stderr]).toEqual([1, '', `${SENTENCE}\n`]);
  const payload = Buffer.from(JSON.stringify({ region: 'edge-eu' })).toString('base64url');
  const started = await latchkey(directory, ['probe', '--hub', 'http://127.0.0.1:9'], {
    LATCHKEY_TOKEN: `e30.${payload}.c2ln`,
  });
  expect(started.code).toBe(2);
  expect(started.stderr).toContain(SENTENCE);
});
