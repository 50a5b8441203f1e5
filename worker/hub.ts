import type { RequestIdVariables } from 'hono/request-id';
import type { HubBindings } from './bindings.ts';
import type { HubSecrets } from './env.ts';
import type { ProbeIdentity } from './probe-token.ts';

/** What the hub's routes and middleware share: bindings, and what earlier middleware has worked out. */
export type Hub = {
  Bindings: HubBindings;
  Variables: RequestIdVariables & {
    /** Set by `requireEnv`. */
    secrets: HubSecrets;
    /** Set by `probeAuth`. */
    probe: ProbeIdentity;
    /** Set by `serviceAuth`: the service whose token it is. */
    service: string;
  };
};
