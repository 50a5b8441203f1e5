import { MS_PER_SECOND } from '#core/units.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';
import { Semaphore } from '../semaphore.ts';
import { config } from '../settings.ts';

/** An object that does not answer must not keep the others from being asked. */
const TICK_TIMEOUT_MS = 20 * MS_PER_SECOND;
/** Six connections may wait at once in one invocation, and `wrangler dev` does not enforce it: two stay free for pages. */
const OBJECTS_AT_ONCE_MAX = 4;

/**
 * Asks every check to do what time asks for: for an object whose timer and alarm have both been lost. Resolves when all
 * have answered or had their time; never rejects.
 */
export async function tickChecks(checks: HubBindings['CHECKS']): Promise<void> {
  const slots = new Semaphore(OBJECTS_AT_ONCE_MAX);
  await Promise.all(
    config.checks.map(({ id }) => tick(slots, () => checks.getByName(id).tick(), { check: id })),
  );
}

/** The same of every service of the configuration. */
export async function tickServices(deploys: HubBindings['DEPLOYS']): Promise<void> {
  const slots = new Semaphore(OBJECTS_AT_ONCE_MAX);
  await Promise.all(
    config.services.map(({ id }) => tick(slots, () => deploys.getByName(id).tick(), { service: id })),
  );
}

async function tick(
  slots: Semaphore,
  ask: () => Promise<void>,
  object: { check: string } | { service: string },
): Promise<void> {
  await slots.run(async () => {
    try {
      await withDeadline(ask(), TICK_TIMEOUT_MS, Object.entries(object).flat().join(' '));
    } catch (error) {
      logError('object-not-ticked', error, object);
    }
  });
}
