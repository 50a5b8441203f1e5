import { truncate } from '#core/units.ts';

/** What a log line may carry. Never a token or the value of a secret. */
export type LogFields = Record<string, string | number | boolean | undefined | null>;

/** Characters of one value: a stack's head. */
const VALUE_CHARS_MAX = 2_000;

/** One event as one line of JSON on the Worker's log. */
export function log(event: string, fields: LogFields = {}): void {
  const bounded = Object.entries(fields).map(([key, value]) => [
    key,
    typeof value === 'string' ? truncate(value, VALUE_CHARS_MAX) : value,
  ]);
  console.log(JSON.stringify({ event, ...Object.fromEntries(bounded) }));
}

/** An error as one line; its stack only goes to the log. */
export function logError(event: string, error: unknown, fields: LogFields = {}): void {
  log(event, {
    ...fields,
    error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
