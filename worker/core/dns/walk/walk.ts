import type { Task } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import type { OutcomeClass } from '../asking/outcome.ts';
import type { Server } from '../asking/server.ts';
import { settled } from '../asking/settled.ts';
import type { Name } from '../codec/name.ts';
import { RR_TYPES } from '../codec/registry.ts';
import { parseAddress } from '../contract/ip.ts';
import { speakingFirst } from '../measure/said.ts';
import { readingOf, type Reading, type Referral } from './referral.ts';
import { rootsOf, serverAt } from './roots.ts';

/** Servers of one zone that are asked at a time: the second stands in when the first is silent. */
const ABREAST = 2;
/** Of the root: every check of everybody begins there. */
const ROOTS_ABREAST = 1;
/** Servers of one zone that are asked at all before the walk gives up there. */
const TRIED_MAX = 6;
/** Zones on the way to a name: reverse names of IPv6 have up to eight, and a walk that needs more leads nowhere. */
const LEVELS_MAX = 12;
/** A name server's own name may need a walk, and that one's too; further down nobody's resolver follows gladly. */
const DEPTH_MAX = 3;
/** Names without glue that are looked up to get on. */
const GLUELESS_MAX = 2;

/** One step: a zone whose servers were asked, and what they said. */
export type Level = {
  zone: Name;
  asked: { server: Server; answered: Answered; reading: Reading }[];
  /** What led on: the first that did. */
  reading?: Reading | undefined;
  /** The server that gave it. */
  by?: Server | undefined;
};

/** How a walk ended. */
export type WalkEnd =
  /** A server that is authoritative for the name was reached. `zone`: the owner of its SOA, or the last zone delegated. */
  | { kind: 'reached'; zone: Name; exists: boolean }
  /** No server of that zone led on. */
  | { kind: 'stuck'; zone: Name; why: string }
  /** Every server of that zone was silent for a reason of our own, or could not be asked from here. */
  | { kind: 'not-measurable'; zone: Name }
  /** There is nowhere to begin: see `rootsOf`. */
  | { kind: 'not-walked' };

/** What is known of the way from the root to a name. `end` is absent while it is still being walked. */
export type Walk = { tasks: Task[]; levels: Level[]; end?: WalkEnd | undefined };

/** What walks have in common: at what depth, and for whose sake. */
type Path = { depth: number; sought: readonly Name[] };

/**
 * The way from the root servers to a name, without recursion and without a cache, referral by referral: over UDP with DO,
 * and over TCP where the vantage has no UDP or a reply is truncated or lost. A referral leads strictly down towards the name,
 * so there are no loops; a name server's name that needs itself is not followed.
 */
export function walk(
  inquiry: Inquiry,
  name: Name,
  type: number = RR_TYPES.SOA,
  path: Path = { depth: 0, sought: [] },
): Walk {
  const roots = rootsOf(inquiry);
  if (!roots) return { tasks: [], levels: [], end: { kind: 'not-walked' } };
  const tasks: Task[] = [];
  const levels: Level[] = [];
  let zone: Name = '.';
  let servers = turned(roots, inquiry.salt);
  while (levels.length < LEVELS_MAX) {
    const step = askZone(inquiry, { zone, servers, name, type });
    tasks.push(...step.tasks);
    levels.push(step.level);
    const { reading, by } = step.level;
    if (!step.isOver) return { tasks, levels };
    if (!reading || !by || reading.kind === 'none') return { tasks, levels, end: gaveUp(step.level) };
    if (reading.kind === 'authority')
      return { tasks, levels, end: { kind: 'reached', zone: reading.zone ?? zone, exists: reading.exists } };
    const next = serversOf(inquiry, reading, by, path);
    tasks.push(...next.tasks);
    if (next.servers.length === 0)
      return next.isOver
        ? {
            tasks,
            levels,
            end: { kind: 'stuck', zone: reading.child, why: 'none of its servers has an address' },
          }
        : { tasks, levels };
    zone = reading.child;
    servers = turned(next.servers, inquiry.salt);
  }
  return { tasks, levels, end: { kind: 'stuck', zone, why: `more than ${LEVELS_MAX} zones on the way` } };
}

/** The referral that a walk got from the parent of `zone`, and the parent's servers that were asked. */
export function delegationOf(
  { levels }: Walk,
  zone: Name,
): { parent: Level; referral: Referral; by: Server } | undefined {
  for (const parent of levels) {
    const { reading, by } = parent;
    if (reading?.kind === 'referral' && by && reading.child.toLowerCase() === zone.toLowerCase())
      return { parent, referral: reading, by };
  }
  return undefined;
}

/** The zone, and the ways of one question to it. */
type Step = { zone: Name; servers: readonly Server[]; name: Name; type: number };

/** Asks servers of a zone, two at a time, until one leads on. */
function askZone(
  inquiry: Inquiry,
  { zone, servers, name, type }: Step,
): { tasks: Task[]; level: Level; isOver: boolean } {
  const tasks: Task[] = [];
  const asked: Level['asked'] = [];
  const abreast = zone === '.' ? ROOTS_ABREAST : ABREAST;
  for (let at = 0; at < Math.min(servers.length, TRIED_MAX); at += abreast) {
    let isOver = true;
    for (const server of servers.slice(at, Math.min(at + abreast, TRIED_MAX))) {
      const put = settled(inquiry, { server, name, type, recursionDesired: false, dnssecOk: true });
      tasks.push(...put.tasks);
      isOver &&= put.isOver;
      if (put.isOver && put.answered)
        asked.push({ server, answered: put.answered, reading: readingOf(put.answered, zone, name) });
    }
    if (!isOver) return { tasks, level: { zone, asked }, isOver };
    const best = asked.find(({ reading }) => reading.kind !== 'none');
    if (best) return { tasks, level: { zone, asked, reading: best.reading, by: best.server }, isOver };
  }
  return { tasks, level: { zone, asked }, isOver: true };
}

function gaveUp({ zone, asked }: Level): WalkEnd {
  const theirs = asked.filter(({ answered: { exchange, outcome } }) => {
    const isOurs = exchange.trouble?.probeFault === true || outcome === 'NOT_MEASURABLE';
    return !isOurs && outcome !== 'CONNECT_FAILED_OR_BLOCKED';
  });
  if (theirs.length === 0) return { kind: 'not-measurable', zone };
  const said = theirs.map(({ server, reading }) => `${server.title ?? server.host} ${whyOf(reading)}`);
  return { kind: 'stuck', zone, why: said.slice(0, ABREAST).join(', ') };
}

function whyOf(reading: Reading): string {
  return reading.kind === 'none' ? `(${reading.why})` : '';
}

/** Addresses of a name server's name, for those that come without glue. */
export type Found = {
  tasks: Task[];
  addresses: string[];
  aliased: boolean;
  isOver: boolean;
  /** Somebody has told: that there are no addresses is then no guess. */
  isSaid: boolean;
};

/** Servers a referral leads to: by its glue, else by looking up two of the names. */
function serversOf(
  inquiry: Inquiry,
  referral: Referral,
  by: Server,
  path: Path,
): { tasks: Task[]; servers: Server[]; isOver: boolean } {
  const glued = referral.servers.flatMap((listed) => at(listed.glue, listed.name, by));
  if (glued.length > 0) return { tasks: [], servers: glued, isOver: true };
  const found = referral.servers.slice(0, GLUELESS_MAX).map((listed) => ({
    listed,
    found: addressesOf(inquiry, listed.name, path),
  }));
  return {
    tasks: found.flatMap(({ found: { tasks } }) => tasks),
    servers: found.flatMap(({ listed, found: { addresses } }) => at(addresses, listed.name, by)),
    isOver: found.every(({ found: { isOver } }) => isOver),
  };
}

function at(addresses: readonly string[], title: Name, by: Server): Server[] {
  return addresses.flatMap((address) => serverAt(address, title, by) ?? []);
}

/**
 * Addresses of a name server's name: through the first resolver that says something of it, IPv4 and IPv6; without resolvers
 * by a walk of its own, IPv4 alone. `aliased`: it is a CNAME, which a name server's name must not be (RFC 2181 section 10.3).
 */
export function addressesOf(inquiry: Inquiry, name: Name, path: Path = { depth: 0, sought: [] }): Found {
  const none = { tasks: [], addresses: [], aliased: false, isOver: true, isSaid: false };
  const sought = name.toLowerCase();
  if (inquiry.settings.resolvers.length > 0) return resolvedBy(inquiry, name);
  if (path.depth >= DEPTH_MAX || path.sought.includes(sought)) return none;
  const own = walk(inquiry, name, RR_TYPES.A, {
    depth: path.depth + 1,
    sought: [...path.sought, sought],
  });
  const last = own.levels.at(-1)?.asked.find(({ reading }) => reading.kind === 'authority');
  return {
    tasks: own.tasks,
    ...addressesIn(last ? [last.answered] : []),
    isOver: own.end !== undefined,
    isSaid: last !== undefined,
  };
}

/** What tells whether a name has addresses of a family. */
const SAID: ReadonlySet<OutcomeClass> = new Set(['ANSWER', 'NODATA', 'NXDOMAIN']);

function resolvedBy(inquiry: Inquiry, name: Name): Found {
  const tasks: Task[] = [];
  for (const server of speakingFirst(inquiry, inquiry.settings.resolvers)) {
    const puts = [RR_TYPES.A, RR_TYPES.AAAA].map((type) =>
      settled(inquiry, { server, name, type, recursionDesired: true }),
    );
    tasks.push(...puts.flatMap((put) => put.tasks));
    if (puts.some(({ isOver }) => !isOver))
      return { tasks, addresses: [], aliased: false, isOver: false, isSaid: false };
    const answers = puts.flatMap(({ answered }) => answered ?? []);
    const found = addressesIn(answers);
    const isSaid = puts.every(({ answered }) => answered && SAID.has(answered.outcome));
    if (isSaid || found.addresses.length > 0) return { tasks, ...found, isOver: true, isSaid };
  }
  return { tasks, addresses: [], aliased: false, isOver: true, isSaid: false };
}

function addressesIn(answers: readonly Answered[]): Pick<Found, 'addresses' | 'aliased'> {
  const records = answers.flatMap(({ message }) => message?.answers ?? []);
  const addresses = records.flatMap(({ rdata }) =>
    rdata.kind === 'A' || rdata.kind === 'AAAA' ? [rdata.address] : [],
  );
  return {
    addresses: [...new Set(addresses)],
    aliased: records.some(({ rdata }) => rdata.kind === 'CNAME'),
  };
}

/** IPv4 first, as most vantages have it; begun at a place that differs by run, so that no one server has all the load. */
function turned(servers: readonly Server[], salt: string): Server[] {
  const start = Number.parseInt(salt.slice(-4), 36) || 0;
  const isIpv6 = ({ host }: Server) => parseAddress(host)?.family === 6;
  const turn = (some: readonly Server[]) => {
    const first = some.length === 0 ? 0 : start % some.length;
    return [...some.slice(first), ...some.slice(0, first)];
  };
  return [...turn(servers.filter((server) => !isIpv6(server))), ...turn(servers.filter(isIpv6))];
}
