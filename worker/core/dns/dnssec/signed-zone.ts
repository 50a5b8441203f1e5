import type { Task } from '../asking/exchange.ts';
import type { Inquiry } from '../asking/inquiry.ts';
import type { Server } from '../asking/server.ts';
import { settled } from '../asking/settled.ts';
import type { Message, Rr } from '../codec/message.ts';
import { isSubdomain, sameName, type Name } from '../codec/name.ts';
import type { Rdata } from '../codec/rdata.ts';
import { RR_TYPES } from '../codec/registry.ts';
import { delegationOf, walk } from '../walk/walk.ts';

export type Ds = Extract<Rdata, { kind: 'DS' }>;
export type Dnskey = Extract<Rdata, { kind: 'DNSKEY' }>;
export type Rrsig = Extract<Rdata, { kind: 'RRSIG' }>;

/** Servers that are asked for the delegation signers: the second stands in when the first is silent. */
const DS_ASKED_MAX = 2;

/** What one of the zone's servers says with DO: everything of it that came. */
export type SignedAnswers = {
  server: Server;
  /** The DNSKEY set; empty of a server that has none; `undefined` when it did not say. */
  keys?: Dnskey[] | undefined;
  replies: Message[];
};

/** A zone as far as DNSSEC goes. */
export type SignedZone = {
  tasks: Task[];
  zone: Name;
  answers: SignedAnswers[];
  /** Of the parent, or through resolvers; empty when there are none; `undefined` when nobody said. */
  ds?: Ds[] | undefined;
  /** Signed by its own word or by the parent's; `undefined` while nobody said. */
  isSigned?: boolean | undefined;
};

/**
 * What is known of the zone's signing: keys and SOA of every server, and the parent's DS. The records of the name are asked for
 * only when the zone is signed. `undefined` while zone or servers are not known.
 */
export function signedZone(inquiry: Inquiry): SignedZone | undefined {
  const { zone, authorities, settings } = inquiry;
  if (zone === undefined || !authorities) return undefined;
  const signers = signersOf(inquiry, zone);
  const tasks = [...signers.tasks];
  const first = authorities.map((server) => askedOf(inquiry, server, [keysOf(zone), apexOf(zone)], tasks));
  const hasKeys = first.some(({ keys }) => keys !== undefined && keys.length > 0);
  const isSaid = signers.ds !== undefined || first.some(({ keys }) => keys !== undefined);
  const isSigned = hasKeys || (signers.ds?.length ?? 0) > 0 ? true : isSaid ? false : undefined;
  if (!isSigned) return { tasks, zone, answers: first, ds: signers.ds, isSigned };
  const wanted = [
    keysOf(zone),
    apexOf(zone),
    { name: zone, type: RR_TYPES.NSEC3PARAM },
    ...[...settings.types, ...settings.optionalTypes].map((type) => ({ name: settings.name, type })),
  ];
  const answers = authorities.map((server) => askedOf(inquiry, server, wanted, tasks));
  return { tasks, zone, answers, ds: signers.ds, isSigned };
}

type Wanted = { name: Name; type: number };
const keysOf = (name: Name): Wanted => ({ name, type: RR_TYPES.DNSKEY });
const apexOf = (name: Name): Wanted => ({ name, type: RR_TYPES.SOA });

function askedOf(inquiry: Inquiry, server: Server, wanted: readonly Wanted[], tasks: Task[]): SignedAnswers {
  const replies: Message[] = [];
  let keys: Dnskey[] | undefined;
  for (const { name, type } of wanted) {
    const put = settled(inquiry, { server, name, type, recursionDesired: false, dnssecOk: true });
    tasks.push(...put.tasks);
    const { answered } = put;
    const { message } = answered ?? {};
    if (!message?.authoritative || message.truncated || answered?.outcome === 'MALFORMED') continue;
    replies.push(message);
    if (type === RR_TYPES.DNSKEY && (answered?.outcome === 'ANSWER' || answered?.outcome === 'NODATA'))
      keys = dataOf(message.answers, 'DNSKEY', name);
  }
  return { server, keys, replies };
}

/** Records of a kind at an owner. */
function dataOf<K extends Rdata['kind']>(
  records: readonly Rr[],
  kind: K,
  owner: Name,
): Extract<Rdata, { kind: K }>[] {
  return records.flatMap(({ name, rdata }) =>
    rdata.kind === kind && sameName(name, owner) ? [rdata as Extract<Rdata, { kind: K }>] : [],
  );
}

/**
 * The delegation signers: by the servers that the walk found to speak for the parent, or where there is no walk through
 * resolvers, with CD so that a broken chain does not hide them.
 */
function signersOf(inquiry: Inquiry, zone: Name): { tasks: Task[]; ds?: Ds[] | undefined } {
  const way = walk(inquiry, zone);
  const delegation = delegationOf(way, zone);
  const parents = delegation?.parent.asked.flatMap(({ server, reading }) =>
    reading.kind === 'referral' ? [server] : [],
  );
  const tasks = [...way.tasks];
  if (!way.end) return { tasks };
  const isWalked = parents !== undefined && parents.length > 0;
  const servers = isWalked ? parents : inquiry.settings.resolvers;
  for (const server of servers.slice(0, DS_ASKED_MAX)) {
    const put = settled(inquiry, {
      server,
      name: zone,
      type: RR_TYPES.DS,
      recursionDesired: !isWalked,
      checkingDisabled: !isWalked,
      dnssecOk: true,
    });
    tasks.push(...put.tasks);
    const { message } = put.answered ?? {};
    if (put.answered?.outcome === 'ANSWER' && message)
      return { tasks, ds: dataOf(message.answers, 'DS', zone) };
    const soa = message?.authorities.find(({ rdata }) => rdata.kind === 'SOA');
    // The child's own server denies it too, of its own zone, and knows nothing of the parent's.
    const isParents = soa !== undefined && !sameName(soa.name, zone) && isSubdomain(zone, soa.name);
    if (put.answered?.outcome === 'NODATA' && isParents) return { tasks, ds: [] };
    if (!put.isOver) return { tasks };
  }
  return { tasks };
}

/** A signature as a server sent it, with what it is on. */
export type Seen = { server: Server; owner: Name; rrsig: Rrsig; ttlS: number };

/** Signatures of the zone in what a server said, each once. `ttlS`: of the records it is on, the largest seen. */
export function signaturesOf({ server, replies }: SignedAnswers, zone: Name): Seen[] {
  const seen = new Map<string, Seen>();
  for (const { answers, authorities } of replies) {
    const records = [...answers, ...authorities];
    for (const { name, rdata } of records) {
      if (rdata.kind !== 'RRSIG' || !sameName(rdata.signer, zone)) continue;
      const ttlS = records
        .filter((record) => record.type === rdata.covered && sameName(record.name, name))
        .reduce((most, record) => Math.max(most, record.ttlS), 0);
      const key = `${name.toLowerCase()} ${rdata.covered} ${rdata.keyTag} ${rdata.expirationS} ${rdata.inceptionS}`;
      seen.set(key, { server, owner: name, rrsig: rdata, ttlS: Math.max(ttlS, seen.get(key)?.ttlS ?? 0) });
    }
  }
  return [...seen.values()];
}
