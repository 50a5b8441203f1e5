import { createMiddleware } from 'hono/factory';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { config } from '../settings.ts';

/**
 * Refuses every request that may change something and comes from another site. `hono/csrf` looks at forms only; here
 * nothing passes that does not prove where it comes from, whatever its content type.
 */
export const sameOrigin = createMiddleware<Hub>(async function sameOrigin(c, next) {
  if (!['GET', 'HEAD'].includes(c.req.method)) {
    const origin = c.req.header('origin');
    // Browsers send `sec-fetch-site` over https and to loopback only; behind a proxy the hub's own origin is another.
    const own = [new URL(c.req.url).origin, new URL(config.publicUrl).origin];
    const isOwn = c.req.header('sec-fetch-site') === 'same-origin' || own.includes(origin ?? '');
    if (!isOwn)
      throw new AppError(
        'forbidden',
        `expected a request from the hub's own pages, got one from ${origin ?? 'nowhere'}`,
      );
  }
  await next();
});
