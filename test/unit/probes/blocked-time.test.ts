import { expect, test } from 'vitest';
import { BEAT_MS, BlockedTime } from '#probes/blocked-time.ts';

test('time without a beat adds up, look by look; a beat ends it', () => {
  const blocked = new BlockedTime(7, 0);
  expect(blocked.look(7, BEAT_MS)).toBe(BEAT_MS);
  expect(blocked.look(7, 2 * BEAT_MS + 5)).toBe(2 * BEAT_MS + 5);
  expect(blocked.look(8, 3 * BEAT_MS)).toBe(0);
  expect(blocked.look(8, 4 * BEAT_MS)).toBe(BEAT_MS);
});

test('a machine that was suspended for an hour, or a process that was stopped, was not blocked', () => {
  const blocked = new BlockedTime(0, 0);
  expect(blocked.look(0, BEAT_MS)).toBe(BEAT_MS);
  const awakeMs = 3_600_000;
  expect(blocked.look(0, awakeMs)).toBe(BEAT_MS);
  expect(blocked.look(1, awakeMs + BEAT_MS)).toBe(0);
});
