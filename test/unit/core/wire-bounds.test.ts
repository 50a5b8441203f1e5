import { expect, it } from 'vitest';
import { BrokeGlass } from '#core/wire.ts';

it('a number that cannot be counted on any further is no incident’s: all later pages would have one key', () => {
  const message = {
    type: 'broke-glass',
    check: 'portal-login',
    region: 'us-east',
    probe: 'probe-1',
    firstFailedAgeMs: 1,
    decidedAgeMs: 1,
    acceptedAgeMs: 1,
    channel: 'oncall',
    failure: { owner: 'target', class: 'timeout', message: 'no answer' },
  };
  expect(BrokeGlass.safeParse({ ...message, seq: 7 }).success).toBe(true);
  expect(BrokeGlass.safeParse({ ...message, seq: Number.MAX_SAFE_INTEGER }).success).toBe(false);
  expect(BrokeGlass.safeParse({ ...message, seq: 1_000_000_000 }).success).toBe(false);
});
