import type { Query, Transport } from './exchange.ts';
import type { Inquiry, Vantage } from './inquiry.ts';
import type { Server } from './server.ts';
import { canAsk, streamOf, transportsTo } from './transports.ts';

/** Octets that a modern resolver offers over UDP: DNS Flag Day 2020. */
export const OFFERED_BYTES = 1_232;

/** What is asked, of whom, beside the way. */
export type Asked = {
  server: Server;
  name: string;
  type: number;
  /** By a client of a resolver; not by a resolver of the zone's own server. */
  recursionDesired: boolean;
  class?: number | undefined;
  dnssecOk?: boolean | undefined;
  checkingDisabled?: boolean | undefined;
  time?: number | undefined;
};

/**
 * A question as a modern resolver or client puts it: with EDNS, so that extended errors come. Equal ones of several aspects go
 * out once.
 */
export function queryOver(
  transport: Transport,
  { server, name, type, recursionDesired, class: rrClass, dnssecOk, checkingDisabled, time }: Asked,
): Query {
  return {
    kind: 'query',
    server,
    transport,
    name,
    type,
    recursionDesired,
    edns: { udpBytes: OFFERED_BYTES, dnssecOk: dnssecOk === true },
    ...(rrClass === undefined ? {} : { class: rrClass }),
    ...(checkingDisabled ? { checkingDisabled } : {}),
    ...(time === undefined ? {} : { time }),
  };
}

/** The question over every transport that the server and the vantage have. */
export function queriesTo({ vantage }: Pick<Inquiry, 'vantage'>, asked: Asked): Query[] {
  return transportsTo(asked.server, vantage).map((transport) => queryOver(transport, asked));
}

/**
 * The usual ways of putting a question (reference: dns, section 1.1). `U0`: UDP without EDNS. `U1`: UDP with EDNS 1232. `U1D`:
 * the same with DO. `T`: whatever stream the server has, with EDNS. `TD`: the same with DO.
 */
export type Way = 'U0' | 'U1' | 'U1D' | 'T' | 'TD';

/** The question put that way; `undefined` where the server or the vantage does not have it. */
export function askedBy(way: Way, asked: Asked, vantage: Vantage): Query | undefined {
  const transport = way === 'T' || way === 'TD' ? streamOf(asked.server) : 'udp';
  if (!canAsk(asked.server, transport, vantage)) return undefined;
  const query = queryOver(transport, { ...asked, dnssecOk: way === 'U1D' || way === 'TD' });
  return way === 'U0' ? withoutEdns(query) : query;
}

export function withoutEdns({ edns: _edns, ...query }: Query): Query {
  return query;
}
