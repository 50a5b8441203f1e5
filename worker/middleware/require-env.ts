import { createMiddleware } from 'hono/factory';
import { parseEnv } from '../env.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';

/** Refuses every request while a secret is missing or unusable, and names it: a secret has no default. */
export const requireEnv = createMiddleware<Hub>(async function requireEnv(c, next) {
  const env = parseEnv(c.env);
  if (!env.ok) {
    const what = env.problems.map(({ name, expected }) => `${name} (expected ${expected})`).join(', ');
    throw new AppError('misconfigured', `the hub's environment is not complete: ${what}`);
  }
  c.set('secrets', env.secrets);
  await next();
});
