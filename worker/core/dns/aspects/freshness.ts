import type { Aspect } from '../aspect.ts';

/** TTLs, stale answers and latency (E1, E2, E4, E6). */
export const freshness: Aspect = { tasks: () => [], findings: () => [] };
