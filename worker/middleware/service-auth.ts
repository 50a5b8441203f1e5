import { createMiddleware } from 'hono/factory';
import { MS_PER_MINUTE, MS_PER_SECOND } from '#core/units.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { verifyServiceToken } from '../service-token.ts';
import { AttemptLimit } from './attempt-limit.ts';

/**
 * Wrong tokens answered in a minute, of everybody together and in each isolate. A token cannot be guessed; this keeps the log
 * readable. The right one is always let in.
 */
const ATTEMPTS_MAX = 10;

const attempts = new AttemptLimit(ATTEMPTS_MAX, MS_PER_MINUTE);

/** Lets in whoever has a service's token, and says of which service. */
export const serviceAuth = createMiddleware<Hub>(async function serviceAuth(c, next) {
  const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined)
    throw new AppError('unauthenticated', 'expected a service token: Authorization: Bearer <token>');
  const nowMs = Date.now();
  const verdict = await verifyServiceToken(c.get('secrets').probeTokenKeys, token, nowMs);
  if (verdict.state !== 'good') {
    const waitMs = attempts.waitMs(nowMs);
    if (waitMs > 0)
      throw new AppError(
        'too-many',
        `too many wrong tokens; try again in ${Math.ceil(waitMs / MS_PER_SECOND)} s`,
      );
    attempts.failed(nowMs);
    throw new AppError(
      'unauthenticated',
      verdict.state === 'expired'
        ? `the service token of ${verdict.service} expired at ${new Date(verdict.expiredAtMs).toISOString()}`
        : 'the service token is not valid',
    );
  }
  c.set('service', verdict.service);
  return next();
});

/** @throws AppError when the token is of another service than `service`, which came in `field` */
export function mustBeOf(own: string, field: string, service: string): void {
  if (service === own) return;
  throw new AppError(
    'forbidden',
    `${field}: expected ${own}, whose token this is, got ${service.slice(0, 100)}`,
  );
}
