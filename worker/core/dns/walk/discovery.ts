import type { Query, Task } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import type { OutcomeClass } from '../asking/outcome.ts';
import { parseServer, type Server } from '../asking/server.ts';
import { isMute } from '../measure/said.ts';
import { settled } from '../asking/settled.ts';
import type { Message } from '../codec/message.ts';
import { isSubdomain, parentOf, sameName, type Name } from '../codec/name.ts';
import { RR_TYPES } from '../codec/registry.ts';
import { parseAddress } from '../contract/ip.ts';
import type { ListedServer } from './referral.ts';
import { serverAt } from './roots.ts';
import { addressesOf, delegationOf, walk } from './walk.ts';

/** Resolvers that are asked at a time what the zone is: the second stands in when the first is silent. */
const ABREAST = 2;
/** Servers of a zone that are asked: the root has 13, and every one costs a dozen questions a run. */
const AUTHORITIES_MAX = 20;
/** Of a top-level zone: it is found when the name's own zone is gone, and is not what is being watched. */
const TOP_AUTHORITIES_MAX = 2;

/** Which zone the name is in and who serves it, as far as it is known, and what to ask to know more. */
export type Discovered = {
  tasks: Task[];
  zone?: string | undefined;
  authorities?: readonly Server[] | undefined;
};

/**
 * Declared, or found: the zone by the SOA of an answer, its servers by NS and their addresses, all through the first resolver
 * that answers; without one that does, by the delegation. The servers' IPv6 addresses are among them only when one of them
 * has answered: most networks that cannot reach IPv6 say so by silence, and that is no fault of a zone.
 */
export function discovered(inquiry: Inquiry): Discovered {
  const { settings } = inquiry;
  if (settings.authorities) return zoneBy(inquiry, settings.authorities);
  const resolved = settings.resolvers.length > 0 ? byResolvers(inquiry) : undefined;
  if (resolved && !resolved.isLost) return resolved;
  const walked = byWalk(inquiry);
  return { ...walked, tasks: [...(resolved?.tasks ?? []), ...walked.tasks] };
}

/** The zone of declared servers: what they say is the start of authority. */
function zoneBy(inquiry: Inquiry, authorities: readonly Server[]): Discovered {
  const { zone } = inquiry.settings;
  if (zone !== undefined) return { tasks: [], zone, authorities };
  const found = zoneOf(inquiry, authorities, false);
  return { tasks: found.tasks, zone: found.zone, authorities };
}

type Resolved = Discovered & {
  /** No resolver says who serves the zone. */
  isLost: boolean;
};

function byResolvers(inquiry: Inquiry): Resolved {
  const { settings } = inquiry;
  const { zone, tasks, isOver } = settings.zone
    ? { zone: settings.zone, tasks: [], isOver: true }
    : zoneOf(inquiry, settings.resolvers, true);
  if (zone === undefined) return { tasks, isLost: isOver };
  const named = firstSaid(inquiry, settings.resolvers, {
    name: zone,
    type: RR_TYPES.NS,
    recursionDesired: true,
  });
  tasks.push(...named.tasks);
  const names = (named.answered?.message?.answers ?? []).flatMap(({ name, rdata }) =>
    rdata.kind === 'NS' && sameName(name, zone) ? [rdata.target] : [],
  );
  if (names.length === 0) return { tasks, zone, isLost: named.isOver };
  const listed = names.map((name) => ({ name, glue: [] }));
  return { ...served(inquiry, { zone, listed, tasks }), isLost: false };
}

/** From the root servers down: who a zone is delegated to serves it, whether they answer or not. */
function byWalk(inquiry: Inquiry): Discovered {
  const { settings } = inquiry;
  const walked = walk(inquiry, settings.zone ?? settings.name);
  const tasks = [...walked.tasks];
  const { end } = walked;
  if (!end || end.kind === 'not-walked' || end.kind === 'not-measurable')
    return { tasks, zone: settings.zone };
  const zone = settings.zone ?? end.zone;
  if (end.kind === 'stuck' && end.zone === '.') return { tasks, zone: settings.zone };
  const delegation = delegationOf(walked, end.zone);
  if (delegation)
    return served(inquiry, { zone, listed: delegation.referral.servers, tasks, by: delegation.by });
  // The parent's servers serve the zone too and refer to nobody: they say themselves who else does.
  const by = walked.levels.at(-1)?.by;
  if (!by) return { tasks, zone };
  const put = settled(inquiry, { server: by, name: end.zone, type: RR_TYPES.NS, recursionDesired: false });
  tasks.push(...put.tasks);
  const message = put.answered?.message;
  return message
    ? served(inquiry, { zone, listed: listedIn(message, end.zone), tasks, by })
    : { tasks, zone };
}

function listedIn({ answers, additionals }: Message, zone: Name): ListedServer[] {
  const names = answers.flatMap(({ name, rdata }) =>
    rdata.kind === 'NS' && sameName(name, zone) ? [rdata.target] : [],
  );
  return names.map((name) => ({
    name,
    glue: additionals.flatMap(({ name: owner, rdata }) =>
      (rdata.kind === 'A' || rdata.kind === 'AAAA') && sameName(owner, name) ? [rdata.address] : [],
    ),
  }));
}

type Listed = {
  zone: Name;
  listed: readonly ListedServer[];
  tasks: Task[];
  /** Who listed them. */
  by?: Server | undefined;
};

/** The servers by their names' addresses; those without glue are looked up. Unknown until every name has been. */
function served(inquiry: Inquiry, { zone, listed, tasks, by }: Listed): Discovered {
  const servers: Server[] = [];
  let isOver = true;
  for (const { name, glue } of listed.slice(0, AUTHORITIES_MAX)) {
    const found = glue.length > 0 ? { tasks: [], addresses: glue, isOver: true } : addressesOf(inquiry, name);
    tasks.push(...found.tasks);
    isOver &&= found.isOver;
    servers.push(
      ...found.addresses.flatMap(
        (address) => (by ? serverAt(address, name, by) : nameServerAt(address, name)) ?? [],
      ),
    );
  }
  if (!isOver) return { tasks, zone };
  const isIpv6 = ({ host }: Server) => parseAddress(host)?.family === 6;
  const isTop = !zone.includes('.');
  const all = [...servers.filter((server) => !isIpv6(server)), ...servers.filter(isIpv6)];
  const some = all.slice(0, isTop ? TOP_AUTHORITIES_MAX : AUTHORITIES_MAX);
  const reach = reachOf(inquiry, some.filter(isIpv6), zone);
  tasks.push(...reach.tasks);
  return { tasks, zone, authorities: reach.isThere ? some : some.filter((server) => !isIpv6(server)) };
}

/** A name server of a public zone. */
function nameServerAt(address: string, title: Name): Server | undefined {
  const server = parseServer(address.includes(':') ? `dns://[${address}]` : `dns://${address}`);
  return server && { ...server, title };
}

/** Whether any of these servers answers: one shows that there is a way to their family of addresses. */
function reachOf(
  inquiry: Inquiry,
  servers: readonly Server[],
  zone: Name,
): { tasks: Query[]; isThere: boolean } {
  const puts = servers.map((server) =>
    settled(inquiry, { server, name: zone, type: RR_TYPES.SOA, recursionDesired: false }),
  );
  return {
    tasks: puts.flatMap(({ tasks }) => tasks),
    isThere: puts.some(({ answered }) => answered?.message !== undefined),
  };
}

/** The zone a name is in, by the first of some servers that says something. An alias leads out of it: then its parent is asked. */
function zoneOf(
  inquiry: Inquiry,
  servers: readonly Server[],
  recursionDesired: boolean,
): { tasks: Task[]; zone?: Name | undefined; isOver: boolean } {
  const tasks: Task[] = [];
  for (
    let name: Name | undefined = inquiry.settings.name;
    name !== undefined && name !== '.';
    name = parentOf(name)
  ) {
    const said = firstSaid(inquiry, servers, { name, type: RR_TYPES.SOA, recursionDesired });
    tasks.push(...said.tasks);
    const message = said.answered?.message;
    if (!message) return { tasks, isOver: said.isOver };
    const zone = zoneIn(message, name);
    if (zone !== undefined) return { tasks, zone, isOver: true };
  }
  return { tasks, isOver: true };
}

/** The zone of a name by the reply to a question for its SOA; `undefined` of an alias, whose SOA is its target's. */
function zoneIn({ answers, authorities }: Message, name: Name): Name | undefined {
  if (answers.some(({ rdata }) => rdata.kind === 'CNAME' || rdata.kind === 'DNAME')) return undefined;
  return [...answers, ...authorities].find(
    ({ name: owner, rdata }) => rdata.kind === 'SOA' && isSubdomain(name, owner),
  )?.name;
}

type Wanted = { name: Name; type: number; recursionDesired: boolean };

/** Asks some servers, two at a time, until one says something of the name; of several the first in their order counts. */
function firstSaid(
  inquiry: Inquiry,
  servers: readonly Server[],
  wanted: Wanted,
): { tasks: Query[]; answered?: Answered | undefined; isOver: boolean } {
  const tasks: Query[] = [];
  let isOver = true;
  for (let at = 0; at < servers.length; at += ABREAST) {
    const puts = servers
      .slice(at, at + ABREAST)
      .map((server) => ({ server, ...settled(inquiry, { server, ...wanted }) }));
    tasks.push(...puts.flatMap((put) => put.tasks));
    for (const { server, answered, isOver: hasSaid } of puts) {
      if (hasSaid && answered && SAYS.has(answered.outcome)) return { tasks, answered, isOver: true };
      // One that has not said a word so far is not waited for while there are others.
      if (!hasSaid && !isMute(inquiry, server)) return { tasks, isOver: false };
      isOver &&= hasSaid;
    }
  }
  return { tasks, isOver };
}

/** What tells of a zone. */
const SAYS: ReadonlySet<OutcomeClass> = new Set(['ANSWER', 'NODATA', 'NXDOMAIN', 'DANGLING_CNAME']);
