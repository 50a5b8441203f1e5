import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { latchkey, type Ended } from '#test/fixtures/latchkey-command.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

// Real processes: a slow machine must not look like a broken product.
vi.setConfig({ testTimeout: 30_000 });

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

type Json = {
  budgetMs: number;
  checks: {
    check: string;
    inBudget: boolean;
    worstMs: number;
    falsePagesPerMonth: number;
    remedies: object[];
    rows: { scenario: string; worstMs: number; terms: { worstMs: number }[] }[];
  }[];
};

/** A configuration with two checks, of which `slow` runs by this schedule. */
async function budget(slow: { interval: string; timeout: string }, args: string[]): Promise<Ended> {
  const directory = await temporaryDirectory();
  const check = { kind: 'journey', file: 'login.journey.ts', owner: 'us' };
  const config = {
    publicUrl: 'https://latchkey.example',
    regions: { 'us-east': {}, 'us-west': {}, 'eu-west': {}, 'ap-south': {} },
    channels: { oncall: { kind: 'slack', url: { secret: 'SLACK_URL' } } },
    checks: { login: check, slow: { ...check, ...slow } },
  };
  await writeFile(join(directory, 'latchkey.config.ts'), `export default ${JSON.stringify(config)};`);
  return latchkey(directory, ['budget', ...args]);
}

const FINE = { interval: '30s', timeout: '20s' };
const TOO_SLOW = { interval: '3m', timeout: '1m' };

test('checks in budget: exit status 0, a table of 80 columns without colours, and every term', async () => {
  const { code, stdout, stderr } = await budget(FINE, []);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  for (const text of [
    'login: every 30.0 s, 20.0 s at most, 4 regions',
    'one region down, first attempt hangs',
    'confirmation runs',
    'probes find the hub again',
    'false pages a month: 0.0005',
    'in budget: ',
    'No paging.fallback for login, slow',
  ])
    expect(stdout).toContain(text);
  expect(stdout).not.toContain('\u001B');
});

test('a check over budget: exit status 1, by how much, and what to change', async () => {
  const { code, stdout, stderr } = await budget(TOO_SLOW, []);
  expect(code).toBe(1);
  expect(stdout).toMatch(/OVER BUDGET: slow: \d+\.\d s at worst of 120 s/);
  expect(stdout).toMatch(/what brings it in: .*interval: '\d+s'/);
  expect(stdout.match(/OVER BUDGET/g)).toHaveLength(1);
  expect(stderr).toBe('over the budget of 120 s: slow\n');
});

test('--json: one object with the keys that stay, in milliseconds', async () => {
  const { code, stdout } = await budget(TOO_SLOW, ['--json', '--flake', '2%', '--correlation', '0.05']);
  expect(code).toBe(1);
  const { budgetMs, checks } = JSON.parse(stdout) as Json;
  expect(budgetMs).toBe(120_000);
  expect(checks.map(({ check, inBudget }) => [check, inBudget])).toEqual([
    ['login', true],
    ['slow', false],
  ]);
  const [login, slow] = checks;
  expect(Object.keys(login ?? {})).toEqual([
    'check',
    'intervalMs',
    'timeoutMs',
    'regions',
    'p99Ms',
    'learnt',
    'new',
    'inBudget',
    'worstMs',
    'falsePagesPerMonth',
    'flakeRatio',
    'correlationRatio',
    'remedies',
    'rows',
  ]);
  expect(login?.worstMs).toBeLessThanOrEqual(120_000);
  expect(slow?.worstMs).toBeGreaterThan(120_000);
  expect(slow?.remedies.length).toBeGreaterThan(0);
  expect(login?.rows).toHaveLength(15);
  for (const { terms, worstMs } of login?.rows ?? [])
    expect(terms.reduce((sum, term) => sum + term.worstMs, 0)).toBeCloseTo(worstMs, 6);
  expect(login).toMatchObject({ flakeRatio: 0.02, correlationRatio: 0.05 });
});

test('one check only, and only that one is judged', async () => {
  const { code, stdout } = await budget(TOO_SLOW, ['--check', 'login']);
  expect(code).toBe(0);
  expect(stdout).not.toContain('slow:');
});

test('flaky runs that would wake somebody for nothing are a warning, and not an error', async () => {
  const { code, stdout } = await budget(FINE, ['--check', 'login', '--flake', '5%', '--correlation', '40%']);
  expect(stdout).toContain('WARNING, over 0.1: false pages a month: ');
  expect(code).toBe(0);
});

test.each([
  [['--check', 'gone'], '--check: expected one of login, slow, got gone'],
  [['--flake', 'often'], '--flake: expected a share'],
  [['--correlation', '1'], '--correlation: expected a share from 0% to 95%'],
  [['--p99', '5'], '--p99: expected a duration'],
  [['--sooner'], "Unknown option '--sooner'"],
  [['--config', 'none.ts'], 'none.ts: cannot be loaded'],
])('%j is refused with a sentence, exit status 2', async (args, sentence) => {
  const { code, stdout, stderr } = await budget(FINE, args);
  expect(stderr).toContain(sentence);
  expect(stdout).toBe('');
  expect(code).toBe(2);
});

test('a deploy asks for the budget before anything else', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts.deploy).toMatch(/^node -- probes\/cli\/main\.ts budget && wrangler /);
});

test('the configuration that comes with Latchkey is in budget', async () => {
  const { code } = await latchkey(ROOT, ['budget']);
  expect(code).toBe(0);
});

test('a DNS check from the hub’s own regions: figures as of any other, and what its starts wait for', async () => {
  const directory = await temporaryDirectory();
  const config = {
    publicUrl: 'https://latchkey.example',
    regions: { 'us-east': {}, 'edge-eu': { worker: {} }, 'edge-us': { worker: {} } },
    channels: { oncall: { kind: 'slack', url: { secret: 'SLACK_URL' } } },
    checks: {
      'api-name': { kind: 'dns', owner: 'us', name: 'api.example.com', interval: '30s', timeout: '20s' },
    },
  };
  await writeFile(join(directory, 'latchkey.config.ts'), `export default ${JSON.stringify(config)};`);
  const { code, stdout } = await latchkey(directory, ['budget']);
  expect(code).toBe(0);
  expect(stdout).toContain('api-name: every 30.0 s, 20.0 s at most, 3 regions');
  expect(stdout).toContain('in budget: ');
  expect(stdout).toContain(
    '\nedge-eu, edge-us: starts by alarms, at worst a minute late: then as one region down.',
  );
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(88);
});
