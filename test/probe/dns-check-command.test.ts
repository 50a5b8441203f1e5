import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startZoneServer, type ZoneServer } from '#test/fixtures/dns/zone-server.ts';
import { latchkey } from '#test/fixtures/latchkey-command.ts';

const COMMAND = fileURLToPath(new URL('../../probes/cli/main.ts', import.meta.url));
const WAIT = { timeout: 10_000, interval: 20 };

/** An authority for a zone of the fixtures; it ends with the test. */
async function served(zone: string, options?: Parameters<typeof startZoneServer>[1]): Promise<ZoneServer> {
  const path = new URL(`../fixtures/zones/${zone}.zone`, import.meta.url);
  const server = await startZoneServer(await readFile(path, 'latin1'), options);
  onTestFinished(() => server.close());
  return server;
}

const check = (name: string, ...args: string[]) => latchkey('.', ['dns', 'check', name, ...args]);

test('an answer that everybody gets: the first line says so, and ten lines are enough', async () => {
  const { url } = await served('pool-of-20');
  const { code, stdout, stderr } = await check(
    'api.example.test',
    '--authority',
    url,
    '--aspect',
    'size',
    '--aspect',
    'profiles',
  );
  const lines = stdout.trimEnd().split('\n');
  expect(stderr).toBe('');
  expect(lines[0]).toBe('✓ api.example.test A: fits every client: 20 records in 354 octets.');
  expect(lines[1]).toBe(
    '  Room     under 512 (no EDNS): 158 octets, 9 records; under 1232 (EDNS): 867 octets, 54 records',
  );
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(code).toBe(0);
});

test('one that is too big: for whom, how much, and what they see; exit status 1', async () => {
  const { url } = await served('pool-of-40');
  const { code, stdout } = await check('api.example.test', '--authority', url);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toBe(
    '✗ api.example.test A: TOO BIG for 6 of 14 kinds of clients: 40 records in 674 octets, 162 over the 512 of a client without EDNS.',
  );
  expect(stdout).toContain('no EDNS: emptied (TC); EDNS 1232: whole, 40 records');
  expect(stdout).toMatch(/TCP +whole, 40 records/);
  expect(stdout).toMatch(/Lost +musl before 1\.2\.4 behind BIND: 29 of 40 records; .* and 3 more\n/);
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(code).toBe(1);
});

test('a server without TCP: what does not fit cannot be had', async () => {
  const { url } = await served('pool-of-40', { tcp: false });
  const { code, stdout } = await check(
    'api.example.test',
    '--authority',
    url,
    '--aspect',
    'size',
    '--aspect',
    'tcp',
  );
  expect(stdout).toMatch(/TCP +a refused connection/);
  expect(stdout).toContain('FAIL');
  expect(code).toBe(1);
});

test('an alias is followed, and its answer measured', async () => {
  const { url } = await served('pool-of-20');
  const { code, stdout } = await check('www.example.test', '--authority', url, '--aspect', 'size');
  expect(stdout).toContain('Way      1 alias to api.example.test; TTL 60 s;');
  expect(code).toBe(0);
});

test('--json: one object on stdout with the keys that stay', async () => {
  const { url } = await served('pool-of-40');
  const { code, stdout } = await check(
    'api.example.test',
    '--authority',
    url,
    '--aspect',
    'size',
    '--aspect',
    'profiles',
    '--json',
  );
  const report = JSON.parse(stdout) as { answers: Record<string, unknown>[] };
  expect(Object.keys(report)).toEqual([
    'name',
    'outcome',
    'why',
    'atMs',
    'durationMs',
    'questions',
    'zone',
    'authorities',
    'resolvers',
    'signedUntilMs',
    'answers',
    'findings',
    'exchanges',
  ]);
  expect(report.answers).toEqual([
    expect.objectContaining({
      type: 'A',
      records: 40,
      floorBytes: 674,
      plainRoomBytes: -162,
      plainRoomRecords: -11,
      ednsRoomBytes: 547,
      ednsRoomRecords: 34,
      clients: 14,
      clientsLost: expect.arrayContaining([
        expect.objectContaining({ id: 'musl-behind-bind', outcome: 'SUBSET', records: 29 }),
      ]) as unknown,
    }),
  ]);
  expect(code).toBe(1);
});

test('nothing that answers: said in the first line', async () => {
  const { url } = await served('pool-of-20');
  const { code, stdout } = await check('nothing.example.test', '--authority', url);
  expect(stdout.split('\n')[0]).toBe('✗ nothing.example.test A: does not resolve: no such name (NXDOMAIN).');
  expect(code).toBe(1);
});

test.each([
  [[], 'expected one NAME, got 0'],
  [['a', 'b'], 'expected one NAME, got 2'],
  [['a..b', '--server', '127.0.0.1'], 'NAME: expected a domain name such as portal.example.com, got a..b'],
  [['a', '--server', 'ftp://x'], '--server: expected a server such as dns://192.0.2.53, '],
  [
    ['a', '--server', '127.0.0.1', '--type', 'FROG'],
    '--type: expected a record type such as A, AAAA, TXT, HTTPS, got FROG',
  ],
  [['a', '--server', '127.0.0.1', '--aspect', 'frog'], '--aspect: '],
  [['a', '--within', 'soon'], '--within: expected a duration up to 5 min, such as 10s, got soon'],
  [['a', '--frog'], "Unknown option '--frog'"],
])('wrong usage %j: a sentence on stderr, exit status 2', async (args, expected) => {
  const { code, stdout, stderr } = await latchkey('.', ['dns', 'check', ...args]);
  expect(stderr).toContain(expected);
  expect(stdout).toBe('');
  expect(code).toBe(2);
});

test('Ctrl-C ends it at once, without a trace of what it was doing', async () => {
  const server = await served('pool-of-20', { silent: true });
  const child = spawn(
    process.execPath,
    [COMMAND, 'dns', 'check', 'api.example.test', '--authority', server.url],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const out = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (out.text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await vi.waitFor(() => expect(server.questions()).toBeGreaterThan(0), WAIT);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(out.text).toBe('');
});

test('--within: what was not answered in time is told, exit status by what is known', async () => {
  const { url } = await served('pool-of-20', { silent: true });
  const { code, stdout } = await check('api.example.test', '--authority', url, '--within', '500ms');
  expect(stdout.split('\n')[0]).toMatch(/^\? api\.example\.test A: no answer to measure: /);
  expect(code).toBe(2);
});
