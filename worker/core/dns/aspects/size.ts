import type { Aspect } from '../aspect.ts';

/** Sizes, counts and truncation (B1–B7, B11, B13, B14). */
export const size: Aspect = { tasks: () => [], findings: () => [] };
