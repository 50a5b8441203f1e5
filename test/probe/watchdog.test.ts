import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { EXIT } from '#probes/main.ts';
import { descendantsOf, isRunning, type ProcessLine } from '#test/e2e/processes.ts';
import type { LoopbackServer } from '#test/fixtures/loopback-server.ts';
import { startOddServer } from '#test/fixtures/odd-server.ts';
import { eventsOf, FIXTURES, spawnProbe, until, type SpawnedProbe } from '#test/fixtures/spawned-probe.ts';
import { StandInHub } from '#test/fixtures/stand-in-hub.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';
import { projectDirectory } from '#test/fixtures/written-journey.ts';

let site: LoopbackServer;
beforeAll(async () => {
  site = await startOddServer();
});
afterAll(() => site.close());

const LOADS = `await page.goto(vars.url); await expect(page.getByLabel('User')).toBeVisible();`;

/** A directory with a configuration of two checks: `calm` loads a page, `looping` then never comes to rest. */
async function aProject(): Promise<string> {
  const directory = await projectDirectory();
  const check = { kind: 'journey', interval: '60s', timeout: '20s', vars: { url: site.url }, owner: 'us' };
  const bodies = { calm: LOADS, looping: `${LOADS} for (;;) Math.random();` };
  for (const [id, body] of Object.entries(bodies))
    await writeFile(
      join(directory, `${id}.journey.ts`),
      `import { defineJourney } from '#probes/journey.ts';
       export default defineJourney(async ({ page, vars, expect }) => { ${body} });`,
    );
  const config = {
    publicUrl: 'http://127.0.0.1:1',
    regions: { 'us-east': {} },
    channels: { oncall: { kind: 'none' } },
    checks: Object.fromEntries(Object.keys(bodies).map((id) => [id, { ...check, file: `${id}.journey.ts` }])),
  };
  await writeFile(join(directory, 'latchkey.config.ts'), `export default ${JSON.stringify(config)};`);
  return directory;
}

/** Everything that a process has started by the time that `line` is there. */
async function browserOf(probe: SpawnedProbe): Promise<ProcessLine[]> {
  await until(() => expect(eventsOf(probe)).toContain('browser-launched'));
  return descendantsOf(Number(probe.child.pid));
}

const gone = (processes: readonly ProcessLine[]): Promise<void> =>
  until(() => expect(processes.filter(({ pid }) => isRunning(pid))).toEqual([]));

test('a probe that a journey blocks for ever dies, says so when it is back, and goes on', async () => {
  const hub = await StandInHub.start({ plan: [{ check: 'looping', inMs: 0 }] });
  const config = join(await aProject(), 'latchkey.config.ts');
  const spool = await temporaryDirectory();
  const options = ['--hub', hub.url, '--spool', spool, '--config', config];
  const first = spawnProbe('journey-probe-process.ts', options);
  const browser = await browserOf(first);
  expect(browser.length).toBeGreaterThan(1);
  expect(await first.exit).toBe('SIGKILL');
  expect(first.lines.at(-1)).toMatchObject({ level: 'error', event: 'probe-blocked', checks: 'looping' });
  await gone(browser);
  expect((await hub.record()).stored).toEqual([]);

  await hub.set({ plan: [{ check: 'calm', inMs: 0 }] });
  const second = spawnProbe('journey-probe-process.ts', options);
  await until(async () => expect((await hub.record()).stored).toHaveLength(2));
  const runs = (await hub.record()).reports.flatMap(({ entries }) => entries);
  expect(runs.map(({ run }) => [run.seq, run.check, run.trigger, run.outcome])).toEqual([
    [1, 'looping', 'schedule', 'invalid'],
    [2, 'calm', 'schedule', 'pass'],
  ]);
  expect(runs[0]?.run.failure).toMatchObject({
    class: 'journey-error',
    message: expect.stringMatching(
      /^the journey kept the probe from doing anything else for \d+\.\d s \(an endless loop\?\), and the probe was restarted$/,
    ) as string,
  });
  expect(runs[0]?.ageMs).toBeGreaterThan(runs[1]?.ageMs ?? 0);
  expect(eventsOf(second)).toContain('probe-was-blocked');
  second.child.kill('SIGTERM');
  expect(await second.exit).toBe(EXIT.stopped);
  const third = spawnProbe('journey-probe-process.ts', options);
  await until(() => expect(eventsOf(third)).toContain('probe-started'));
  expect(eventsOf(third)).not.toContain('probe-was-blocked');
});

test('latchkey run ends a journey that loops for ever: exit status 2, a sentence, nothing left', async () => {
  const scratch = await temporaryDirectory();
  const child = spawn(process.execPath, [join(FIXTURES, 'run-process.ts'), 'looping'], {
    cwd: await aProject(),
    env: { ...process.env, TMPDIR: scratch },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out.stderr += chunk.toString()));
  const ended = once(child, 'close');
  await vi.waitFor(() => expect(descendantsOf(Number(child.pid)).length).toBeGreaterThan(1), 15_000);
  const browser = descendantsOf(Number(child.pid));
  expect(await ended).toEqual([2, null]);
  expect(out).toEqual({
    stdout: '',
    stderr:
      'looping: ended without an outcome: the journey kept everything else from running for 2.0 s (an endless loop?)\n',
  });
  await gone(browser);
  expect(await readdir(scratch)).toEqual([]);
});
