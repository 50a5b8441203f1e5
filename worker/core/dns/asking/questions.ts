import type { Vantage } from './inquiry.ts';
import type { Query, Transport } from './exchange.ts';
import type { Server } from './server.ts';

/** What a modern resolver offers over UDP: DNS Flag Day 2020. */
export const OFFERED_BYTES = 1_232;

/** The usual ways of putting a question (reference: dns, section 1.1); `T` is whatever stream the server has. */
export const WAYS = ['U0', 'U1', 'U1D', 'T', 'TD'] as const;
export type Way = (typeof WAYS)[number];

/** The stream that a server is asked over when a whole answer is wanted. */
export function streamOf({ scheme }: Server): Exclude<Transport, 'udp'> {
  switch (scheme) {
    case 'dns':
    case 'tcp':
      return 'tcp';
    case 'tls':
      return 'tls';
    case 'https':
    case 'http':
      return 'https';
  }
}

/** Whether a server can be asked over a transport from here at all. */
export function canAsk(server: Server, transport: Transport, vantage: Vantage): boolean {
  const offers = transport === 'udp' ? server.scheme === 'dns' : streamOf(server) === transport;
  return offers && vantage.transports.includes(transport);
}

/**
 * A question put in one of the usual ways, so that all who want to know the same ask the same. `U0`: UDP without EDNS. `U1`:
 * UDP with EDNS 1232. `U1D`: the same with DO. `T`: a stream, with EDNS so that extended errors come. `TD`: the same with DO.
 */
export function questionOf(
  way: Way,
  server: Server,
  name: string,
  type: number,
  { recursionDesired }: { recursionDesired: boolean },
): Query {
  const transport = way === 'T' || way === 'TD' ? streamOf(server) : 'udp';
  const base: Query = { kind: 'query', server, transport, name, type, recursionDesired };
  if (way === 'U0') return base;
  return { ...base, edns: { udpBytes: OFFERED_BYTES, dnssecOk: way === 'U1D' || way === 'TD' } };
}
