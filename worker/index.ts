import { app } from './app.ts';
import type { HubBindings } from './bindings.ts';
import { tickAll } from './cron.ts';

export { CheckObject } from './objects/check-object.ts';
export { DeployObject } from './objects/deploy-object.ts';
export { GroupObject } from './objects/group-object.ts';
export { NetworkObject } from './objects/network-object.ts';
export { RegionObject } from './objects/region-object.ts';
export { WorkerProbeObject } from './objects/worker-probe-object.ts';

export default {
  fetch: app.fetch,
  scheduled: (_controller: ScheduledController, bindings: HubBindings) => tickAll(bindings),
};
