import { createMiddleware } from 'hono/factory';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { verifyProbeToken } from '../probe-token.ts';
import { config } from '../settings.ts';

/** Lets in whoever has a probe token of a region that the configuration has, and says whom it speaks for. */
export const probeAuth = createMiddleware<Hub>(async function probeAuth(c, next) {
  const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (token === undefined)
    throw new AppError('unauthenticated', 'expected a probe token: Authorization: Bearer <token>');
  const identity = await verifyProbeToken(c.get('secrets').probeTokenKeys, token);
  if (!identity) throw new AppError('unauthenticated', 'the probe token is not valid');
  if (!config.regions.some((region) => region.id === identity.region))
    throw new AppError('forbidden', `the configuration has no region ${identity.region}`);
  c.set('probe', identity);
  await next();
});
