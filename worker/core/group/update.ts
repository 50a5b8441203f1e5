import { deliveriesOf } from '../outbox.ts';
import { isSettled, type Delivery } from '../delivery.ts';
import { newestPage } from '../follow-ups.ts';
import type { OutboxPolicy } from '../policy.ts';
import type { Page } from '../page.ts';

/** Checks that fall together join within a second: one message tells of them all. */
const GATHER_MS = 1_000;

/**
 * The deliveries that a changed page makes new or changes: an update for each channel that has the page, gathered with one
 * that has not gone out yet; and what is still to be sent of the page itself says the new instead of the old.
 */
export function updatesOf(
  page: Page,
  policy: OutboxPolicy,
  existing: readonly Delivery[],
  nowMs: number,
): Delivery[] {
  const same = existing.filter((delivery) => delivery.page.dedupKey === page.dedupKey);
  const triggers = same.filter(({ event }) => event === 'trigger');
  const isUnsent = ({ state, attempts }: Delivery): boolean => state === 'pending' && attempts === 0;
  const renewed = triggers
    .filter((trigger) => !isSettled(trigger))
    .map((trigger) => ({ ...trigger, page: newestPage(trigger.page, [page]) }));
  const updates = deliveriesOf(page, policy, existing, nowMs)
    // Where nothing has been sent yet, the page says it by itself.
    .filter(({ channel }) => !triggers.some((trigger) => trigger.channel === channel && isUnsent(trigger)))
    .map((update) => {
      const gathered = same.find(
        (other) => other.event === 'update' && other.channel === update.channel && isUnsent(other),
      );
      return gathered ? { ...gathered, page } : { ...update, dueAtMs: nowMs + GATHER_MS };
    });
  return [...renewed, ...updates];
}
