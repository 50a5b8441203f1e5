import { MS_PER_SECOND } from '#core/units.ts';
import type { HubBindings } from './bindings.ts';
import { withDeadline } from './deadline.ts';
import { logError } from './log.ts';
import { tickChecks, tickServices } from './objects/ticks.ts';
import { wakeWorkerProbe } from './objects/worker-probe-rpc.ts';
import { workerRegions } from './settings.ts';
import { NETWORK_NAME } from './objects/network-rpc.ts';

/** The network's object looks at every region; one that does not answer must not keep the checks from being asked. */
const NETWORK_TIMEOUT_MS = 20 * MS_PER_SECOND;

/**
 * Once a minute asks the network, every check and every service to do what time asks for. Nothing waits for it: it is there for an object
 * whose timer and alarm have both been lost, and starts the network's and those of regions without probes. Never rejects.
 */
export async function tickAll(
  bindings: Pick<HubBindings, 'CHECKS' | 'DEPLOYS' | 'NETWORK' | 'WORKER_PROBES'>,
): Promise<void> {
  await Promise.all([
    tickNetwork(bindings),
    tickChecks(bindings.CHECKS),
    tickServices(bindings.DEPLOYS),
    ...workerRegions.map((region) => wakeWorkerProbe(bindings, region)),
  ]);
}

async function tickNetwork({ NETWORK }: Pick<HubBindings, 'NETWORK'>): Promise<void> {
  try {
    await withDeadline(NETWORK.getByName(NETWORK_NAME).tick(), NETWORK_TIMEOUT_MS, 'the network');
  } catch (error) {
    logError('network-not-ticked', error);
  }
}
