import type { Query } from '../../asking/exchange.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import type { Server } from '../../asking/server.ts';
import { transportsTo } from '../../asking/transports.ts';
import { longestBelow, type Name } from '../../codec/name.ts';
import { RR_TYPES } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { serverText } from '../../findings/telling.ts';
import { PLAIN_UDP_BYTES } from '../../measure/size.ts';
import { readingOf } from '../../walk/referral.ts';
import type { Aspect } from '../aspect.ts';
import { zoneServers } from './zone-servers.ts';

/**
 * B12: whether the parent's referral fits an old client's 512 octets for the longest name there can be (Zonemaster
 * DELEGATION03), or resolvers without EDNS need TCP to find the zone at all. Asked of one of the parent's servers, over UDP
 * without EDNS, and over TCP for the size where that is truncated or there is no UDP. TC on a referral that would have fitted
 * is a rate limit's doing.
 */
export const referralSize: Aspect = {
  tasks(inquiry) {
    const asked = askedOf(inquiry);
    return asked ? [...asked.datagram, ...(needsStream(inquiry, asked) ? asked.stream : [])] : [];
  },
  findings(inquiry) {
    const asked = askedOf(inquiry);
    const came = asked && [...asked.stream, ...asked.datagram].map((query) => inquiry.find(query));
    const whole = came?.find((one) => one?.message && !one.message.truncated);
    if (!asked || !whole?.message) return [];
    const { zone, parent, server, name } = asked;
    if (readingOf(whole, parent, name).kind !== 'referral') return [];
    const referralBytes = whole.message.bytes.length;
    if (referralBytes <= PLAIN_UDP_BYTES) return [];
    const finding: Finding = {
      id: 'B12',
      severity: 'warn',
      subject: parent,
      message: `The referral of ${serverText(server)} (${parent}) to ${zone} takes ${referralBytes} octets for the longest name: over ${PLAIN_UDP_BYTES}, so a resolver without EDNS needs TCP to find the zone. Fewer or shorter names of servers help.`,
      figures: { referralBytes, limitBytes: PLAIN_UDP_BYTES },
    };
    return [finding];
  },
};

type AskedParent = {
  zone: Name;
  parent: Name;
  server: Server;
  name: Name;
  datagram: Query[];
  stream: Query[];
};

function askedOf(inquiry: Inquiry): AskedParent | undefined {
  const zone = zoneServers(inquiry);
  const server = zone?.parent?.views[0]?.server;
  if (!zone?.parent || !server) return undefined;
  const name = longestBelow(zone.zone);
  const queries = transportsTo(server, inquiry.vantage).map((transport): Query => ({
    kind: 'query',
    server,
    transport,
    name,
    type: RR_TYPES.A,
    recursionDesired: false,
  }));
  return {
    zone: zone.zone,
    parent: zone.parent.zone,
    server,
    name,
    datagram: queries.filter(({ transport }) => transport === 'udp'),
    stream: queries.filter(({ transport }) => transport !== 'udp'),
  };
}

function needsStream(inquiry: Inquiry, { datagram }: AskedParent): boolean {
  return datagram.every((query) => inquiry.find(query)?.message?.truncated === true);
}
