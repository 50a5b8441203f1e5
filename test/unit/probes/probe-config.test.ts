import { expect, test } from 'vitest';
import { describeProblems } from '#core/problem.ts';
import { readProbeConfig, slugOf } from '#probes/probe-config.ts';
import { SPOOL_BYTES_MAX, SPOOL_RUNS_MAX } from '#probes/spool/spool.ts';

function aToken(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

const TOKEN = aToken({ region: 'us-east', iat: 1 });

function problemsOf(argv: string[], env: Record<string, string>): string {
  const read = readProbeConfig(argv, env);
  if (read.ok) throw new Error(`expected problems, got ${JSON.stringify(read.value)}`);
  return describeProblems(read.problems);
}

test('a hub and a token are enough; the region is the token’s', () => {
  const read = readProbeConfig(['--name', 'p1'], {
    LATCHKEY_HUB: 'https://hub.example',
    LATCHKEY_TOKEN: TOKEN,
  });
  expect(read).toEqual({
    ok: true,
    value: {
      hubUrl: 'https://hub.example',
      token: TOKEN,
      region: 'us-east',
      probe: 'p1',
      configFile: 'latchkey.config.ts',
      spoolDirectory: '.latchkey/spool/p1',
      concurrency: 2,
      spoolRunsMax: SPOOL_RUNS_MAX,
      spoolBytesMax: SPOOL_BYTES_MAX,
    },
  });
});

test('an option goes before its environment variable', () => {
  const read = readProbeConfig(['--hub', 'http://a.example', '--concurrency', '3'], {
    LATCHKEY_HUB: 'http://b.example',
    LATCHKEY_CONCURRENCY: '4',
    LATCHKEY_SPOOL: '/var/spool/latchkey',
    LATCHKEY_TOKEN: TOKEN,
  });
  expect(read).toMatchObject({
    ok: true,
    value: { hubUrl: 'http://a.example', concurrency: 3, spoolDirectory: '/var/spool/latchkey' },
  });
});

test('all problems come at once, and never with the token in them', () => {
  const text = problemsOf(
    ['--hub', 'ftp://x', '--concurrency', '0', '--spool-runs', '1e3', '--region', 'US East'],
    {
      LATCHKEY_TOKEN: 'x'.repeat(2_000),
    },
  );
  expect(text.split('\n').map((line) => line.split(':')[0])).toEqual([
    'hub',
    'LATCHKEY_TOKEN',
    'region',
    'concurrency',
    'spool-runs',
  ]);
  expect(text).not.toContain('xxx');
});

test('a token that is none is named without being shown', () => {
  const text = problemsOf(['--hub', 'https://h.example'], { LATCHKEY_TOKEN: 'hunter2' });
  expect(text).toContain('LATCHKEY_TOKEN');
  expect(text).not.toContain('hunter2');
  expect(problemsOf([], {})).toBe(
    'hub: expected an http or https URL, got nothing\n' +
      'LATCHKEY_TOKEN: expected a token minted by `latchkey token REGION`, got nothing',
  );
});

test('a region or a name other than the token’s is a problem', () => {
  const env = {
    LATCHKEY_HUB: 'https://h.example',
    LATCHKEY_TOKEN: aToken({ region: 'us-east', probe: 'p1' }),
  };
  expect(problemsOf(['--region', 'eu-west', '--name', 'p2'], env)).toBe(
    'region: expected us-east, which the token is for, got eu-west\nname: expected p1, which the token is for, got p2',
  );
  expect(readProbeConfig([], env)).toMatchObject({ ok: true, value: { probe: 'p1' } });
});

test('an unknown option is refused with the known ones', () => {
  expect(problemsOf(['--token', 'x'], {})).toMatch(/--hub.*--token/);
});

test.each([
  ['Probe_1.example.com', 'probe-1'],
  ['---', 'probe'],
  ['', 'probe'],
  [`${'a'.repeat(63)}-b`, 'a'.repeat(63)],
])('host %j gives the name %j', (host, slug) => {
  expect(slugOf(host)).toBe(slug);
});
