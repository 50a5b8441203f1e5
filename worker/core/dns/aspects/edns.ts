import type { Aspect } from '../aspect.ts';

/** EDNS compliance (B9, B10). */
export const edns: Aspect = { tasks: () => [], findings: () => [] };
