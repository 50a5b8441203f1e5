import { chmod, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { demoSecrets } from '#probes/host/demo-secrets.ts';
import { readEnvFile } from '#probes/host/env-file.ts';
import { hubSecrets } from '#probes/host/hub-secrets.ts';
import { terminalLine } from '#probes/host/log-line.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

it('reads KEY=VALUE lines and tells whether others can read them, too', async () => {
  const path = join(await temporaryDirectory(), 'secrets.env');
  await writeFile(path, '# a comment\n\nA=1\nB="x y"\nC=a=b\n', { mode: 0o600 });
  expect(await readEnvFile(path)).toEqual({ values: { A: '1', B: 'x y', C: 'a=b' }, exposed: false });
  await chmod(path, 0o644);
  expect(await readEnvFile(path)).toMatchObject({ exposed: true });
});

it('names the line of a file of secrets that is wrong, and not what is on it', async () => {
  const path = join(await temporaryDirectory(), 'secrets.env');
  await writeFile(path, 'A=1\nhunter2\n');
  const error = await readEnvFile(path).then(
    () => new Error('was read'),
    (reason: unknown) => reason as Error,
  );
  expect(error.message).toContain('line 2: expected KEY=VALUE');
  expect(error.message).not.toContain('hunter2');
});

it('makes up the secrets of the demo once, for its owner only, and adds what is missing', async () => {
  const path = join(await temporaryDirectory(), 'demo', 'secrets.env');
  const first = await demoSecrets(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await demoSecrets(path)).toEqual(first);
  const { COOKIE_KEY: lost, ...rest } = first;
  await writeFile(
    path,
    Object.entries(rest)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const mended = await demoSecrets(path);
  expect(mended).toMatchObject(rest);
  expect(mended.COOKIE_KEY).not.toBe(lost);
});

it('names every missing secret at once, those of the channels included', () => {
  const channels = {
    oncall: { kind: 'pagerduty', routingKey: { secret: 'KEY_A' } },
    chat: { url: { secret: 'KEY_B' } },
  };
  const found = hubSecrets(channels, { OPERATOR_TOKEN: 'x', KEY_A: '', OTHER: 'y' });
  expect(found.missing).toEqual(['PROBE_TOKEN_KEYS', 'COOKIE_KEY', 'KEY_A', 'KEY_B']);
  expect(found.values).not.toHaveProperty('OTHER');
});

it.each([
  ['{"level":"info","event":"run-finished","outcome":"pass"}', undefined],
  [
    '{"level":"info","event":"run-finished","outcome":"fail","check":"a"}',
    'run finished outcome=fail check=a',
  ],
  ['{"event":"page-accepted","channel":"pager"}', 'page accepted channel=pager'],
  ['{"level":"warn","event":"hub-lost","error":"a\\nb"}', 'hub lost error=a b'],
  ['Error: something broke', 'Error: something broke'],
  ['NOSENTRY alarm', undefined],
  ['  ', undefined],
])('shows of %s what somebody at the terminal wants to see', (line, shown) => {
  const text = terminalLine('part', line, 0, false);
  expect(text?.replace(/^\S+ part +/, '')).toBe(shown);
});

it('what a page of the target says cannot steer the terminal', () => {
  const message = '\u001b]0;owned\u0007\u001b[2J\u009b31m not found';
  for (const line of [JSON.stringify({ event: 'run-finished', outcome: 'fail', message }), message])
    expect(terminalLine('part', line, 0, false)).not.toMatch(/\p{Cc}/u);
});
