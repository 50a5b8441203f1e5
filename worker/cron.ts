import { MS_PER_SECOND } from '#core/units.ts';
import type { HubBindings } from './bindings.ts';
import { withDeadline } from './deadline.ts';
import { logError } from './log.ts';
import { Semaphore } from './semaphore.ts';
import { config } from './settings.ts';

/** A check whose object does not answer must not keep the others from being asked. */
const TICK_TIMEOUT_MS = 20 * MS_PER_SECOND;
/** Six connections may wait at once in one invocation, and `wrangler dev` does not enforce it. */
const CHECKS_AT_ONCE_MAX = 6;

/**
 * Once a minute asks every check to do what time asks for. Nothing waits for it: it is there for an object whose timer and
 * alarm have both been lost. Never rejects.
 */
export async function tickChecks(bindings: Pick<HubBindings, 'CHECKS'>): Promise<void> {
  const slots = new Semaphore(CHECKS_AT_ONCE_MAX);
  await Promise.all(
    config.checks.map(({ id }) =>
      slots.run(async () => {
        try {
          await withDeadline(bindings.CHECKS.getByName(id).tick(), TICK_TIMEOUT_MS, `check ${id}`);
        } catch (error) {
          logError('check-not-ticked', error, { check: id });
        }
      }),
    ),
  );
}
