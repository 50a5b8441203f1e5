import { expect, test } from 'vitest';
import { countBlockedTime } from '#probes/watchdog-thread.ts';

test('time without a beat adds up, look by look; a beat ends it', () => {
  const look = countBlockedTime(7, 0, 1_000);
  expect(look(7, 1_000)).toBe(1_000);
  expect(look(7, 2_005)).toBe(2_005);
  expect(look(8, 3_000)).toBe(0);
  expect(look(8, 4_000)).toBe(1_000);
});

test('a machine that was suspended for an hour, or a process that was stopped, was not blocked', () => {
  const look = countBlockedTime(0, 0, 1_000);
  expect(look(0, 1_000)).toBe(1_000);
  expect(look(0, 3_600_000)).toBe(1_000);
  expect(look(1, 3_601_000)).toBe(0);
});
