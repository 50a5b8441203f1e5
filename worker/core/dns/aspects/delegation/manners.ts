import type { Query } from '../../asking/exchange.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import { OFFERED_BYTES, queryOver } from '../../asking/question.ts';
import type { Server } from '../../asking/server.ts';
import { transportsTo } from '../../asking/transports.ts';
import { isSubdomain, type Name } from '../../codec/name.ts';
import { EDNS_OPTION } from '../../codec/opt.ts';
import { CLASS, RCODE, RR_TYPES } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { grouped, listText, serverText } from '../../findings/telling.ts';
import type { Aspect } from '../aspect.ts';
import { zoneServers } from './zone-servers.ts';

/** Names of other people that every resolver can find; of the two, the one that is not in the zone. */
const FOREIGN_NAMES = ['example.com', 'example.net'] as const;
const IDENTITY_NAME = 'id.server';

/**
 * Whether the zone's servers resolve other people's names for anybody (D8: an amplifier for attacks, Zonemaster
 * NAMESERVER01), and who they say they are (D9: NSID and `id.server`, RFC 4892), which tells the machines behind one
 * address apart. A server that sets RA and refuses recurses for others than us: no finding.
 */
export const manners: Aspect = {
  tasks(inquiry) {
    const zone = zoneServers(inquiry);
    return (zone?.servers ?? []).flatMap((server) => questionsTo(inquiry, server, zone?.zone ?? '.').all);
  },
  findings(inquiry) {
    const zone = zoneServers(inquiry);
    if (!zone) return [];
    const asked = zone.servers.map((server) => ({ server, ...questionsTo(inquiry, server, zone.zone) }));
    const open = asked.filter(({ foreign }) => foreign && recursed(inquiry, foreign));
    const identities = asked.flatMap(({ server, nsid, identity }) => {
      const texts = identityTexts(inquiry, nsid, identity);
      return texts.length > 0 ? [{ server, text: texts.join(', ') }] : [];
    });
    return [
      ...openFindings(
        zone.zone,
        open.map(({ server }) => server),
      ),
      ...identityFindings(zone.zone, identities),
    ];
  },
};

type Queries = {
  all: Query[];
  foreign?: Query | undefined;
  nsid?: Query | undefined;
  identity?: Query | undefined;
};

function questionsTo(inquiry: Inquiry, server: Server, zone: Name): Queries {
  const [transport] = transportsTo(server, inquiry.vantage);
  if (!transport) return { all: [] };
  const name = FOREIGN_NAMES.find((foreign) => !isSubdomain(foreign, zone)) ?? FOREIGN_NAMES[0];
  const foreign = queryOver(transport, { server, name, type: RR_TYPES.A, recursionDesired: true });
  const nsid: Query = {
    ...queryOver(transport, { server, name: zone, type: RR_TYPES.SOA, recursionDesired: false }),
    edns: {
      udpBytes: OFFERED_BYTES,
      dnssecOk: false,
      options: [{ code: EDNS_OPTION.NSID, data: new Uint8Array(0) }],
    },
  };
  const identity = queryOver(transport, {
    server,
    name: IDENTITY_NAME,
    type: RR_TYPES.TXT,
    class: CLASS.CH,
    recursionDesired: false,
  });
  return { all: [foreign, nsid, identity], foreign, nsid, identity };
}

/** It went and looked: an answer that is nobody's own, or at least the attempt at one. */
function recursed(inquiry: Inquiry, query: Query): boolean {
  const message = inquiry.find(query)?.message;
  return Boolean(message?.recursionAvailable && !message.authoritative && message.rcode !== RCODE.REFUSED);
}

function openFindings(zone: Name, open: readonly Server[]): Finding[] {
  if (open.length === 0) return [];
  return [
    {
      id: 'D8',
      severity: 'warn',
      subject: open.length === 1 ? (open[0]?.url ?? zone) : zone,
      message: `${listText(open.map(serverText))} ${open.length === 1 ? 'resolves' : 'resolve'} names of others for anybody who asks; a name server should answer REFUSED: it can be used for attacks, and cached data stands beside the zone's.`,
    },
  ];
}

function identityTexts(inquiry: Inquiry, nsid: Query | undefined, identity: Query | undefined): string[] {
  const id = nsid && inquiry.find(nsid)?.message?.opt?.nsid;
  const record =
    identity && inquiry.find(identity)?.message?.answers.find(({ rdata }) => rdata.kind === 'TXT');
  const text = record?.rdata.kind === 'TXT' ? record.rdata.strings.join('') : undefined;
  return [...new Set([id, text].filter((one) => one !== undefined && one !== ''))] as string[];
}

/** D9: one line for all. */
function identityFindings(zone: Name, identities: readonly { server: Server; text: string }[]): Finding[] {
  if (identities.length === 0) return [];
  const groups = grouped(identities, ({ text }) => text);
  const said = groups.map(
    ({ said: text, items }) => `${listText(items.map(({ server }) => serverText(server)))} ${text}`,
  );
  return [
    {
      id: 'D9',
      severity: 'info',
      subject: zone,
      message: `Servers of ${zone} that answered call themselves: ${said.join('; ')}.`,
    },
  ];
}
