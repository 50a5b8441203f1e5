import type { Vantage } from './inquiry.ts';
import type { Query, Transport } from './exchange.ts';
import { canAsk, OFFERED_BYTES, streamOf } from './questions.ts';
import type { Server } from './server.ts';

/** The transports a server takes questions over and the vantage has, the usual one first. */
export function transportsTo(server: Server, vantage: Vantage): Transport[] {
  return (['udp', streamOf(server)] as const).filter((transport) => canAsk(server, transport, vantage));
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
    edns: { udpBytes: OFFERED_BYTES, dnssecOk: false },
    ...(time === undefined ? {} : { time }),
  };
}
