import type { Inquiry } from './inquiry.ts';
import type { Server } from './server.ts';

/** Whom a question is put to, as whom. */
export type Audience = { servers: readonly Server[]; recursionDesired: boolean };

export function resolversOf({ settings }: Inquiry): Audience {
  return { servers: settings.resolvers, recursionDesired: true };
}

export function authoritiesOf({ authorities }: Inquiry): Audience {
  return { servers: authorities ?? [], recursionDesired: false };
}
