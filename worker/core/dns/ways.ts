import type { Vantage } from './aspect.ts';
import type { Query } from './exchange.ts';
import { plainQuery, transportsTo, type Asked } from './question.ts';

/**
 * The ways of putting a question that sizes are read by (reference: dns, section 1.1). `U0`: UDP without EDNS. `U1`: UDP with EDNS
 * 1232. `U1D`: the same with DO. `T`: the stream the server has. `TD`: the same with DO.
 */
export type Way = 'U0' | 'U1' | 'U1D' | 'T' | 'TD';

/** The question put that way; `undefined` where the server or the vantage does not have it. */
export function askedBy(way: Way, asked: Asked, vantage: Vantage): Query | undefined {
  const isStream = way === 'T' || way === 'TD';
  const transport = transportsTo(asked.server, vantage).find((one) => (one === 'udp') !== isStream);
  if (transport === undefined) return undefined;
  const plain = plainQuery(asked, transport);
  const { edns, ...bare } = plain;
  if (way === 'U0' || !edns) return bare;
  return way === 'U1D' || way === 'TD' ? { ...plain, edns: { ...edns, dnssecOk: true } } : plain;
}
