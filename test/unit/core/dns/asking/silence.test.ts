import { expect, test } from 'vitest';
import { cutTrouble } from '#core/dns/asking/silence.ts';

test('a question that the end of the run cut off was met with silence after a second; a slow server takes less', () => {
  expect(cutTrouble(1_000)).toEqual({ class: 'TIMEOUT', message: 'no answer within 1000 ms' });
  expect(cutTrouble(900)).toMatchObject({ class: 'NOT_MEASURABLE', probeFault: true });
});
