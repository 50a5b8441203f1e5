import { expect, test } from 'vitest';
import {
  backoffMs,
  BACKOFF_MS_MAX,
  BACKOFF_MS_MIN,
  RETRY_AFTER_MS_MAX,
  retryAfterMs,
} from '#probes/hub/backoff.ts';

const NOW_MS = Date.parse('2026-11-21T12:00:00Z');

test('pauses double from half a second to a quarter of a minute, spread over the upper half', () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 7, 100].map((failures) => backoffMs(failures, 1));
  expect(ceilings).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  expect(backoffMs(1, 0)).toBe(BACKOFF_MS_MIN);
  expect(backoffMs(4, 0)).toBe(2_000);
  expect(backoffMs(1_000_000, 0)).toBe(BACKOFF_MS_MAX / 2);
});

test.each([
  [null, undefined],
  ['', undefined],
  ['soon', undefined],
  ['0', 0],
  [' 7 ', 7_000],
  ['3600', RETRY_AFTER_MS_MAX],
  ['Sat, 21 Nov 2026 12:00:20 GMT', 20_000],
  ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
])('Retry-After %j is %j ms', (header, expected) => {
  expect(retryAfterMs(header, NOW_MS)).toBe(expected);
});
