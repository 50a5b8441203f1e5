import type { Check } from '#core/config.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';
import { Semaphore } from '../semaphore.ts';

/** A region that has not answered by then must not hold up the others' verdict. */
const ASK_TIMEOUT_MS = 2_000;
/** Six connections may wait at once in one invocation: two stay free for pages. */
const ASKED_AT_ONCE_MAX = 4;

/** What the regions' objects answered. A region whose object did not answer is in neither list. */
export type Asked = { askedAtMs: number; liveRegions: string[]; silentRegions: string[] };

/**
 * Asks every region of a check to run it now, within `deadlineMs` if that is given, in parallel. Never throws: an object
 * that does not answer tells nothing of its probes.
 */
export async function askRegions(
  regions: HubBindings['REGIONS'],
  check: Check,
  deadlineMs: number | undefined,
  nowMs: number,
): Promise<Asked> {
  const slots = new Semaphore(ASKED_AT_ONCE_MAX);
  const answers = await Promise.all(
    check.regions.map((region) =>
      slots.run(async () => {
        try {
          const asked = regions.getByName(region).runNow(check.id, 'burst', deadlineMs);
          return (await withDeadline(asked, ASK_TIMEOUT_MS, `region ${region}`)).live;
        } catch (error) {
          logError('region-not-asked', error, { check: check.id, region });
          return undefined;
        }
      }),
    ),
  );
  return {
    askedAtMs: nowMs,
    liveRegions: check.regions.filter((_region, index) => answers[index] === true),
    silentRegions: check.regions.filter((_region, index) => answers[index] === false),
  };
}
