import type { Context } from 'hono';
import type { z } from 'zod';
import { parseWith, type Problem } from '#core/problem.ts';
import { AppError } from '../errors.ts';

/**
 * The body, parsed. `what` names it in an error, such as `the announcement`; `tell` leaves out of the problems what must not be
 * told. The content type is nobody's business: `curl -d` sends its own.
 * @throws AppError telling every problem
 */
export async function jsonBody<T>(
  c: Context,
  schema: z.ZodType<T>,
  what: string,
  tell: (problems: readonly Problem[]) => readonly Problem[] = (problems) => problems,
): Promise<T> {
  const parsed = parseWith(schema, await jsonOf(c, what));
  if (!parsed.ok) throw new AppError('bad-request', `${what} is not valid`, tell(parsed.problems));
  return parsed.value;
}

async function jsonOf(c: Context, what: string): Promise<unknown> {
  // workerd warns of text that calls itself a form, as `curl -d` does.
  const text = new TextDecoder().decode(await c.req.arrayBuffer());
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // V8 quotes what it could not read; there may be a secret in it.
    const at = /at position \d+(?: \(line \d+ column \d+\))?/.exec(error.message)?.[0];
    const where =
      text.trim() === '' ? 'got an empty body' : `it is not JSON${at === undefined ? '' : ` ${at}`}`;
    throw new AppError('bad-request', `expected ${what} as JSON; ${where}`);
  }
}
