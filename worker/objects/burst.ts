import type { Check } from '#core/config.ts';
import type { CheckState } from '#core/check-state.ts';
import { SILENT_AFTER_MS } from '#core/wire.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';
import { Semaphore } from '../semaphore.ts';

/** A region that has not answered by then must not hold up the others' verdict. */
const ASK_TIMEOUT_MS = 2_000;
/** Six connections may wait at once in one invocation: two stay free for pages. */
const ASKED_AT_ONCE_MAX = 4;

/**
 * Asks every region of a check to run it now, within `deadlineMs` if that is given, in parallel. Resolves to the regions that are live. An object that does
 * not answer tells nothing of its probes: its region is live when the check itself has heard from it lately. Never
 * throws.
 */
export async function askRegions(
  regions: HubBindings['REGIONS'],
  check: Check,
  state: CheckState,
  deadlineMs: number | undefined,
  clock: () => number,
): Promise<string[]> {
  const slots = new Semaphore(ASKED_AT_ONCE_MAX);
  const answers = await Promise.all(
    check.regions.map((region) =>
      slots.run(async () => {
        try {
          const asked = regions.getByName(region).runNow(check.id, 'burst', deadlineMs);
          return (await withDeadline(asked, ASK_TIMEOUT_MS, `region ${region}`)).live;
        } catch (error) {
          logError('region-not-asked', error, { check: check.id, region });
          const heardAtMs = state.regions[region]?.heardAtMs ?? 0;
          return clock() - heardAtMs <= SILENT_AFTER_MS;
        }
      }),
    ),
  );
  return check.regions.filter((_region, index) => answers[index]);
}
