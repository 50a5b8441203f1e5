import { createMiddleware } from 'hono/factory';
import type { Hub } from '../hub.ts';

/** A page that needs more than nothing sets its own policy. */
const DEFAULT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Headers that keep an answer from being sniffed, framed, cached or told to others. */
export const securityHeaders = createMiddleware<Hub>(async function securityHeaders(c, next) {
  await next();
  // A copied upgrade would lose its socket.
  if (c.res.status === 101) return;
  const { headers } = c.res;
  if (!headers.has('content-security-policy')) c.header('content-security-policy', DEFAULT_POLICY);
  if (!headers.has('cache-control')) c.header('cache-control', 'no-store');
  c.header('x-content-type-options', 'nosniff');
  c.header('x-frame-options', 'DENY');
  c.header('referrer-policy', 'no-referrer');
  c.header('cross-origin-opener-policy', 'same-origin');
  c.header('cross-origin-resource-policy', 'same-origin');
  if (new URL(c.req.url).protocol === 'https:')
    c.header('strict-transport-security', 'max-age=63072000; includeSubDomains');
});
