import type { Aspect } from '../aspect.ts';

/** DoT, DoH, and the same answer on every transport (F1–F4). */
export const encrypted: Aspect = { tasks: () => [], findings: () => [] };
