/**
 * `Retry-After` in milliseconds from `nowMs`: delay seconds or an HTTP date (RFC 9110, section 10.2.3).
 * `undefined` when absent, unreadable or past.
 */
export function retryAfterMsOf(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // Every form of an HTTP date begins with a weekday; Date.parse alone takes "-5" for a year.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const delayMs = Date.parse(text) - nowMs;
  return delayMs > 0 ? delayMs : undefined;
}
