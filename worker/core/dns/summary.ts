import type { Inquiry } from './aspect.ts';
import type { DnsSummary } from './evidence.ts';

/** What only a memory of other runs can judge, taken from this one. */
export function summaryOf(_inquiry: Inquiry): DnsSummary {
  return { measured: [], addresses: [], samples: 0, perAnswer: 0, serials: [], resolvers: [], ranges: [] };
}
