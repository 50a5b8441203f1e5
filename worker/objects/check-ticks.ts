import { MS_PER_SECOND } from '#core/units.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';
import { Semaphore } from '../semaphore.ts';
import { config } from '../settings.ts';

/** An object that does not answer must not keep the others from being asked. */
const TICK_TIMEOUT_MS = 20 * MS_PER_SECOND;
/** Six connections may wait at once in one invocation, and `wrangler dev` does not enforce it: two stay free for pages. */
const CHECKS_AT_ONCE_MAX = 4;

/**
 * Asks every check to do what time asks for: for an object whose timer and alarm have both been lost. Resolves when all
 * have answered or had their time; never rejects.
 */
export async function tickChecks(checks: HubBindings['CHECKS']): Promise<void> {
  const slots = new Semaphore(CHECKS_AT_ONCE_MAX);
  await Promise.all(
    config.checks.map(({ id }) =>
      slots.run(async () => {
        try {
          await withDeadline(checks.getByName(id).tick(), TICK_TIMEOUT_MS, `check ${id}`);
        } catch (error) {
          logError('check-not-ticked', error, { check: id });
        }
      }),
    ),
  );
}
