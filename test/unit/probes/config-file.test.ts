import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigFileError, hashOf, loadConfigFile } from '#probes/config-file.ts';
import { configHash } from '#worker/config.ts';
import fixture from '#test/fixtures/probe.config.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/probe.config.ts');

test('a configuration is loaded, with the hash the hub has of it', async () => {
  const { config, hash, directory } = await loadConfigFile(FIXTURE);
  expect(config.checks.map(({ id, intervalMs }) => `${id} ${intervalMs}`)).toEqual([
    'portal-login 1000',
    'hang-login 60000',
  ]);
  expect(hash).toBe(await configHash(fixture));
  expect(hashOf({ b: 1, a: 2 })).toBe(await configHash({ a: 2, b: 1 }));
  expect(directory).toBe(join(import.meta.dirname, '../../fixtures'));
});

test('a file that is not there, throws, or says nonsense is named with all that is wrong', async () => {
  const directory = await temporaryDirectory();
  await expect(loadConfigFile(join(directory, 'none.ts'))).rejects.toThrow(/none\.ts: cannot be loaded/);
  const throwing = join(directory, 'throws.ts');
  await writeFile(throwing, "throw new Error('not today');");
  await expect(loadConfigFile(throwing)).rejects.toThrow(/not today/);
  const nonsense = join(directory, 'nonsense.ts');
  await writeFile(nonsense, "export default { regions: {}, checks: { a: { kind: 'x' } }, extra: 1 };");
  const error: unknown = await loadConfigFile(nonsense).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigFileError);
  for (const path of ['publicUrl', 'checks.a', 'extra']) expect((error as Error).message).toContain(path);
});
