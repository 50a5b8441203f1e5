/**
 * What pages are about that are of no check: too few live regions, and drills. They stand in the place of a check's id:
 * dedup keys are `network:<seq>` and `drill:<n>`, so no check may be called so.
 */
export const NETWORK_SUBJECTS = ['network', 'drill'] as const;
export type NetworkSubject = (typeof NETWORK_SUBJECTS)[number];

/** Whether a page's `check` is one of ours and no check's id. */
export function isNetworkSubject(check: string): check is NetworkSubject {
  return NETWORK_SUBJECTS.some((subject) => subject === check);
}
