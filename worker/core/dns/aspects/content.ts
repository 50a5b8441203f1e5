import type { Aspect } from '../aspect.ts';

/** What the answer says: the expected records, special and duplicate addresses, HTTPS hints, usable addresses, the allow-list (C1–C9). */
export const content: Aspect = { tasks: () => [], findings: () => [] };
