import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { rollbackSettings, RollbackInput } from '#core/deploy/service/rollback.ts';
import type { Courier } from '#worker/channels/courier.ts';
import { githubRollback } from '#worker/rollback/github.ts';
import { workflowKeys, workflowStep } from '../fixtures/workflow-step.ts';

async function example(name: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../probes/examples/${name}`, import.meta.url)), 'utf8');
}

it('shows a workflow that takes all that the hub sends, and nothing else of it is required', async () => {
  let sent: unknown;
  const courier: Courier = {
    secret: () => 'token',
    conceal: (text) => text,
    ask: async ({ body = '' }) => {
      sent = JSON.parse(body);
      return { ok: true, status: 204, body: '' };
    },
  };
  const settings = rollbackSettings(
    RollbackInput.parse({
      kind: 'github',
      repository: 'your-org/portal',
      workflow: 'rollback.yml',
      token: { secret: 'GITHUB_TOKEN' },
    }),
  );
  if (settings.kind !== 'github') throw new Error('another kind');
  const deploy = {
    service: 'portal',
    n: 7,
    version: '4.2.1',
    reason: 'It fails.',
    operatorUrl: 'https://hub.example/',
  };
  await githubRollback.call(settings, { key: 'portal.7', attempt: 1, timeoutMs: 1_000, deploy }, courier, 0);
  const text = await example('rollback.yml');
  const { inputs } = sent as { inputs: Record<string, string> };
  expect(workflowKeys(text, 'inputs:').toSorted()).toEqual(Object.keys(inputs).toSorted());
  // GitHub's runs are found by it when an answer was lost.
  expect(text).toMatch(/^run-name: .*\(\$\{\{ inputs\.key \}\}\)$/m);
});

it('shows no command line with a secret on it', async () => {
  const { script } = workflowStep(await example('github-actions.yml'), 'Verify', {
    'vars.LATCHKEY_HUB': 'value',
    'secrets.LATCHKEY_SERVICE_TOKEN': 'value',
    'secrets.CANARY_HEADER': 'value',
  });
  expect(script).not.toMatch(/\$(?!GITHUB_)/);
  // Of what the script knows only a file's name and addresses are arguments of curl's.
  const curl = (await example('verify.sh')).split('\n').filter((line) => /^\s*ask\b|curl /.test(line));
  expect(curl.join('\n')).toContain('--data-binary "@$announcement"');
  expect(curl.join('\n')).not.toMatch(/\$(?:body|LATCHKEY_(?:SERVICE_TOKEN|CANARY|CONFIRM))/);
});

it('shows no script into which an input could be written', async () => {
  for (const [name, steps] of [
    ['rollback.yml', ['Roll back']],
    ['github-actions.yml', ['Verify']],
  ] as const) {
    const text = await example(name);
    expect(text).not.toMatch(/run: .*\$\{\{/);
    for (const step of steps) {
      const values = Object.fromEntries(
        [...text.matchAll(/\$\{\{\s*([\w.]+)\s*\}\}/g)].map(([, expression = '']) => [expression, 'value']),
      );
      expect(workflowStep(text, step, values).script).not.toContain('${{');
    }
  }
});
