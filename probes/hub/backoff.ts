/** First and longest pause between tries: soon enough for a burst, gentle enough for a hub that has just come up. */
export const BACKOFF_MS_MIN = 500;
export const BACKOFF_MS_MAX = 15_000;
/** A `Retry-After` is honoured up to this: an hour's silence because of a proxy's header would be an outage of ours. */
export const RETRY_AFTER_MS_MAX = 60_000;

/**
 * Pause after the `failures`-th failure in a row (from 1): doubling, and spread over its upper half by `chance` (0–1), so
 * that probes do not come back all at once. Milliseconds.
 */
export function backoffMs(
  failures: number,
  chance: number,
  minMs = BACKOFF_MS_MIN,
  maxMs = BACKOFF_MS_MAX,
): number {
  const fullMs = Math.min(maxMs, minMs * 2 ** Math.max(0, failures - 1));
  return Math.max(minMs, fullMs * (0.5 + chance / 2));
}

/**
 * A `Retry-After` header (RFC 9110 section 10.2.3: seconds, or a date) as milliseconds from now, at most
 * `RETRY_AFTER_MS_MAX`. Absent or unreadable → `undefined`.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const waitMs = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, waitMs));
}
