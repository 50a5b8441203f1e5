import type { Task } from '../../asking/exchange.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import type { OutcomeClass } from '../../asking/outcome.ts';
import type { Asked } from '../../asking/question.ts';
import type { Server } from '../../asking/server.ts';
import { settled } from '../../asking/settled.ts';
import { canonicalName, sameName, type Name } from '../../codec/name.ts';
import { RR_TYPES } from '../../codec/registry.ts';
import { lameOutcome } from '../../measure/classify.ts';
import type { ListedServer } from '../../walk/referral.ts';
import { serverAt } from '../../walk/roots.ts';
import { addressesOf, delegationOf, walk, type Walk } from '../../walk/walk.ts';

/** Servers of one zone that are looked at: the root has 26 addresses, and few zones more than eight. */
const SERVERS_MAX = 26;

/** A zone's delegation as its parent tells it. */
export type ParentView = {
  zone: Name;
  /** One server's word each; of those that referred to the zone at all. */
  views: { server: Server; servers: ListedServer[] }[];
};

/** Everybody who should serve a zone. */
export type ZoneServers = {
  tasks: Task[];
  zone: Name;
  /** Declared or found, and those that the parent lists beside them; each address once. */
  servers: Server[];
  walk: Walk;
  /** Absent when nobody said: not walked, not there yet, or the parent's servers are the zone's own. */
  parent?: ParentView | undefined;
  /**
   * The names the parent lists, with their glue or, without any, what a look-up gave. `isSaid`: somebody told whether there
   * are addresses.
   */
  listed: { name: Name; glue: string[]; addresses: string[]; aliased: boolean; isSaid: boolean }[];
};

/**
 * Who serves the zone of the check; `undefined` while the zone is not known. An IPv6 address that the parent alone lists
 * counts when there is another IPv6 server: what cannot be reached from here is nobody's fault.
 */
export function zoneServers(inquiry: Inquiry): ZoneServers | undefined {
  const { zone, authorities } = inquiry;
  if (zone === undefined) return undefined;
  const way = walk(inquiry, zone);
  const tasks = [...way.tasks];
  const servers = [...(authorities ?? [])];
  const delegation = delegationOf(way, zone);
  const hasIpv6 = servers.some(({ host }) => host.includes(':'));
  const listed: ZoneServers['listed'] = [];
  for (const { name, glue } of delegation?.referral.servers ?? []) {
    const looked = glue.length > 0 ? undefined : addressesOf(inquiry, name);
    tasks.push(...(looked?.tasks ?? []));
    const addresses = looked?.addresses ?? glue;
    listed.push({
      name,
      glue,
      addresses,
      aliased: looked?.aliased ?? false,
      isSaid: looked?.isSaid ?? true,
    });
    for (const address of addresses) {
      const server = delegation && serverAt(address, name, delegation.by);
      const isKnown = servers.some(({ host, port }) => host === server?.host && port === server.port);
      const isReachable = hasIpv6 || !address.includes(':');
      if (server && !isKnown && isReachable && servers.length < SERVERS_MAX) servers.push(server);
    }
  }
  const parent = delegation && {
    zone: delegation.parent.zone,
    views: delegation.parent.asked.flatMap(({ server, reading }) =>
      reading.kind === 'referral' && sameName(reading.child, zone)
        ? [{ server, servers: reading.servers }]
        : [],
    ),
  };
  return { tasks, zone, servers, walk: way, parent, listed };
}

/** What a server was asked as one of the zone's own, without recursion. */
export function ownQuestion(server: Server, name: Name, type: number): Asked {
  return { server, name, type, recursionDesired: false };
}

/** A server's word on something it should be authoritative for. */
export type Word = {
  server: Server;
  answered: Answered;
  /** `LAME` where it does not speak for the zone. */
  outcome: OutcomeClass;
};

/** What every server said, of those that something came back from or that were given up. */
export function wordsOn(
  inquiry: Inquiry,
  { servers, zone }: Pick<ZoneServers, 'servers' | 'zone'>,
  name: Name,
  type: number,
): Word[] {
  return servers.flatMap((server) => {
    const { answered, isOver } = settled(inquiry, ownQuestion(server, name, type));
    if (!answered || !isOver) return [];
    return [{ server, answered, outcome: lameOutcome(answered.message, answered.outcome, zone) }];
  });
}

/** Whether nothing came back for a reason that says nothing of the server: our own fault, or not reachable from here. */
export function isUnmeasured({ answered: { exchange, outcome } }: Pick<Word, 'answered'>): boolean {
  return (
    exchange.trouble?.probeFault === true ||
    outcome === 'NOT_MEASURABLE' ||
    outcome === 'CONNECT_FAILED_OR_BLOCKED'
  );
}

/** The NS names of the zone in an answer, in lower case and order; `undefined` when there are none. */
export function nsNames({ answered: { message } }: Word, zone: Name): Name[] | undefined {
  const names = (message?.answers ?? []).flatMap(({ name, type, rdata }) =>
    type === RR_TYPES.NS && rdata.kind === 'NS' && sameName(name, zone) ? [canonicalName(rdata.target)] : [],
  );
  return names.length === 0 ? undefined : [...new Set(names)].toSorted();
}
