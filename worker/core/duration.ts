import { z } from 'zod';
import { parseDurationMs } from './units.ts';

const EXPECTED = 'expected a duration such as "30s", "2m" or "500ms"';

/** A duration as text in the configuration, milliseconds once parsed, within bounds given in milliseconds. */
export function duration(minMs: number, maxMs: number) {
  return z.string(EXPECTED).transform((text, context) => {
    const durationMs = parseDurationMs(text);
    if (durationMs === undefined || durationMs < minMs || durationMs > maxMs) {
      context.addIssue({
        code: 'custom',
        message: durationMs === undefined ? EXPECTED : `expected ${minMs} to ${maxMs} ms`,
        input: text,
      });
      return z.NEVER;
    }
    return durationMs;
  });
}
