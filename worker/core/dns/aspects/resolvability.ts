import type { Aspect } from '../aspect.ts';

/** Whether the name resolves (A1–A9). */
export const resolvability: Aspect = { tasks: () => [], findings: () => [] };
