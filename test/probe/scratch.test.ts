import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT } from '#probes/main.ts';
import { eventsOf, FIXTURES, spawnProbe, until } from '#test/fixtures/spawned-probe.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

test("a killed probe's browser files are gone when it is back, and a stopped one leaves none", async () => {
  const spool = await temporaryDirectory();
  const elsewhere = await temporaryDirectory();
  const options = ['--hub', 'http://127.0.0.1:1', '--spool', spool];
  const config = ['--config', join(FIXTURES, 'probe.config.ts')];
  const start = () => spawnProbe('journey-probe-process.ts', [...options, ...config], { TMPDIR: elsewhere });
  const profiles = async (): Promise<string[]> =>
    (await readdir(join(spool, 'tmp'))).filter((name) => name.includes('profile'));
  const first = start();
  await until(() => expect(eventsOf(first)).toContain('browser-launched'));
  const [old, ...more] = await profiles();
  expect([old, more]).toEqual([expect.any(String), []]);
  first.child.kill('SIGKILL');
  await first.exit;
  expect(await profiles()).toEqual([old]);
  const second = start();
  await until(() => expect(eventsOf(second)).toContain('browser-launched'));
  const now = await profiles();
  expect(now).toHaveLength(1);
  expect(now).not.toContain(old);
  second.child.kill('SIGTERM');
  expect(await second.exit).toBe(EXIT.stopped);
  expect(await readdir(spool)).not.toContain('tmp');
  expect(await readdir(elsewhere)).toEqual([]);
});
