import type { Transport } from './exchange.ts';
import type { Vantage } from './inquiry.ts';
import type { Server } from './server.ts';

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

/** The transports a server takes questions over and the vantage has, the usual one first. */
export function transportsTo(server: Server, vantage: Vantage): Transport[] {
  return (['udp', streamOf(server)] as const).filter((transport) => canAsk(server, transport, vantage));
}
