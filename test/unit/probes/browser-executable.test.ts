import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findBrowserExecutable } from '#probes/browser/browser-executable.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

async function anExecutable(): Promise<string> {
  const file = join(await temporaryDirectory(), 'chromium');
  await writeFile(file, '#!/bin/sh\n');
  await chmod(file, 0o755);
  return file;
}

test('LATCHKEY_CHROMIUM goes first, then what set-up recorded', async () => {
  const [asked, recorded] = [await anExecutable(), await anExecutable()];
  const recordFile = join(await temporaryDirectory(), 'browser.json');
  await writeFile(recordFile, JSON.stringify({ executablePath: recorded, version: '1' }));
  expect(findBrowserExecutable({ LATCHKEY_CHROMIUM: asked }, recordFile)).toBe(asked);
  expect(findBrowserExecutable({}, recordFile)).toBe(recorded);
});

test('a path that is asked for and is not there is not replaced by another browser', () => {
  expect(() => findBrowserExecutable({ LATCHKEY_CHROMIUM: '/nowhere/chromium' })).toThrow(
    'LATCHKEY_CHROMIUM: expected an executable file, got /nowhere/chromium',
  );
});

test('a damaged record says which file it is and what to do', async () => {
  const recordFile = join(await temporaryDirectory(), 'browser.json');
  await writeFile(recordFile, '{"executablePath": 7}');
  expect(() => findBrowserExecutable({}, recordFile)).toThrow(/browser\.json: expected .*setup\.mjs/);
});
