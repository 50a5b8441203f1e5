import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownScratch } from '#probes/scratch.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

test('temporary files go to an empty directory inside the given one, until it is removed', async () => {
  const before = tmpdir();
  const directory = await temporaryDirectory();
  await mkdir(join(directory, 'tmp', 'profile-of-before'), { recursive: true });
  const { log, events } = eventLog();
  const remove = await ownScratch(directory, log);
  expect(tmpdir()).toBe(join(directory, 'tmp'));
  expect(await readdir(tmpdir())).toEqual([]);
  await writeFile(join(tmpdir(), 'left'), '');
  await remove();
  expect(await readdir(directory)).toEqual([]);
  expect(tmpdir()).toBe(before);
  expect(events).toEqual([]);
});

test("where a browser's socket would have too long a path the system's directory stays, and the log says so", async () => {
  const before = tmpdir();
  const directory = join(await temporaryDirectory(), 'deep'.repeat(15));
  await mkdir(join(directory, 'tmp', 'profile-of-before'), { recursive: true });
  const { log, named } = eventLog();
  const remove = await ownScratch(directory, log);
  expect(tmpdir()).toBe(before);
  expect(await readdir(directory)).toEqual([]);
  expect(named('scratch-not-own')).toEqual([
    { path: join(directory, 'tmp'), why: expect.stringContaining('bytes') as string },
  ]);
  await remove();
  expect(tmpdir()).toBe(before);
});

test("where it cannot be made the system's directory stays, and the log says so", async () => {
  const before = tmpdir();
  const directory = join(await temporaryDirectory(), 'none');
  const { log, named } = eventLog();
  await ownScratch(directory, log);
  expect(tmpdir()).toBe(before);
  expect(named('scratch-not-own')).toEqual([
    expect.objectContaining({ why: expect.stringContaining('ENOENT') as string }),
  ]);
});
