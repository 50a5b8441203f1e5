import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Announcement } from '#core/deploy/pipeline/announcement.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import type { VerifyReport } from '#probes/cli/verify/report.ts';
import { latchkey, type Ended } from '../fixtures/latchkey-command.ts';
import {
  HttpRefusal,
  listenOnLoopback,
  readJson,
  sendJson,
  type LoopbackServer,
} from '../fixtures/loopback-server.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { toldCheck, toldDeploy, toldVerification } from '../fixtures/told-deploy.ts';
import { until } from '../e2e/until.ts';

const COMMAND = fileURLToPath(new URL('../../probes/cli/main.ts', import.meta.url));
const TOKEN = 'a-token-that-must-not-show';
/** None of the machine that runs the tests. */
const NO_PIPELINE = Object.fromEntries(
  [
    'CI',
    'GITHUB_ACTIONS',
    'GITHUB_STEP_SUMMARY',
    'GITHUB_OUTPUT',
    'GITLAB_CI',
    'BUILDKITE',
    'CIRCLECI',
    'JENKINS_URL',
  ].map((name) => [name, '']),
);

type Asked = { method: string; path: string; authorization: string | undefined; body: unknown };

/** A hub that says what the test wants it to. */
let hub: LoopbackServer;
let asked: Asked[] = [];
/** How the deploy stands at each question after the announcement; the last one stays. */
let story: ToldDeploy[] = [];
/** Answers that are to be something else: status by `METHOD path`, once each. */
let refusals: { on: string; status: number | 'reset' }[] = [];

beforeAll(async () => {
  hub = await listenOnLoopback(0, async (request, response) => {
    const { method = '', url: path = '' } = request;
    const body = method === 'POST' ? await readJson(request, 100_000) : undefined;
    asked.push({ method, path, authorization: request.headers.authorization, body });
    const at = refusals.findIndex(({ on }) => on === `${method} ${path}`);
    const [refusal] = at < 0 ? [] : refusals.splice(at, 1);
    if (refusal?.status === 'reset') return void request.socket.destroy();
    if (refusal) throw new HttpRefusal(refusal.status, 'not now');
    if (path === '/v1/deploys') return sendJson(response, 201, { isNew: true, deploy: toldDeploy() });
    if (path.endsWith('/rollback')) return sendJson(response, 202, { state: 'asked' });
    if (path.endsWith('/rollback/result')) return sendJson(response, 202, { state: 'called' });
    return sendJson(response, 200, story.length > 1 ? story.shift() : story[0]);
  });
});
afterEach(() => {
  asked = [];
  story = [];
  refusals = [];
});
afterAll(() => hub.close());

const FOREVER = "console.log('begun'); setInterval(() => undefined, 1000)";
const NAMED = ['--service', 'portal', '--version', '4.2.1'];
const DEPLOY = '/v1/deploys/portal/7';

async function verify(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const directory = await temporaryDirectory();
  const all = { ...NO_PIPELINE, LATCHKEY_SERVICE_TOKEN: TOKEN, LATCHKEY_HUB: hub.url, ...env };
  const ended = await latchkey(directory, ['verify', ...NAMED, ...args], all);
  expect(ended.stdout + ended.stderr).not.toContain(TOKEN);
  return ended;
}

/** `latchkey verify`, to be told to stop; what it has said so far on either stream. */
function verifyChild(): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [COMMAND, 'verify', ...NAMED], {
    env: { ...process.env, ...NO_PIPELINE, LATCHKEY_SERVICE_TOKEN: TOKEN, LATCHKEY_HUB: hub.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return { child, said: () => said };
}

function posts(path: string): unknown[] {
  return asked.filter((one) => one.method === 'POST' && one.path === path).map(({ body }) => body);
}

const GOOD = toldDeploy({
  phase: 'ended',
  outcome: 'good',
  reason: '49 of 49 runs are well.',
  verification: toldVerification([toldCheck({ outcome: 'promote', reason: '49 of 49 runs are well.' })]),
});
const BAD = toldDeploy({ phase: 'rolling-back', outcome: 'bad', reason: '3 of 3 runs failed.' });
const offered = { kind: 'webhook', unattended: false, state: 'offered', attempts: 0 } as const;

it('announces, follows, and ends with 0 when the version is good', async () => {
  story = [toldDeploy({ phase: 'verifying', verification: toldVerification([toldCheck()]) }), GOOD];
  const { code, stdout, stderr } = await verify(['--canary-cookie', 'lane=s3cret']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('canary 12/12 ok · baseline 12/12 ok · e 1.0');
  expect(stdout).toMatch(/^ +\d+ s {2}Good: 49 of 49 runs are well\.$/m);
  expect(stdout).not.toContain('s3cret');
  expect(asked.map(({ method, path }) => `${method} ${path}`).slice(0, 2)).toEqual([
    'POST /v1/deploys',
    `GET ${DEPLOY}`,
  ]);
  expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${TOKEN}`]));
  expect(asked[0]?.body).toMatchObject({ canary: { kind: 'cookie', name: 'lane', value: 's3cret' } });
});

it('prints one object with --json, and what happens on stderr', async () => {
  story = [GOOD];
  const { code, stdout, stderr } = await verify(['--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ ...GOOD, exitStatus: 0 } satisfies VerifyReport);
  expect(stderr).toContain('Good: 49 of 49 runs are well.');
});

it('announces the same deploy again when the answer was lost, and waits for a hub that is away', async () => {
  refusals = [
    { on: 'POST /v1/deploys', status: 'reset' },
    { on: 'POST /v1/deploys', status: 503 },
    { on: `GET ${DEPLOY}`, status: 502 },
  ];
  story = [GOOD];
  const { code, stdout } = await verify([]);
  expect(code).toBe(0);
  const keys = posts('/v1/deploys').map((body) => (body as Announcement).key);
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(stdout).toContain('not now; waiting for it up to 1 min 30 s');
  expect(stdout).toContain('the hub answers again');
});

it('ends with 2 and the hub’s own words when that refuses', async () => {
  refusals = [{ on: 'POST /v1/deploys', status: 403 }];
  const { code, stdout, stderr } = await verify(['--json']);
  expect([code, stdout, stderr]).toEqual([2, '', 'not now\n']);
});

it('ends with 1 when the version is bad, and asks for no rollback by itself', async () => {
  story = [{ ...BAD, rollback: offered }];
  const { code, stdout } = await verify([]);
  expect(code).toBe(1);
  expect(stdout).toContain('rollback by webhook: not asked for yet');
  expect(posts(`${DEPLOY}/rollback`)).toEqual([]);
});

it('asks once with --rollback, waits until the version before is healthy, and still ends with 1', async () => {
  const rollback = { ...offered, state: 'asked', askedBy: 'pipeline portal', attempts: 1 } as const;
  const decidedAtMs = BAD.nowMs;
  const called = {
    ...rollback,
    state: 'called',
    calledAtMs: decidedAtMs + 1_000,
    deadlineAtMs: decidedAtMs + 300_000,
  } as const;
  story = [
    { ...BAD, rollback: offered },
    { ...BAD, rollback },
    { ...BAD, decidedAtMs, rollback: called, phase: 'verifying-again' },
    { ...BAD, decidedAtMs, rollback: called, phase: 'ended', healthyAgainAtMs: decidedAtMs + 9_000 },
  ];
  const { code, stdout } = await verify(['--rollback']);
  expect(code).toBe(1);
  expect(posts(`${DEPLOY}/rollback`)).toEqual([{}]);
  expect(stdout).toContain('rollback by webhook: called, 1.0 s after the decision');
  expect(stdout).toContain('4.2.0 is healthy again, 9.0 s after the decision');
});

it('does not wait for a version before that is not healthy by the deadline', async () => {
  const rollback = { ...offered, state: 'called', attempts: 1, deadlineAtMs: BAD.nowMs - 60_000 } as const;
  story = [{ ...BAD, rollback, phase: 'verifying-again' }];
  const { code, stderr } = await verify(['--rollback']);
  expect(code).toBe(1);
  expect(stderr).toContain(
    '4.2.0 was not seen healthy by the rollback’s deadline; the hub looks on: https://',
  );
});

it('says that there is no way when the hub knows none', async () => {
  refusals = [{ on: `POST ${DEPLOY}/rollback`, status: 409 }];
  story = [{ ...BAD, rollback: { ...offered, kind: 'command' } }];
  const { code, stderr } = await verify(['--rollback']);
  expect([code, stderr]).toEqual([1, 'the hub does not roll it back: not now\n']);
});

it.each([
  ['of the pipeline, where the configuration names none', ['--rollback-command'], undefined, 409],
  ['of the configuration, which nobody need ask for', [], ['configured'], undefined],
])('runs a command %s, and tells the hub', async (_whose, args, configured, refused) => {
  const directory = await temporaryDirectory();
  const file = join(directory, 'taken-back');
  const script = `require('node:fs').writeFileSync(${JSON.stringify(file)}, process.env.LATCHKEY_VERSION); console.log('switched')`;
  const command = [process.execPath, '-e', script];
  const rollback = { ...offered, kind: 'command', state: configured ? 'asked' : 'offered' } as const;
  if (refused) refusals = [{ on: `POST ${DEPLOY}/rollback`, status: refused }];
  // The hub goes on once it has the result.
  const before = { ...BAD, rollback, ...(configured ? { command } : {}) };
  story = [before, ...(configured ? [] : [before]), { ...BAD, phase: 'ended' }];
  const { code, stdout } = await verify(args.length > 0 ? [...args, '--', ...command] : ['--json']);
  expect(code).toBe(1);
  expect(await readFile(file, 'utf8')).toBe('4.2.1');
  expect(posts(`${DEPLOY}/rollback/result`)).toEqual([{ state: 'called' }]);
  if (configured) expect(JSON.parse(stdout)).toMatchObject({ exitStatus: 1 });
  else expect(stdout).toContain('switched\n');
});

it('tells the hub of a command that fails', async () => {
  const rollback = { ...offered, kind: 'command' } as const;
  const failed = { ...rollback, state: 'failed', lastError: 'exit status 3' } as const;
  story = [
    { ...BAD, rollback },
    { ...BAD, rollback: { ...rollback, state: 'asked' } },
    { ...BAD, rollback: failed },
  ];
  const { code, stdout } = await verify([
    '--rollback-command',
    '--',
    process.execPath,
    '-e',
    'process.exit(3)',
  ]);
  expect(code).toBe(1);
  expect(posts(`${DEPLOY}/rollback/result`)).toEqual([
    { state: 'failed', error: `${process.execPath}: exit status 3` },
  ]);
  expect(stdout).toContain('rollback by command: failed: exit status 3');
});

it('with nothing to run tells the hub so, which would wait for it otherwise', async () => {
  const rollback = { ...offered, kind: 'command' } as const;
  story = [
    { ...BAD, rollback },
    { ...BAD, rollback: { ...rollback, state: 'asked' } },
  ];
  const { code, stderr } = await verify(['--rollback']);
  const error = 'the configuration names no rollback, and no --rollback-command was given';
  expect([code, stderr]).toEqual([1, `${error}\n`]);
  expect(posts(`${DEPLOY}/rollback/result`)).toEqual([{ state: 'failed', error }]);
});

it('leaves GitHub Actions an annotation, a summary and outputs', async () => {
  const directory = await temporaryDirectory();
  const [summary, output] = [join(directory, 'summary'), join(directory, 'output')];
  await writeFile(output, 'other=1\n');
  story = [GOOD];
  const { code, stdout } = await verify([], {
    GITHUB_ACTIONS: 'true',
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_OUTPUT: output,
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^::notice title=portal 4\.2\.1 \(deploy 7\)::Good: 49 of 49 runs are well\.$/m);
  expect(await readFile(output, 'utf8')).toBe(
    `other=1\noutcome=good\ndeploy=7\ndeploy-url=${GOOD.operatorUrl}\n`,
  );
  expect(await readFile(summary, 'utf8')).toContain('### portal 4.2.1 (deploy 7)');
});

it('says at SIGINT what goes on without it, and ends with 2', async () => {
  story = [toldDeploy({ phase: 'verifying', verification: toldVerification([toldCheck()]) })];
  const { child, said } = verifyChild();
  await until('it follows', () => (asked.some(({ method }) => method === 'GET') ? true : undefined), 10_000);
  const code = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGINT');
  expect(await code).toBe(2);
  expect(said()).toContain(
    '\ninterrupted; the hub goes on with deploy 7 (verifying): https://hub.example/operator/deploys/portal/7\n',
  );
});

it('ends a rollback that is under way when it is told to stop, and tells the hub', async () => {
  story = [
    {
      ...BAD,
      rollback: { ...offered, kind: 'command', state: 'asked' },
      command: [process.execPath, '-e', FOREVER],
    },
  ];
  const { child, said } = verifyChild();
  await until('the command runs', () => (said().includes('begun') ? true : undefined), 20_000);
  const code = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  expect(await code).toBe(2);
  expect(posts(`${DEPLOY}/rollback/result`)).toEqual([
    { state: 'failed', error: `${process.execPath}: interrupted` },
  ]);
  expect(said()).toContain('a rollback by command is for you to run: https://');
});

it('ends with 2 and a sentence without a token, a hub or a report', async () => {
  const [tokenless, hubless, address, reportless] = await Promise.all([
    verify([], { LATCHKEY_SERVICE_TOKEN: '' }),
    latchkey(await temporaryDirectory(), ['verify', ...NAMED], { LATCHKEY_SERVICE_TOKEN: 'x' }),
    verify(['--hub', 'nowhere']),
    verify(['--dns-plan', 'gone.json']),
  ]);
  expect([tokenless, hubless, address, reportless].map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  expect(tokenless.stderr).toBe(
    'The secret LATCHKEY_SERVICE_TOKEN is not set, in the environment or --env-file.\n',
  );
  expect(hubless.stderr).toMatch(/^--hub: expected the hub's address, here or in LATCHKEY_HUB\.\n/);
  expect(address.stderr).toBe('--hub: expected an http or https URL, got nowhere\n');
  expect(reportless.stderr).toBe('--dns-plan gone.json: cannot be read: ENOENT\n');
});
