/** Milliseconds in one second, minute, hour, day. */
export const MS_PER_SECOND = 1_000;
export const MS_PER_MINUTE = 60_000;
export const MS_PER_HOUR = 3_600_000;
export const MS_PER_DAY = 86_400_000;

const MS_PER_UNIT = {
  ms: 1,
  s: MS_PER_SECOND,
  m: MS_PER_MINUTE,
  h: MS_PER_HOUR,
  d: MS_PER_DAY,
} as const;

/**
 * `"500ms"`, `"30s"`, `"2m"`, `"1h"`, `"14d"` → milliseconds (an integer ≥ 0).
 * Anything else → `undefined`; the caller names the field.
 */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
  if (!match) return undefined;
  const unit = match[2] as keyof typeof MS_PER_UNIT;
  return Math.round(Number(match[1]) * MS_PER_UNIT[unit]);
}

/** Milliseconds → a short text for people: `850 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`, `3 d 2 h`. */
export function formatMs(durationMs: number): string {
  if (durationMs < MS_PER_SECOND) return `${Math.round(durationMs)} ms`;
  if (durationMs < MS_PER_MINUTE) return `${(Math.floor(durationMs / 100) / 10).toFixed(1)} s`;
  if (durationMs < MS_PER_HOUR) return pair(durationMs, MS_PER_MINUTE, 'min', MS_PER_SECOND, 's');
  if (durationMs < MS_PER_DAY) return pair(durationMs, MS_PER_HOUR, 'h', MS_PER_MINUTE, 'min');
  return pair(durationMs, MS_PER_DAY, 'd', MS_PER_HOUR, 'h');
}

function pair(totalMs: number, bigMs: number, big: string, smallMs: number, small: string): string {
  const rest = Math.floor((totalMs % bigMs) / smallMs);
  return `${Math.floor(totalMs / bigMs)} ${big}${rest > 0 ? ` ${rest} ${small}` : ''}`;
}

/** Cuts a text to `charsMax` characters, the last one an ellipsis, without splitting a surrogate pair. */
export function truncate(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const cut = text.slice(0, charsMax - 1);
  const last = cut.charCodeAt(cut.length - 1);
  return `${last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut}…`;
}

/** The earliest of some moments, of which any may be none; `undefined` when there is none. */
export function earliest(...timesMs: readonly (number | undefined)[]): number | undefined {
  const known = timesMs.filter((timeMs) => timeMs !== undefined && Number.isFinite(timeMs)) as number[];
  return known.length === 0 ? undefined : Math.min(...known);
}
