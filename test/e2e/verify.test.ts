import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { VerifyReport } from '#probes/cli/verify/report.ts';
import { startPortal, type Portal } from '../fixtures/portal/portal.ts';
import { workflowStep } from '../fixtures/workflow-step.ts';
import { startCommand } from './child.ts';
import { ROLLBACK_SECRET_NAME, startRig, type Rig } from './rig.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CANARY = 'x-lane: canary';

/** Four clean runs promote, two failed ones roll back. */
const verification = { brokenRate: 0.5, beta: 0.1, deadline: '60s' };

let rig: Rig;
let folder: string;
/** A second portal, which a canary's address leads to. */
let other: Portal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-verify-'));
  // As the workflow checks it out.
  await symlink(ROOT, join(folder, 'latchkey'));
  rig = await startRig({
    checks: ['portal-login'],
    regions: ['us-east', 'us-west'],
    intervalMs: 10_000,
    timeoutMs: 9_000,
    clearAfterMs: 1_500,
    resolveAfterMs: 3_000,
    services: ({ urls }) => ({
      portal: {
        checks: ['portal-login'],
        verification,
        pairEvery: '1s',
        checklist: [{ kind: 'confirmed', id: 'backup', title: 'A backup is there' }],
        rollback: {
          kind: 'webhook',
          url: urls.rollback,
          signingSecret: { secret: ROLLBACK_SECRET_NAME },
          deadline: '60s',
        },
      },
      learning: { checks: ['portal-login'], verification, pairEvery: '1s' },
    }),
  });
  other = await startPortal();
  await rig.untilUp();
});
afterAll(async () => {
  await rig?.stop();
  await other?.stop();
  await rm(folder, { recursive: true, force: true });
});

type Ended = { code: number | null; stdout: string; stderr: string };

/** Runs a program in the folder of the pipeline, with little in its environment. */
function run(command: readonly string[], env: Record<string, string>): Promise<Ended> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

/** `latchkey verify` for a service, reported as JSON. */
async function verify(
  service: string,
  args: readonly string[],
): Promise<{ code: number | null; report: VerifyReport }> {
  const { code, stdout, stderr } = await run(
    [process.execPath, 'latchkey/probes/cli/main.ts', 'verify', '--service', service, '--json', ...args],
    { LATCHKEY_HUB: rig.hubUrl, LATCHKEY_SERVICE_TOKEN: await rig.serviceToken(service) },
  );
  if (!stdout.startsWith('{')) throw new Error(`no report, but: ${stdout}${stderr}`);
  return { code, report: JSON.parse(stdout) as VerifyReport };
}

/** The step “Verify” of the workflow that we show, as GitHub's runner does it. */
async function workflow(extra: string): Promise<Ended & { outputs: string; summary: string }> {
  const text = await readFile(join(ROOT, 'probes/examples/github-actions.yml'), 'utf8');
  const { env, script } = workflowStep(text, 'Verify', {
    'vars.LATCHKEY_HUB': rig.hubUrl,
    'secrets.LATCHKEY_SERVICE_TOKEN': await rig.serviceToken('portal'),
    'secrets.CANARY_HEADER': CANARY,
  });
  const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
  for (const file of Object.values(files)) await writeFile(file, '');
  await writeFile(join(folder, 'step.sh'), `${script.trimEnd()} ${extra}\n`);
  const ended = await run(['bash', '-e', 'step.sh'], {
    ...env,
    ...files,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_REF_TYPE: 'tag',
    GITHUB_REF_NAME: '4.2.1',
    GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
  });
  expect(ended.stdout + ended.stderr).not.toContain(env.LATCHKEY_SERVICE_TOKEN);
  return {
    ...ended,
    outputs: await readFile(files.GITHUB_OUTPUT, 'utf8'),
    summary: await readFile(files.GITHUB_STEP_SUMMARY, 'utf8'),
  };
}

/** The script that we show for pipelines without Node. */
async function script(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return run(['sh', join(ROOT, 'probes/examples/verify.sh'), ...args], {
    LATCHKEY_HUB: rig.hubUrl,
    LATCHKEY_SERVICE_TOKEN: await rig.serviceToken('learning'),
    LATCHKEY_CANARY: JSON.stringify({ kind: 'header', name: 'x-lane', value: 'canary' }),
    ...env,
  });
}

it('is blocked by a checklist that is not done, and verifies nothing', async () => {
  const { code, report } = await verify('portal', ['--version', '4.2.1']);
  expect(code).toBe(2);
  expect(report).toMatchObject({ outcome: 'blocked', exitStatus: 2 });
  expect(report.checklist).toContainEqual(
    expect.objectContaining({
      id: 'backup',
      state: 'failed',
      evidence: [expect.stringContaining('--confirm')],
    }),
  );
  expect(report.verification).toBeUndefined();
});

it('calls a good version good: the workflow’s step succeeds', async () => {
  await rig.portal.deployCanary({ version: '4.2.1' });
  const { code, stdout, stderr, outputs, summary } = await workflow('--confirm backup=run-9');
  expect({ code, stderr, stdout }).toMatchObject({ code: 0, stderr: '' });
  expect(stdout).toMatch(/A backup is there: passed \(run-9\)/);
  expect(stdout).toMatch(/portal-login: canary (\d+)\/\1 ok · baseline (\d+)\/\2 ok/);
  expect(stdout).toMatch(/^::notice title=portal 4\.2\.1 \(deploy \d+\)::Good: /m);
  expect(outputs).toMatch(/^outcome=good$/m);
  expect(summary).toContain('### portal 4.2.1');
});

it('has a bad version rolled back and the one before verified: the workflow’s step fails', async () => {
  await rig.portal.deployCanary({ version: '4.2.1', fault: { fault: 'http-500' } });
  const { code, stdout, outputs } = await workflow('--confirm backup=run-10');
  expect({ code, stdout }).toMatchObject({ code: 1 });
  expect(stdout).toMatch(/rollback by webhook: called/);
  expect(stdout).toMatch(/version before, portal-login: good: /);
  expect(stdout).toMatch(/^::error title=portal 4\.2\.1 \(deploy \d+\)::Bad: /m);
  expect(outputs).toMatch(/^outcome=bad$/m);
  // The hook has taken the canary away, once.
  expect(rig.portal.versions().canary).toBeUndefined();
  expect(rig.portal.rollbacks()).toMatchObject([{ times: 1, body: { data: { version: '4.2.1' } } }]);
});

it('compares two addresses, and runs the pipeline’s own command when the new one is bad', async () => {
  other.break({ fault: 'http-503' });
  const file = join(folder, 'taken-back');
  const command = `require('node:fs').writeFileSync(process.argv[1], process.env.LATCHKEY_VERSION + ' ' + process.env.LATCHKEY_PREVIOUS_VERSION)`;
  const { code, report } = await verify('learning', [
    '--version',
    '4.3.0',
    '--previous-version',
    '4.2.0',
    '--canary-url',
    other.urls.portal,
    '--rollback-command',
    '--',
    process.execPath,
    '-e',
    command,
    file,
  ]);
  expect(code).toBe(1);
  expect(await readFile(file, 'utf8')).toBe('4.3.0 4.2.0');
  expect(report).toMatchObject({
    outcome: 'bad',
    exitStatus: 1,
    canary: other.urls.portal,
    rollback: { kind: 'command', state: 'called', via: 'pipeline' },
    again: { checks: [{ outcome: 'promote' }] },
    healthyAgainAtMs: expect.any(Number),
  });
});

it('does the same with curl and a shell', async () => {
  await rig.portal.deployCanary({ version: '4.2.2' });
  const good = await script(['learning', '4.2.2', '4.2.0']);
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(good.stdout).toMatch(/^good: ended \(.+\)$/m);
  await rig.portal.deployCanary({ version: '4.2.3', fault: { fault: 'http-500' } });
  const bad = await script(['learning', '4.2.3']);
  expect([bad.code, bad.stdout.split('\n').at(-2)]).toEqual([
    1,
    expect.stringMatching(/^bad: rolling-back \(/),
  ]);
  const refused = await script(['learning', '4.2.3'], { LATCHKEY_SERVICE_TOKEN: 'nonsense' });
  expect([refused.code, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr).toContain('the service token is not valid');
  const unsafe = await script(['learning', '4"2']);
  expect([unsafe.code, unsafe.stdout]).toEqual([2, '']);
});

it('has the hub roll back for the shell, too', async () => {
  await rig.portal.deployCanary({ version: '4.2.4', fault: { fault: 'http-500' } });
  const ended = await script(['portal', '4.2.4'], {
    LATCHKEY_SERVICE_TOKEN: await rig.serviceToken('portal'),
    LATCHKEY_CONFIRM: '{"backup":"run-11"}',
    LATCHKEY_ROLLBACK: '1',
  });
  expect(ended).toMatchObject({ code: 1, stderr: '' });
  expect(ended.stdout).toMatch(/^bad: ended \(.+Rolled back: .+ is healthy/m);
  expect(rig.portal.versions().canary).toBeUndefined();
});

it('waits for a hub that loses its power in the middle, and has its verdict all the same', async () => {
  await rig.portal.deployCanary({ version: '4.2.6' });
  const child = startCommand(
    ['verify', '--service', 'learning', '--version', '4.2.6', '--canary-header', CANARY],
    { LATCHKEY_HUB: rig.hubUrl, LATCHKEY_SERVICE_TOKEN: await rig.serviceToken('learning') },
  );
  onTestFinished(() => child.stop().then(() => undefined));
  await child.untilLine((line) => line.includes('portal-login: canary'), 30_000);
  await rig.killHub();
  await child.untilLine((line) => line.includes('cannot be reached'), 30_000);
  await rig.startHub();
  expect({ code: await child.exited, lines: child.lines() }).toEqual({
    code: 0,
    lines: expect.arrayContaining([
      expect.stringContaining('the hub answers again'),
      expect.stringMatching(/ s {2}Good: /),
    ]),
  });
});

// The last one, as nobody runs anything after it.
it('cannot tell without probes, which is no good version', async () => {
  for (const region of rig.probes.keys()) await rig.killProbe(region);
  const { code, report } = await verify('learning', ['--version', '4.2.5', '--timeout', '10s']);
  expect(code).toBe(2);
  expect(report).toMatchObject({ outcome: 'cannot-tell', exitStatus: 2 });
});
