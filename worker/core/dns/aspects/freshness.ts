import type { Aspect } from './aspect.ts';
import { combined } from './combined.ts';
import { latency } from './freshness/latency.ts';
import { negativeTtl } from './freshness/negative-ttl.ts';
import { stale } from './freshness/stale.ts';
import { ttl } from './freshness/ttl.ts';

/** TTLs, stale answers and latency (E1, E2, E4, E6). */
export const freshness: Aspect = combined([ttl, negativeTtl, stale, latency]);
