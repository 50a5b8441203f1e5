import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import type { Server } from '../../asking/server.ts';
import { sameName, type Name } from '../../codec/name.ts';
import { canonicalAddress } from '../../contract/ip.ts';
import { chainOf } from '../../measure/rrset.ts';
import { addressTypes } from './samples.ts';

/** An address that the name was answered with, and by whom. */
export type SeenAddress = {
  address: string;
  /** Of the zone. */
  authorities: Server[];
  resolvers: Server[];
};

/** Every address of the name in any answer of the run, in the order they came. */
export function seenAddresses(inquiry: Inquiry): SeenAddress[] {
  const own = new Set((inquiry.authorities ?? []).map(({ url }) => url));
  const seen = new Map<string, SeenAddress>();
  for (const answered of inquiry.answered) {
    const { server, recursionDesired } = answered.query;
    const isOwn = !recursionDesired && own.has(server.url);
    if (!isOwn && !recursionDesired) continue;
    for (const address of addressesIn(inquiry, answered)) {
      const known = seen.get(address) ?? { address, authorities: [], resolvers: [] };
      const who = isOwn ? known.authorities : known.resolvers;
      if (!who.some(({ url }) => url === server.url)) who.push(server);
      seen.set(address, known);
    }
  }
  return [...seen.values()];
}

/** The addresses that count as the name's: those of the zone's servers, and of resolvers where none of them gave any. */
export function ownAddresses(inquiry: Inquiry): string[] {
  const seen = seenAddresses(inquiry).filter(isCounted(inquiry));
  const own = seen.filter(({ authorities }) => authorities.length > 0);
  return (own.length > 0 ? own : seen).map(({ address }) => address);
}

/**
 * Tells the addresses that people are really given. Those of the zone's servers are; what resolvers alone give is not when
 * fewer than half of them do: one that rewrites answers, or still has an old one, speaks for its own clients. With a declared
 * rotation resolvers keep parts of the pool that its servers need not have shown yet, and theirs do not count beside them.
 */
export function isCounted(inquiry: Inquiry): (seen: SeenAddress) => boolean {
  const all = seenAddresses(inquiry);
  const urlsOf = (some: readonly SeenAddress[]) =>
    new Set(some.flatMap(({ resolvers }) => resolvers.map(({ url }) => url)));
  const giving = urlsOf(all).size;
  const { rotation } = inquiry.settings;
  const strays = all.filter(({ authorities }) => authorities.length === 0);
  if (strays.length < all.length) {
    const isMost = rotation === undefined && urlsOf(strays).size * 2 >= giving;
    return ({ authorities }) => authorities.length > 0 || isMost;
  }
  // Nobody of the zone gave any, as of an alias out of it: what most agree on, or everything where most do not agree.
  const isAgreed = ({ resolvers }: SeenAddress) => resolvers.length * 2 > giving;
  return rotation === undefined && all.some(isAgreed) ? isAgreed : () => true;
}

function addressesIn(inquiry: Inquiry, { query, message, outcome }: Answered): string[] {
  const { name } = inquiry.settings;
  if (!message || (outcome !== 'ANSWER' && outcome !== 'PARTIAL')) return [];
  if (!addressTypes(inquiry).includes(query.type) || !sameName(query.name, name)) return [];
  return addressesOf(message, name, query.type);
}

/** Addresses at the end of an answer's chain, in their one spelling. */
export function addressesOf(message: NonNullable<Answered['message']>, name: Name, type: number): string[] {
  return chainOf(message, name, type).records.flatMap(({ rdata }) =>
    rdata.kind === 'A' || rdata.kind === 'AAAA' ? [canonicalAddress(rdata.address)] : [],
  );
}
