import { expect, it } from 'vitest';
import { latchkey } from '#test/fixtures/latchkey-command.ts';

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';

it('refuses options that cannot be, in words, with status 2', async () => {
  const results = await Promise.all([
    latchkey('.', ['drill', '--hub', NOWHERE, '--wait-acknowledged', 'soon'], { OPERATOR_TOKEN: 'x' }),
    latchkey('.', ['drill', '--hub', NOWHERE, '--wait-acknowledged', '2h'], { OPERATOR_TOKEN: 'x' }),
    latchkey('.', ['drill', '--hub', 'nowhere'], { OPERATOR_TOKEN: 'x' }),
    latchkey('.', ['drill', '--surprise']),
  ]);
  expect(results.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  expect(results[0]?.stderr).toMatch(
    /^--wait-acknowledged: expected a duration up to 1 h, such as 5m, got soon/,
  );
  expect(results[2]?.stderr).toBe('--hub: expected an http or https URL, got nowhere\n');
});

it('ends with 1 and a sentence without a token, and when the hub cannot be reached', async () => {
  const [tokenless, unreachable] = await Promise.all([
    latchkey('.', ['drill', '--hub', NOWHERE], { OPERATOR_TOKEN: '' }),
    latchkey('.', ['drill', '--hub', NOWHERE], { OPERATOR_TOKEN: 'a-token-that-must-not-show' }),
  ]);
  expect([tokenless.code, tokenless.stdout]).toEqual([1, '']);
  expect(tokenless.stderr).toBe('The secret OPERATOR_TOKEN is not set, in the environment or --env-file.\n');
  expect([unreachable.code, unreachable.stdout]).toEqual([1, '']);
  expect(unreachable.stderr).toMatch(/^http:\/\/127\.0\.0\.1:9 cannot be reached: /);
  expect(unreachable.stderr).not.toContain('must-not-show');
});
