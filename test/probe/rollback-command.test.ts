import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { rollbackEnv, runRollback } from '#probes/cli/verify/rollback-command.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { toldDeploy } from '../fixtures/told-deploy.ts';
import { until } from '../e2e/until.ts';

const NODE = process.execPath;

async function surroundings(deadlineMs = 20_000) {
  const file = join(await temporaryDirectory(), 'output');
  const interrupt = new AbortController();
  onTestFinished(() => interrupt.abort());
  const env = rollbackEnv(toldDeploy(), {
    ...process.env,
    LATCHKEY_SERVICE_TOKEN: 'must-not-show',
    LATCHKEY_CANARY_HEADER: 'x-lane: must-not-show',
    LATCHKEY_BASELINE_COOKIE: 'lane=must-not-show',
  });
  const output = openSync(file, 'w');
  return {
    interrupt,
    said: () => readFileSync(file, 'utf8'),
    given: { env, deadlineMs, output, signal: interrupt.signal },
  };
}

it('runs without a shell, knows the deploy, and is not told our token', async () => {
  const { given, said } = await surroundings();
  const script = `const { env, argv } = process;
    console.log(JSON.stringify([argv[1], env.LATCHKEY_SERVICE, env.LATCHKEY_VERSION, env.LATCHKEY_PREVIOUS_VERSION,
      env.LATCHKEY_DEPLOY, JSON.stringify(env).includes('must-not-show')]));
    console.error('to stderr');`;
  const result = await runRollback([NODE, '-e', script, '$(id); *'], given);
  expect(result).toEqual({ state: 'called' });
  expect(said()).toBe('["$(id); *","portal","4.2.1","4.2.0","7",false]\nto stderr\n');
});

it('fails by its exit status, and when there is no such program', async () => {
  const { given } = await surroundings();
  expect(await runRollback([NODE, '-e', 'process.exit(3)'], given)).toEqual({
    state: 'failed',
    error: `${NODE}: exit status 3`,
  });
  const absent = await runRollback(['./no-such-program'], given);
  expect(absent).toMatchObject({ state: 'failed', error: expect.stringMatching(/cannot be run: .*ENOENT/) });
});

it('ends with all its children at the deadline, also when they will not hear of it', async () => {
  const { given, said } = await surroundings(700);
  const stubborn = `process.on('SIGTERM', () => console.log('not now')); setInterval(() => undefined, 1000);`;
  const script = `${stubborn} const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'inherit' });
    console.log('child ' + child.pid);`;
  const result = await runRollback([NODE, '-e', script], { ...given, killAfterMs: 300 });
  expect(result).toEqual({ state: 'failed', error: `${NODE}: took over 700 ms` });
  expect(said()).toContain('not now');
  const pid = Number(/child (\d+)/.exec(said())?.[1]);
  await until('the child is gone', () => (isThere(pid) ? undefined : true), 5_000);
}, 20_000);

it('ends at once when interrupted, and does not begin after it', async () => {
  const { given, said, interrupt } = await surroundings();
  const running = runRollback(
    [NODE, '-e', "console.log('begun'); setInterval(() => undefined, 1000)"],
    given,
  );
  await until('it has begun', () => (said().includes('begun') ? true : undefined), 10_000);
  interrupt.abort();
  expect(await running).toEqual({ state: 'failed', error: `${NODE}: interrupted` });
  expect(await runRollback([NODE, '-e', ''], given)).toEqual({
    state: 'failed',
    error: 'interrupted before it began',
  });
});

/** A zombie that nobody has waited for yet is gone, too. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}
