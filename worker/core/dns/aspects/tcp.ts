import type { Aspect } from '../aspect.ts';

/** TCP behaviour (B8). */
export const tcp: Aspect = { tasks: () => [], findings: () => [] };
