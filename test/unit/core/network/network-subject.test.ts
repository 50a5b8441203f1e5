import { expect, it } from 'vitest';
import { parseConfig } from '#core/config.ts';

it('keeps checks from being called as pages about the hub itself are', () => {
  const check = { kind: 'journey', file: 'login.journey.ts', owner: 'identity team' };
  const parsed = parseConfig({
    publicUrl: 'https://latchkey.example',
    regions: { 'us-east': {} },
    checks: { network: check, drill: check, 'network-login': check },
    channels: { oncall: { kind: 'any' } },
  });
  expect(parsed.ok ? [] : parsed.problems.map(({ path }) => path)).toEqual([
    'checks.network',
    'checks.drill',
  ]);
});
