import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Log } from 'sarif';
import { describe, expect, test, vi } from 'vitest';
import { planned } from '#probes/cli/dns/plan.ts';
import { latchkey, type Ended } from '#test/fixtures/latchkey-command.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

// Real processes: a slow machine must not look like a broken product.
vi.setConfig({ testTimeout: 30_000 });

const ZONES = resolve('test/fixtures/zones');
const POOL = ['pool-of-40.zone', '--base', 'pool-of-20.zone', '--ranges', 'pool-ranges.json'];
const HEAD = `$ORIGIN example.test.
$TTL 300
@ SOA ns1 hostmaster 1 3600 900 604800 300
@ NS ns1
ns1 A 192.0.2.53
`;

async function plan(args: readonly string[], directory = ZONES): Promise<Ended> {
  const surroundings = { directory, root: directory, nowMs: Date.UTC(2026, 10, 22) };
  const { status, stdout = '', stderr = '' } = await planned(args, surroundings);
  return { code: status, stdout, stderr };
}

/** A plan of these lines below a good beginning, in a directory of its own with more files. */
async function planOf(
  lines: string,
  args: string[] = [],
  files: Record<string, string> = {},
): Promise<Ended> {
  const directory = await temporaryDirectory();
  for (const [name, text] of Object.entries({ ...files, 'z.zone': HEAD + lines }))
    await writeFile(join(directory, name), text);
  return plan(['z.zone', ...args], directory);
}

describe('the change of 2018', () => {
  test('in words: the answer first, then what is wrong, worst first, with file and line; exit status 1', async () => {
    const { code, stdout, stderr } = await plan(POOL);
    const lines = stdout.split('\n');
    expect(stderr).toBe('');
    expect(lines[0]).toBe(
      '✗ Do not publish pool-of-40.zone (zone example.test, 46 records, 6 answers): 1 critical, 3 failing, 2 to be warned of.',
    );
    expect(lines[2]).toBe(
      'CRITICAL pool-of-40.zone:30: api.example.test A: 20 of 40 addresses (198.51.100.21 to 198.51.100.40) are in no range of the published file: customers who let only those through are cut off. [C3]',
    );
    expect(stdout).toMatch(
      /^FAIL +pool-of-40\.zone:10: api\.example\.test A: 40 records in one set, over 20: .* \[B1\]$/m,
    );
    expect(stdout).toMatch(
      /^FAIL +pool-of-40\.zone:10: api\.example\.test A: 674 octets of answer, over 512: .* \[B2\]$/m,
    );
    expect(stdout).toMatch(
      /^FAIL +pool-of-40\.zone:10: api\.example\.test A: 6 of 14 kinds of clients would not get it whole\..* \[B16\]$/m,
    );
    expect(stdout).toContain(
      '- resolver that denies names with more than 20 records: A gives NXDOMAIN, as if the name did not exist.',
    );
    expect(stdout).toContain(
      '  api.example.test A: 20 added (198.51.100.21, 198.51.100.22, 198.51.100.23, 198.51.100.24, …)',
    );
    expect(code).toBe(1);
  });

  test('--json: one object with the keys that stay', async () => {
    const { code, stdout } = await plan([...POOL, '--json']);
    const report = JSON.parse(stdout) as Record<string, { [key: string]: unknown }[]>;
    expect(Object.keys(report)).toEqual([
      'zone',
      'file',
      'verdict',
      'atMs',
      'records',
      'unreadLines',
      'problems',
      'answers',
      'differences',
      'addresses',
    ]);
    expect(report.problems?.map(({ id, severity, type, line }) => [id, severity, type, line])).toEqual([
      ['C3', 'critical', 'A', 30],
      ['B1', 'fail', 'A', 10],
      ['B2', 'fail', 'A', 10],
      ['B16', 'fail', 'A', 10],
      ['B4', 'warn', 'A', 10],
      ['B15', 'warn', 'A', 10],
    ]);
    expect(report.answers?.find(({ name }) => name === 'api.example.test')).toEqual({
      name: 'api.example.test',
      type: 'A',
      kind: 'answer',
      records: 40,
      chain: 0,
      target: 'api.example.test',
      ttlS: 60,
      floorBytes: 674,
      plainRoomBytes: -162,
      plainRoomRecords: -11,
      ednsRoomBytes: 547,
      ednsRoomRecords: 34,
      clientsLost: [
        'musl-behind-bind',
        'musl-behind-unbound',
        'stub-without-tcp',
        'tcp-dropped',
        'twenty-nxdomain',
        'twenty-silent',
      ],
      file: 'pool-of-40.zone',
      line: 10,
    });
    expect(report.addresses?.filter(({ state }) => state === 'UNLISTED')).toHaveLength(20);
    expect(code).toBe(1);
  });

  test('--format sarif: a rule for each assertion, a result at each line', async () => {
    const { code, stdout } = await plan([...POOL, '--format', 'sarif']);
    const { version, runs } = JSON.parse(stdout) as Log;
    const [run] = runs;
    expect(version).toBe('2.1.0');
    expect(run?.tool.driver.rules?.map(({ id }) => id)).toEqual(['C3', 'B1', 'B2', 'B16', 'B4', 'B15']);
    expect(
      run?.results?.map(({ ruleId, ruleIndex, level, locations }) => [
        ruleId,
        ruleIndex,
        level,
        locations?.[0]?.physicalLocation?.artifactLocation?.uri,
        locations?.[0]?.physicalLocation?.region?.startLine,
      ]),
    ).toEqual([
      ['C3', 0, 'error', 'pool-of-40.zone', 30],
      ['B1', 1, 'error', 'pool-of-40.zone', 10],
      ['B2', 2, 'error', 'pool-of-40.zone', 10],
      ['B16', 3, 'error', 'pool-of-40.zone', 10],
      ['B4', 4, 'warning', 'pool-of-40.zone', 10],
      ['B15', 5, 'warning', 'pool-of-40.zone', 10],
    ]);
    expect(code).toBe(1);
  });

  test('--format github: workflow commands, then the text as no command', async () => {
    const { code, stdout } = await plan([...POOL, '--format', 'github']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^::error file=pool-of-40\.zone,line=30,title=C3%3A allow-list contract::api\.example\.test A: 20 of 40 addresses /,
    );
    expect(lines.filter((line) => line.startsWith('::error '))).toHaveLength(4);
    expect(lines.filter((line) => line.startsWith('::warning '))).toHaveLength(2);
    expect(lines.find((line) => line.includes('title=B16'))).toContain(
      'whole. The same for its alias www.example.test.%0Amusl before',
    );
    expect(lines[6]).toMatch(/^::stop-commands::/);
    expect(lines.at(-1)).toMatch(/^::.*::$/);
    expect(code).toBe(1);
  });

  test('the pool as it is published today is fine', async () => {
    const { code, stdout } = await plan(['pool-of-20.zone', '--ranges', 'pool-ranges.json']);
    expect(stdout).toMatch(
      /^✓ Nothing bad in pool-of-20\.zone \(zone example\.test, 26 records, 6 answers\): 1 to be warned of\.\n/,
    );
    expect(code).toBe(0);
  });
});

describe('exit status', () => {
  test('--strict: a warning is as bad', async () => {
    expect((await plan(['pool-of-20.zone', '--strict'])).code).toBe(1);
  });

  test('a line that cannot be read: 2 when the rest is fine, 1 when something is known to be bad', async () => {
    const unread = await planOf('a A frog\n');
    expect(unread.stdout).toMatch(
      /^\? Cannot tell whether to publish z\.zone .*: 1 line not understood\.\n\nUNREAD +z\.zone:6: expected an IPv4 address, got “frog” \[zone-text\]\n/,
    );
    expect(unread.code).toBe(2);
    expect((await planOf('a A frog\n$GENERATE 1-21 api A 192.0.2.$\n')).code).toBe(1);
  });

  test.each([
    [['none.zone'], /^cannot read none\.zone: ENOENT/],
    [['z.zone', '--base', 'none.zone'], /^cannot read none\.zone: ENOENT/],
    [['z.zone', '--ranges', 'none.json'], /^cannot read none\.json: ENOENT/],
    [['z.zone', '--ranges', 'z.zone'], /^z\.zone: line 1: expected a range such as 192\.0\.2\.0\/24/],
    [
      ['z.zone', '--name', 'nothing.example.test'],
      /^z\.zone: the zone example\.test has no records for nothing\.example\.test/,
    ],
    [['z.zone', '--name', 'a..b'], /^--name: expected a domain name, got a\.\.b/],
    [['z.zone', '--origin', 'a..b'], /^--origin: expected a domain name, got a\.\.b/],
    [['z.zone', '--format', 'xml'], /^--format: expected one of text, json, sarif, github, got xml/],
    [
      ['z.zone', '--ranges', 'none.json', '--notice', 'long'],
      /^--notice: expected a duration such as 14d, got long/,
    ],
    [
      ['z.zone', '--ranges', 'none.json', '--at', 'soon'],
      /^--at: expected a moment such as 2026-12-01T08:00:00Z, got soon/,
    ],
    [['z.zone', '--notice', '3d'], /^--service, --notice and --at: only with --ranges/],
    [[], /^expected one ZONEFILE, got 0/],
    [['--frog'], /^Unknown option '--frog'/],
  ])('%j: 2 and a sentence', async (args, expected) => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'z.zone'), HEAD);
    const { code, stdout, stderr } = await plan(args, directory);
    expect(stderr).toMatch(expected);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('an empty file, and one without an origin', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'empty.zone'), '\n');
    await writeFile(join(directory, 'db'), HEAD.replace('$ORIGIN example.test.\n', ''));
    expect(await plan(['empty.zone'], directory)).toMatchObject({
      code: 2,
      stderr: 'empty.zone: the zone file has no records that can be read',
    });
    expect((await plan(['db'], directory)).stderr).toMatch(
      /^db:2: the zone file has no records that can be read: the name “@” is relative to an origin/,
    );
    expect((await plan(['db', '--origin', 'example.test'], directory)).code).toBe(0);
  });
});

test('the notice counts to the day of publication', async () => {
  const ranges = JSON.stringify({
    createDate: '2026-11-20T00:00:00Z',
    prefixes: [{ prefix: '198.51.100.0/24', effectiveAt: '2026-12-01T00:00:00Z', service: 'API' }],
  });
  const at = (when: string, ...more: string[]) =>
    planOf('api A 198.51.100.1\n', ['--ranges', 'r.json', '--at', when, ...more], { 'r.json': ranges });
  const tooEarly = await at('2026-12-01T08:00:00Z');
  expect(tooEarly.stdout).toContain('publish on 2026-12-04T00:00Z or later');
  expect(tooEarly.code).toBe(1);
  expect((await at('2026-12-04T00:00:00Z')).code).toBe(0);
  expect((await at('2026-12-01T08:00:00Z', '--notice', '7d')).code).toBe(0);
  expect((await at('2026-12-04T00:00:00Z', '--service', 'OTHER')).stderr).toContain(
    'no range of service OTHER',
  );
});

test('$INCLUDE is read from the folder of the zone file and from nowhere else', async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, 'zones'));
  await writeFile(join(directory, 'secret'), 'a A 192.0.2.1\n');
  await writeFile(join(directory, 'zones', 'more'), '$GENERATE 1-9 api A 192.0.2.$\n');
  await symlink(join(directory, 'secret'), join(directory, 'zones', 'link'));
  const included = ['more', '../secret', 'link', 'none'].map((name) => `$INCLUDE ${name}\n`).join('');
  await writeFile(join(directory, 'zones', 'z.zone'), HEAD + included);
  const { stdout } = await plan(['zones/z.zone'], directory);
  expect(stdout).toContain('zones/more:1: api.example.test A: 9 records in one set');
  expect(stdout).toContain('zones/z.zone:7: $INCLUDE: ../secret is not in the folder of the zone file');
  expect(stdout).toContain('zones/z.zone:8: $INCLUDE: link is not in the folder of the zone file');
  expect(stdout).toMatch(/zones\/z\.zone:9: \$INCLUDE: cannot read .*none: ENOENT/);
});

test('what a zone file says is no workflow command', async () => {
  const { stdout } = await planOf('api%,x TXT "a"\nb FROG%0A::error::x\n', ['--format', 'github']);
  const [first] = stdout.split('\n');
  expect(first).toBe(
    '::error file=z.zone,line=7,title=zone-text%3A zone file::expected a record type such as A or TYPE65280, got “FROG%250A::error::x”',
  );
});

test('as a command: what it says and its exit status, with paths from the root of a workflow’s repository', async () => {
  const command = (...args: string[]) =>
    latchkey(ZONES, ['dns', ...args], { GITHUB_WORKSPACE: resolve('test') });
  const [bad, unread, help, dnsHelp, unknown, nothing] = await Promise.all([
    command('plan', 'pool-of-40.zone'),
    command('plan', 'none.zone'),
    command('plan', '--help'),
    command('--help'),
    command('frog'),
    command(),
  ]);
  expect(bad).toMatchObject({ code: 1, stderr: '' });
  expect(bad.stdout).toContain('fixtures/zones/pool-of-40.zone:10: api.example.test A: 40 records');
  expect(unread).toEqual({ code: 2, stdout: '', stderr: 'cannot read none.zone: ENOENT\n' });
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(dnsHelp).toMatchObject({ code: 0, stderr: '' });
  expect(unknown).toMatchObject({ code: 2, stderr: 'latchkey dns: there is no command frog\n\n' });
  expect(nothing.code).toBe(2);
});
