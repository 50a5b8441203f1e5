import { isKnownBad, RECENT_KEPT, type RegionState } from './region.ts';

/** Share of weighted changes at which a check begins and ends to flap (Nagios: `high_flap_threshold` 30, low 20 of a host). */
const BEGINS_AT = 0.3;
const ENDS_BELOW = 0.2;
/** The newest change weighs half as much again as the oldest (Nagios: 0.8 to 1.2). */
const WEIGHT_OLDEST = 0.8;
const WEIGHT_NEWEST = 1.2;
/** A flapping check's incident is held this many times as long before it counts as over. Never a reason not to page. */
export const FLAPPING_HOLDS = 2;

/** Whether a check that has had these outcomes flaps, given whether it did before. `recent`: oldest first. */
export function isFlapping(recent: string, before: boolean): boolean {
  const changesMax = RECENT_KEPT - 1;
  let weighted = 0;
  // The ring may not be full yet: the newest outcome has the newest weight all the same.
  for (let index = 1; index < recent.length; index++) {
    if (recent[index] === recent[index - 1]) continue;
    const place = changesMax - (recent.length - 1 - index);
    weighted += WEIGHT_OLDEST + ((WEIGHT_NEWEST - WEIGHT_OLDEST) * (place - 1)) / (changesMax - 1);
  }
  return weighted / changesMax >= (before ? ENDS_BELOW : BEGINS_AT);
}

/** Whether most regions see the check flap. One that fails now and then by itself is no flapping of the target. */
export function flapsMostly(regions: Record<string, RegionState>, before: boolean): boolean {
  const members = Object.values(regions).filter((region) => !isKnownBad(region));
  const flapping = members.filter(({ recent }) => isFlapping(recent.replaceAll('i', ''), before));
  return flapping.length * 2 > members.length;
}
