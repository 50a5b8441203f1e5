import type { Answered, Inquiry, Vantage } from './aspect.ts';
import type { Query, Transport } from './exchange.ts';
import type { Server } from './server.ts';

/** What a UDP reply may take, octets: DNS Flag Day 2020. */
export const EDNS_BYTES = 1_232;

const OFFERED: Record<Server['scheme'], readonly Transport[]> = {
  dns: ['udp', 'tcp'],
  tcp: ['tcp'],
  tls: ['tls'],
  https: ['https'],
  http: ['https'],
};

/** The transports a server takes questions over and the vantage has, the usual one first. */
export function transportsTo(server: Server, { transports }: Vantage): Transport[] {
  return OFFERED[server.scheme].filter((transport) => transports.includes(transport));
}

/** What is asked, of whom, beside the way. */
export type Asked = {
  server: Server;
  name: string;
  type: number;
  /** By a client of a resolver; not by a resolver of the zone's own server. */
  recursionDesired: boolean;
  time?: number | undefined;
};

/** A question as a modern resolver or client puts it: with EDNS, without DO. Equal ones of several aspects go out once. */
export function plainQuery(
  { server, name, type, recursionDesired, time }: Asked,
  transport: Transport,
): Query {
  return {
    kind: 'query',
    server,
    transport,
    name,
    type,
    recursionDesired,
    edns: { udpBytes: EDNS_BYTES, dnssecOk: false },
    ...(time === undefined ? {} : { time }),
  };
}

/** What to ask for an answer, and the answer when there is one. */
export type Whole = { tasks: Query[]; answered?: Answered | undefined };

/**
 * Asks over the server's usual transport, and over the next when the reply is truncated, as a client does. `answered` is the
 * last there is: absent until something came back, and for good when the vantage has no transport to the server.
 */
export function wholeAnswer(inquiry: Pick<Inquiry, 'find' | 'vantage'>, asked: Asked): Whole {
  const tasks: Query[] = [];
  let answered: Answered | undefined;
  for (const transport of transportsTo(asked.server, inquiry.vantage)) {
    const query = plainQuery(asked, transport);
    tasks.push(query);
    answered = inquiry.find(query) ?? answered;
    if (!inquiry.find(query)?.message?.truncated) break;
  }
  return { tasks, answered };
}
