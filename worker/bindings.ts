import type { CheckRpc, GroupRpc, RegionRpc, WorkerProbeRpc } from './objects/rpc.ts';
import type { DeployRpc } from './objects/deploy-rpc.ts';
import type { NetworkRpc } from './objects/network-rpc.ts';

/** What the platform gives the hub. Secrets are read through `parseEnv` and `secretOf` only. */
export type HubBindings = {
  CHECKS: DurableObjectNamespace<CheckRpc>;
  REGIONS: DurableObjectNamespace<RegionRpc>;
  /** One object; see `GROUP_NAME`. */
  GROUPS: DurableObjectNamespace<GroupRpc>;
  /** One object; see `NETWORK_NAME`. */
  NETWORK: DurableObjectNamespace<NetworkRpc>;
  /** One per region without probes: the hub asks from there by itself. */
  WORKER_PROBES: DurableObjectNamespace<WorkerProbeRpc>;
  /** One per service; its name is the service's id. */
  DEPLOYS: DurableObjectNamespace<DeployRpc>;
  DB: D1Database;
  ARTIFACTS: R2Bucket;
};
