import type { CheckRpc, RegionRpc } from './objects/rpc.ts';

/** What the platform gives the hub. Secrets are read through `parseEnv` and `secretOf` only. */
export type HubBindings = {
  CHECKS: DurableObjectNamespace<CheckRpc>;
  REGIONS: DurableObjectNamespace<RegionRpc>;
  DB: D1Database;
  ARTIFACTS: R2Bucket;
};
