import type { Aspect } from '../aspect.ts';

/** What each client would get (B16). */
export const profiles: Aspect = { tasks: () => [], findings: () => [] };
