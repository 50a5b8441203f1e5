import { truncate } from '#core/units.ts';

/** Characters of a line on the terminal: two rows of it. */
const LINE_CHARS_MAX = 200;
/** Events without a level that somebody at the terminal wants to see. */
const NOTEWORTHY = /^(page|incident|notice|burst)-/;
/** Said by every line already. */
const HIDDEN_FIELDS = new Set(['at', 'level', 'event', 'stack']);

/**
 * One line of a part's log for the terminal: `12:03:44 hub  page accepted  check=portal-login seq=1`. `undefined` for
 * what is everyday business, unless `verbose`.
 */
export function terminalLine(
  part: string,
  line: string,
  nowMs: number,
  verbose: boolean,
): string | undefined {
  const event = eventOf(line);
  if (event === undefined) return isIdleTalk(line, verbose) ? undefined : format(part, nowMs, line);
  if (!verbose && !isNoteworthy(event)) return undefined;
  const fields = Object.entries(event)
    .filter(([name, value]) => !HIDDEN_FIELDS.has(name) && value !== undefined && value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const words = typeof event.event === 'string' ? event.event.replaceAll('-', ' ') : 'ready';
  return format(part, nowMs, [words, ...fields].join(' '));
}

function isNoteworthy(event: Record<string, unknown>): boolean {
  if (event.level === 'warn' || event.level === 'error' || 'error' in event) return true;
  if ('outcome' in event) return event.outcome !== 'pass';
  return typeof event.event === 'string' && NOTEWORTHY.test(event.event);
}

function format(part: string, nowMs: number, text: string): string {
  const time = new Date(nowMs).toTimeString().slice(0, 8);
  return truncate(`${time} ${part.padEnd(9)} ${text.replaceAll(/[\s\p{Cc}]+/gu, ' ')}`, LINE_CHARS_MAX);
}

/** workerd marks so what it says of itself and does not want to be asked about. */
function isIdleTalk(line: string, verbose: boolean): boolean {
  return line.trim() === '' || (!verbose && line.startsWith('NOSENTRY'));
}

function eventOf(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
