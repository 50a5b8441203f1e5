import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { AppError } from '../errors.ts';

/** Refuses a body over `bytesMax`, before it is read where its length is told. */
export function bodySize(bytesMax: number): MiddlewareHandler {
  return bodyLimit({
    maxSize: bytesMax,
    onError: () => {
      throw new AppError('too-large', `expected a body of at most ${bytesMax} bytes`);
    },
  });
}
