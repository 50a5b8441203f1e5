import type { CheckObject } from './objects/check-object.ts';
import type { RegionObject } from './objects/region-object.ts';

/** What the platform gives the hub. Secrets are read through `parseEnv` and `secretOf` only. */
export type HubBindings = {
  CHECKS: DurableObjectNamespace<CheckObject>;
  REGIONS: DurableObjectNamespace<RegionObject>;
  DB: D1Database;
  ARTIFACTS: R2Bucket;
};
