import type { RegionAnswer } from '#core/network/sight.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';
import { Semaphore } from '../semaphore.ts';

/** A region that has not answered by then must not hold up what the others say. */
const ASK_TIMEOUT_MS = 2_000;
/** Six connections may wait at once in one invocation: two stay free for pages. */
const ASKED_AT_ONCE_MAX = 4;

/** Asks these regions' objects for signs of life. One that does not answer in time is left out. Never throws. */
export async function askLiveness(
  regions: HubBindings['REGIONS'],
  ids: readonly string[],
): Promise<Record<string, RegionAnswer>> {
  const slots = new Semaphore(ASKED_AT_ONCE_MAX);
  const answers = await Promise.all(
    ids.map((id) =>
      slots.run(async (): Promise<[string, RegionAnswer][]> => {
        try {
          const asked = regions.getByName(id).liveness();
          const { lastHeardMs, evaluatedMs } = await withDeadline(asked, ASK_TIMEOUT_MS, `region ${id}`);
          return [[id, { lastHeardMs, evaluatedMs }]];
        } catch (error) {
          logError('region-does-not-answer', error, { region: id });
          return [];
        }
      }),
    ),
  );
  return Object.fromEntries(answers.flat());
}
