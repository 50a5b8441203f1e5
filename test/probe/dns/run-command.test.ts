import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { Message } from '#core/dns/codec/message.ts';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import { DnsEvidence } from '#core/dns/findings/evidence.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';
import { answerTo, resolverOf, startPlainDoh } from './small-servers.ts';

const COMMAND = fileURLToPath(new URL('../../../probes/cli/main.ts', import.meta.url));
const NAME = 'portal.example.test';

async function runOf(
  answer: (query: Message) => Uint8Array,
  ...args: string[]
): Promise<{ code: unknown; stdout: string }> {
  const directory = await temporaryDirectory();
  const check = {
    kind: 'dns',
    name: NAME,
    resolvers: [await startPlainDoh(answer)],
    aspects: ['resolvability'],
    pace: '0ms',
    owner: 'us',
  };
  const config = {
    publicUrl: 'http://127.0.0.1:1',
    regions: { here: {} },
    channels: { oncall: { kind: 'none' } },
    checks: { 'portal-name': check },
  };
  await writeFile(join(directory, 'latchkey.config.ts'), `export default ${JSON.stringify(config)};`);
  const child = spawn(process.execPath, [COMMAND, 'run', 'portal-name', ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stdout = await text(child.stdout);
  return { code: await ended, stdout };
}

/** Says SERVFAIL to AAAA: a client that asks for both addresses may have none. */
const wrong = (query: Message): Uint8Array => {
  const { type } = query.questions[0] ?? {};
  if (type === RR_TYPES.AAAA) return answerTo(query, { rcode: RCODE.SERVFAIL, answers: [] });
  return resolverOf(NAME)(query);
};

test('a pass: exit status 0, and each question with its time', async () => {
  const { code, stdout } = await runOf(resolverOf(NAME));
  expect(stdout).toMatch(/^✓ portal-name: pass in /);
  expect(stdout).toMatch(/✓ portal\.example\.test A over https.* ms\n/);
  expect(code).toBe(0);
});

test('what was found, the worst first, and whose fault it is; exit status 1', async () => {
  const { code, stdout } = await runOf(wrong);
  expect(stdout).toMatch(/^✗ portal-name: fail in /);
  const found = [...stdout.matchAll(/^(critical|fail|warn|info) +([A-F]\d+) /gm)].map(([, word, id]) => ({
    word,
    id,
  }));
  expect(found[0]).toEqual({ word: 'fail', id: 'A7' });
  expect(stdout).toMatch(/^fail +A7 +address-family completeness: /m);
  expect(stdout).toContain("dns, the target's fault\n  step  A7 address-family completeness");
  expect(code).toBe(1);
});

test('--json has the evidence as a hub would get it', async () => {
  const { stdout } = await runOf(wrong, '--json');
  const report = JSON.parse(stdout) as Record<string, unknown>;
  expect(report).toMatchObject({ check: 'portal-name', outcome: 'fail', failure: { class: 'dns' } });
  const evidence = DnsEvidence.parse(report['dns']);
  expect(evidence.findings.map(({ id }) => id)).toContain('A7');
});
