import { MS_PER_SECOND } from '#core/units.ts';
import type { HubBindings } from './bindings.ts';
import { withDeadline } from './deadline.ts';
import { logError } from './log.ts';
import { NETWORK_NAME } from './objects/network-rpc.ts';
import { Semaphore } from './semaphore.ts';
import { config } from './settings.ts';

/** An object that does not answer must not keep the others from being asked. */
const TICK_TIMEOUT_MS = 20 * MS_PER_SECOND;
/** Six connections may wait at once in one invocation, and `wrangler dev` does not enforce it. */
const OBJECTS_AT_ONCE_MAX = 6;

/**
 * Once a minute asks the network and every check to do what time asks for. Nothing waits for it: it is there for an object
 * whose timer and alarm have both been lost, and starts the network's. Never rejects.
 */
export async function tickAll(bindings: Pick<HubBindings, 'CHECKS' | 'NETWORK'>): Promise<void> {
  const slots = new Semaphore(OBJECTS_AT_ONCE_MAX);
  const tick = (name: string, ask: () => Promise<void>): Promise<void> =>
    slots.run(async () => {
      try {
        await withDeadline(ask(), TICK_TIMEOUT_MS, name);
      } catch (error) {
        logError('object-not-ticked', error, { name });
      }
    });
  await Promise.all([
    tick('network', () => bindings.NETWORK.getByName(NETWORK_NAME).tick()),
    ...config.checks.map(({ id }) => tick(`check ${id}`, () => bindings.CHECKS.getByName(id).tick())),
  ]);
}
