import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { seesProduction } from '#core/run.ts';
import { latchkey, type Ended } from '#test/fixtures/latchkey-command.ts';
import { HttpRefusal, listenOnLoopback } from '#test/fixtures/loopback-server.ts';
import { recordedHistory } from '#test/fixtures/recorded-history.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

// Real processes: a slow machine must not look like a broken product.
vi.setConfig({ testTimeout: 30_000 });

const TOKEN = 'an operator token of this test';
const MINUTE_MS = 60_000;

/** A relapse a minute and a half after an outage: by the defaults one incident. The check is `login`. */
const HISTORY = recordedHistory({
  outages: [4, 6.5].map((minute) => ({
    fromMs: minute * MINUTE_MS,
    untilMs: (minute + 1) * MINUTE_MS,
    regions: ['us-east', 'us-west', 'eu-west', 'ap-south'],
    how: 'fail',
    share: 1,
  })),
});
const LINES = [
  ...HISTORY.incidents.map((incident) => ({ type: 'incident', check: 'login', incident })),
  ...HISTORY.runs.map((run) => ({ type: 'run', ...run })),
].map((line) => JSON.stringify(line));

/** A directory with policies of the check `login`: the one of then, and one that holds incidents for less long. */
async function policies(): Promise<string> {
  const directory = await temporaryDirectory();
  const policy = (paging: object): string =>
    `export default ${JSON.stringify({
      publicUrl: 'https://latchkey.example',
      regions: { 'us-east': {}, 'us-west': {}, 'eu-west': {}, 'ap-south': {} },
      channels: { chat: { kind: 'slack', url: { secret: 'SLACK_URL' } } },
      checks: { login: { kind: 'journey', file: 'login.journey.ts', owner: 'us' } },
      paging,
    })};`;
  await writeFile(join(directory, 'then.config.ts'), policy({}));
  await writeFile(join(directory, 'quick.config.ts'), policy({ clearAfter: '20s', resolveAfter: '40s' }));
  return directory;
}

async function replayFile(policy: string, lines: readonly string[], args: string[] = []): Promise<Ended> {
  const directory = await policies();
  await writeFile(join(directory, 'runs.jsonl'), `${lines.join('\n')}\n`);
  return latchkey(directory, ['replay', '--policy', `${policy}.config.ts`, '--runs', 'runs.jsonl', ...args]);
}

/** A hub that answers with these lines, a few at a time, and notes what it was asked. */
async function aHub(lines: readonly string[]) {
  const asked: URL[] = [];
  const server = await listenOnLoopback(0, (request, response) => {
    const url = new URL(request.url ?? '', 'http://hub.test');
    asked.push(url);
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      throw new HttpRefusal(401, 'this is not the operator token');
    const from = Number(url.searchParams.get('cursor')?.slice(1) ?? 0);
    const upTo = from + 100;
    const next = upTo < lines.length ? `c${upTo}` : null;
    response.end(`${[...lines.slice(from, upTo), JSON.stringify({ type: 'end', next })].join('\n')}\n`);
  });
  return { url: server.url, asked, close: () => server.close() };
}

test('the policy of then: every page the same, and no other', async () => {
  const { code, stdout, stderr } = await replayFile('then', LINES);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain('pages: 1 by this policy, 1 really; 0 extra, 0 missed');
  expect(stdout).toMatch(
    /\n {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +unanimous +\d+\.\d s {2}incident 1, the same\n/,
  );
});

test('another policy: its extra page, and as JSON with the keys that stay', async () => {
  const { code, stdout } = await replayFile('quick', LINES, ['--json', '--check', 'login']);
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as { policy: string; checks: Record<string, unknown>[] };
  expect(Object.keys(report)).toEqual(['policy', 'checks', 'unknownChecks']);
  expect(Object.keys(report.checks[0] ?? {})).toEqual([
    'check',
    'realPages',
    'runs',
    'fromMs',
    'toMs',
    'pages',
    'extra',
    'missed',
    'notes',
  ]);
  expect(report.checks[0]).toMatchObject({
    check: 'login',
    realPages: 1,
    runs: HISTORY.runs.filter(({ run }) => seesProduction(run)).length,
    extra: 1,
    missed: [],
    pages: [
      { seq: 1, reason: 'unanimous', incident: 1 },
      { seq: 2, reason: 'unanimous' },
    ],
  });
});

test('runs of a check that the policy does not have are named, and left out', async () => {
  const others = HISTORY.runs.map((run) =>
    JSON.stringify({ type: 'run', ...run, run: { ...run.run, check: 'other' } }),
  );
  const { code, stdout } = await replayFile('then', others);
  expect(code).toBe(0);
  expect(stdout).toBe('login: no runs\n\nNot in the policy: other\n');
});

test.each([
  { bad: 'not json', sentence: 'runs.jsonl: line 3: expected JSON' },
  { bad: '{"type":"page"}', sentence: 'runs.jsonl: line 3: type: expected' },
  {
    bad: JSON.stringify({ type: 'run', ...HISTORY.runs[0], receivedAtMs: 'noon' }),
    sentence: 'runs.jsonl: line 3: receivedAtMs: expected number, got "noon"',
  },
  { bad: '{"type":"end","next":"r.1.a.1.1"}', sentence: 'the answer ends in the middle' },
])('a bad line is named by its number, and nothing is replayed: $bad', async ({ bad, sentence }) => {
  const { code, stdout, stderr } = await replayFile('then', [...LINES.slice(0, 2), bad]);
  expect(stderr).toContain(sentence);
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

test('from a hub: all its answers, kept in a file that replays the same', async () => {
  const directory = await policies();
  const hub = await aHub(LINES);
  const policy = ['--policy', 'quick.config.ts', '--json'];
  try {
    const range = ['--from', '2026-11-20T00:00:00Z', '--to', '2026-11-21T00:00:00Z'];
    const args = ['replay', ...policy, '--hub', hub.url, ...range, '--export', 'kept.jsonl'];
    const online = await latchkey(directory, args, { OPERATOR_TOKEN: TOKEN });
    expect(online.stderr).toBe('');
    expect(online.code).toBe(0);
    expect(hub.asked).toHaveLength(Math.ceil(LINES.length / 100));
    expect(hub.asked.map(({ pathname }) => pathname)).toContain('/operator/api/runs');
    expect(Object.fromEntries(hub.asked[0]?.searchParams ?? [])).toEqual({
      check: 'login',
      from: '2026-11-20T00:00:00.000Z',
      to: '2026-11-21T00:00:00.000Z',
    });
    expect((await readFile(join(directory, 'kept.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(
      LINES.length,
    );
    const offline = await latchkey(directory, ['replay', ...policy, '--runs', 'kept.jsonl']);
    expect(offline.stdout).toBe(online.stdout);
  } finally {
    await hub.close();
  }
});

test('a hub that refuses, or is not there, is said so: exit status 1, and no half of an export', async () => {
  const directory = await policies();
  const hub = await aHub(LINES);
  const replay = (url: string) =>
    latchkey(
      directory,
      ['replay', '--policy', 'then.config.ts', '--hub', url, '--from', '24h', '--export', 'kept.jsonl'],
      { OPERATOR_TOKEN: 'another' },
    );
  try {
    const refused = await replay(hub.url);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('refuses: 401');
  } finally {
    await hub.close();
  }
  const gone = await replay(hub.url);
  expect(gone.code).toBe(1);
  expect(gone.stderr).toContain('cannot be reached');
  expect((await readdir(directory)).toSorted()).toEqual(['quick.config.ts', 'then.config.ts']);
});

test.each([
  [[], '--policy: expected a file'],
  [['--policy', 'then.config.ts'], 'expected either --runs or --hub'],
  [['--policy', 'then.config.ts', '--runs', 'a', '--from', '1h'], 'only with --hub'],
  [['--policy', 'then.config.ts', '--hub', 'nowhere'], '--hub: expected an http or https URL'],
  [['--policy', 'then.config.ts', '--hub', 'http://127.0.0.1:1'], '--from: expected a moment'],
  [
    ['--policy', 'then.config.ts', '--hub', 'http://127.0.0.1:1', '--from', '1h', '--to', '2h'],
    '--to: expected a moment or a duration ago, after --from',
  ],
  [
    ['--policy', 'then.config.ts', '--runs', 'a', '--check', 'gone'],
    '--check: expected one of login, got gone',
  ],
  [['--policy', 'none.config.ts', '--runs', 'a'], 'none.config.ts: cannot be loaded'],
])('%j is refused with a sentence, exit status 2', async (args, sentence) => {
  const { code, stdout, stderr } = await latchkey(await policies(), ['replay', ...args]);
  expect(stderr).toContain(sentence);
  expect(stdout).toBe('');
  expect(code).toBe(2);
});
