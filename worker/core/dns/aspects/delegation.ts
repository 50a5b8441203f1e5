import type { Aspect } from '../aspect.ts';

/** The zone's servers and its delegation (D1–D10, B12). */
export const delegation: Aspect = { tasks: () => [], findings: () => [] };
