import { formatMs, MS_PER_DAY, MS_PER_MINUTE, MS_PER_SECOND } from '#core/units.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `03:12:05 UTC`, with the date when it is more than half a day from `nowMs`. app.js puts it into local time. */
export function clockText(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const time = at.toISOString().slice(11, 19);
  const day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
  return Math.abs(nowMs - atMs) > MS_PER_DAY / 2 ? `${day}, ${time} UTC` : `${time} UTC`;
}

/** A time passed, for people: whole seconds below a minute, because app.js counts it on once a second. */
export function elapsedText(ms: number): string {
  const positiveMs = Math.max(0, ms);
  return positiveMs < MS_PER_MINUTE ? `${Math.floor(positiveMs / MS_PER_SECOND)} s` : formatMs(positiveMs);
}

/** A configured duration: `30 s`, not `30.0 s`. */
export function durationText(ms: number): string {
  return formatMs(ms).replace('.0 s', ' s');
}

/** A point in time, absolute. */
export function Clock({ atMs, nowMs }: { atMs: number; nowMs: number }) {
  return (
    <time datetime={new Date(atMs).toISOString()} data-clock="">
      {clockText(atMs, nowMs)}
    </time>
  );
}

/** How long ago something was: app.js keeps counting. */
export function Elapsed({ sinceMs, nowMs }: { sinceMs: number; nowMs: number }) {
  return <span data-since={sinceMs}>{elapsedText(nowMs - sinceMs)}</span>;
}

/** Absolute and relative: `03:12:05 UTC, 12 s ago`. */
export function Moment({ atMs, nowMs }: { atMs: number; nowMs: number }) {
  return (
    <span class="moment">
      <Clock atMs={atMs} nowMs={nowMs} />,{' '}
      <span class="ago">
        <Elapsed sinceMs={atMs} nowMs={nowMs} /> ago
      </span>
    </span>
  );
}
