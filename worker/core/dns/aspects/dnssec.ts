import type { Aspect } from '../aspect.ts';

/** Signatures and the chain of trust (E7–E10). */
export const dnssec: Aspect = { tasks: () => [], findings: () => [] };
