import { truncate } from '#core/units.ts';

export type LogLevel = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
/** Says that something happened: an event's name in kebab-case, and what a person needs to judge it. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** Characters of one text in a line: an error's head; keeps a line under what log shippers cut. */
const FIELD_CHARS_MAX = 500;

/** One JSON line per event on stderr: `{"at":"2026-…Z","level":"info","event":"run-finished",…}`. */
export const log: Log = (level, event, fields = {}) => {
  const shortened = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? truncate(value, FIELD_CHARS_MAX) : value,
  ]);
  console.error(
    JSON.stringify({ at: new Date().toISOString(), level, event, ...Object.fromEntries(shortened) }),
  );
};

/** The message of anything thrown, with the system's error code and the cause's message when it lacks them. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = errorCode(error);
  const { cause } = error;
  const because =
    cause instanceof Error && !error.message.includes(cause.message) ? ` (${errorText(cause)})` : '';
  return `${code !== undefined && !error.message.includes(code) ? `${code}: ` : ''}${error.message || error.name}${because}`;
}

/** `ENOSPC`, `ECONNREFUSED` and their kin; `undefined` for an error without a code. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
