import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { groupMembers } from '#probes/browser/process-tree.ts';
import { descendantsOf, isRunning } from '#test/e2e/processes.ts';
import type { LoopbackServer } from '#test/fixtures/loopback-server.ts';
import { startOddServer } from '#test/fixtures/odd-server.ts';
import { projectDirectory } from '#test/fixtures/written-journey.ts';

const COMMAND = fileURLToPath(new URL('../../probes/cli/main.ts', import.meta.url));
const WAIT = { timeout: 10_000, interval: 20 };
const PASSWORD = 'hunter2-hunter2';

let site: LoopbackServer;
beforeAll(async () => {
  site = await startOddServer();
});
afterAll(() => site.close());

/** A directory with a configuration whose only check, `front-door`, is a journey with this body. */
async function aProject(body: string, timeout = '8s'): Promise<string> {
  const directory = await projectDirectory();
  await writeFile(
    join(directory, 'front-door.journey.ts'),
    `import { defineJourney } from '#probes/journey.ts';
     export default defineJourney(async ({ page, context, step, secret, vars, expect }) => { ${body} });`,
  );
  const config = {
    publicUrl: 'http://127.0.0.1:1',
    regions: { here: {} },
    channels: { oncall: { kind: 'none' } },
    checks: {
      'front-door': {
        kind: 'journey',
        file: 'front-door.journey.ts',
        timeout,
        vars: { url: site.url },
        secrets: ['PORTAL_PASSWORD'],
        owner: 'us',
      },
    },
  };
  await writeFile(join(directory, 'latchkey.config.ts'), `export default ${JSON.stringify(config)};`);
  return directory;
}

type Ended = { code: number | null; stdout: string; stderr: string };

function start(directory: string, args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [COMMAND, 'run', ...args], {
    cwd: directory,
    env: { ...process.env, PORTAL_PASSWORD: PASSWORD },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const out = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (out.stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...out })));
  return { child, ended };
}

const runOnce = async (body: string, args: string[] = []): Promise<Ended> =>
  start(await aProject(body), ['front-door', ...args]).ended;

test('a pass: the steps as a tree, exit status 0', async () => {
  const { code, stdout, stderr } = await runOnce(
    `await step('Open', () => step('Load', () => page.goto(vars.url)));`,
  );
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^✓ front-door: pass in .*\n {2}✓ Open {2}.*\n {4}✓ Load {2}.*\n$/);
  expect(code).toBe(0);
});

test('a failure: whose fault, which step, where, a picture; exit status 1, and no secret', async () => {
  const body = `await page.goto(vars.url);
    await page.getByLabel('User').fill(secret('PORTAL_PASSWORD'));
    await step('See ' + secret('PORTAL_PASSWORD'), () => expect(page.getByLabel('User')).toHaveValue('ada', { timeout: 200 }));`;
  const { code, stdout } = await runOnce(body);
  expect(code).toBe(1);
  expect(stdout).toContain('✗ front-door: fail in ');
  expect(stdout).toContain("assertion, the target's fault");
  expect(stdout).toContain('step  See [secret PORTAL_PASSWORD]');
  expect(stdout).toContain(`url   ${site.url}/`);
  expect(stdout).not.toContain(PASSWORD);
});

test('--json: one object on stdout with the keys that stay, and the picture as a file', async () => {
  const { code, stdout } = await runOnce(`await page.goto(vars.url + '/status/502');`, ['--json']);
  const report = JSON.parse(stdout) as Record<string, unknown>;
  expect(code).toBe(1);
  expect(Object.keys(report)).toEqual([
    'check',
    'outcome',
    'failure',
    'durationMs',
    'steps',
    'screenshot',
    'configHash',
    'versions',
  ]);
  expect(report).toMatchObject({
    check: 'front-door',
    outcome: 'fail',
    failure: { class: 'http', httpStatus: 502 },
  });
  expect(report.configHash).toMatch(/^[0-9a-f]{12}$/);
});

test('the picture of a failure is kept where the report says', async () => {
  const directory = await aProject(`await page.goto(vars.url + '/status/502');`);
  const { stdout } = await start(directory, ['front-door', '--json']).ended;
  const { screenshot } = JSON.parse(stdout) as { screenshot: string };
  expect(screenshot.startsWith(join(directory, '.latchkey', 'screenshots', 'front-door-'))).toBe(true);
  expect((await readFile(screenshot)).subarray(0, 2).toString('hex')).toBe('ffd8');
});

describe('exit status 2, and a sentence that says why', () => {
  test.each<[string, string[], RegExp]>([
    ['no check', [], /expected one CHECK, got 0/],
    ['an unknown check', ['back-door'], /check: expected one of front-door, got back-door/],
    ['an unknown option', ['front-door', '--fast'], /--fast/],
    ['no configuration', ['front-door', '--config', 'none.ts'], /none\.ts: cannot be loaded/],
  ])('%s', async (_what, args, message) => {
    const directory = await aProject(`await page.goto(vars.url);`);
    const { code, stderr, stdout } = await start(directory, args).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  test('a journey that is no journey', async () => {
    const directory = await aProject('');
    await writeFile(join(directory, 'front-door.journey.ts'), 'export default 7;');
    const { code, stdout } = await start(directory, ['front-door']).ended;
    expect(code).toBe(2);
    expect(stdout).toContain('front-door.journey.ts: expected `export default defineJourney(…)`');
  });

  test('--help explains, with exit status 0', async () => {
    const { code, stdout } = await start(await aProject(''), ['--help']).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('latchkey run CHECK');
  });
});

describe('what a journey leaves behind is laid to it, and does not end the probe', () => {
  test.each([
    ['a call that nobody awaits', `await page.goto(vars.url); void page.getByText('Nothing').click();`],
    [
      'a promise that rejects',
      `await page.goto(vars.url); void Promise.reject(new Error('click: lost ' + secret('PORTAL_PASSWORD')));`,
    ],
    [
      'a timer that throws',
      `await page.goto(vars.url); setTimeout(() => { throw new Error('click: late'); }); await page.waitForTimeout(50);`,
    ],
  ])('%s makes the run invalid', async (_what, body) => {
    const { code, stdout, stderr } = await runOnce(body);
    expect(stdout).toContain("journey-error, the probe's fault");
    expect(stdout).toMatch(/a call that was not awaited failed: .*click/);
    expect(stderr).toContain('"event":"journey-stray-error","check":"front-door"');
    expect(stdout + stderr).not.toContain(PASSWORD);
    expect(code).toBe(2);
  });

  test('beside a failure of the target it is logged, and the failure stands', async () => {
    const { code, stdout, stderr } = await runOnce(
      `void Promise.reject(new Error('lost')); await page.goto(vars.url + '/status/503'); await expect(page.getByText('x')).toBeVisible({ timeout: 50 });`,
    );
    expect([code, stdout]).toEqual([1, expect.stringContaining("http 503, the target's fault")]);
    expect(stderr).toContain('journey-stray-error');
  });
});

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'no process of the browser outlives a %s of the command',
  async (signal) => {
    const directory = await aProject(`await page.goto(vars.url + '/hang');`);
    const { child, ended } = start(directory, ['front-door']);
    const pid = Number(child.pid);
    await vi.waitFor(() => expect(descendantsOf(pid).length).toBeGreaterThan(4), WAIT);
    const pids = descendantsOf(pid).map((line) => line.pid);
    const [leader = 0] = pids;
    child.kill(signal);
    await ended;
    await vi.waitFor(async () => {
      expect(pids.filter((each) => isRunning(each))).toEqual([]);
      expect(await groupMembers(leader)).toEqual([]);
    }, WAIT);
  },
);
