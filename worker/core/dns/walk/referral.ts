import type { Answered } from '../asking/inquiry.ts';
import type { Message } from '../codec/message.ts';
import { isSubdomain, sameName, type Name } from '../codec/name.ts';
import type { Rdata } from '../codec/rdata.ts';
import { RCODE, rcodeName } from '../codec/registry.ts';
import { canonicalAddress } from '../contract/ip.ts';

/** A name server as a parent lists it, with the addresses the referral carries for it (RFC 9499, “glue records”). */
export type ListedServer = { name: Name; glue: string[] };

/** A delegation as one of the parent's servers tells it. */
export type Referral = {
  kind: 'referral';
  /** The zone that is delegated. */
  child: Name;
  servers: ListedServer[];
  /** Delegation signers that came with it; only of a question with DO. */
  ds: Extract<Rdata, { kind: 'DS' }>[];
};

/** What a server says of a name when it is asked as one of the servers of `zone`, without recursion. */
export type Reading =
  | Referral
  /** It is authoritative for the name. `zone`: the owner of the SOA it gave. */
  | { kind: 'authority'; zone?: Name | undefined; exists: boolean }
  /** Nothing to go on with: no reply, an error, a referral that leads nowhere new, or an answer out of a cache. */
  | { kind: 'none'; why: string };

/** Reads a reply about `name` of a server that was asked for it as one of the servers of `zone`. */
export function readingOf({ message, outcome, exchange }: Answered, zone: Name, name: Name): Reading {
  if (!message) return { kind: 'none', why: exchange.trouble?.message ?? outcome };
  const soa = [...message.answers, ...message.authorities].find(({ rdata }) => rdata.kind === 'SOA');
  if (message.rcode === RCODE.NXDOMAIN && message.authoritative)
    return { kind: 'authority', zone: soa?.name, exists: false };
  if (message.rcode !== RCODE.NOERROR) return { kind: 'none', why: rcodeName(message.rcode) };
  const cut = message.authorities.find(({ rdata }) => rdata.kind === 'NS');
  if (message.answers.length === 0 && !soa && cut) {
    const leadsOn = isSubdomain(cut.name, zone) && !sameName(cut.name, zone) && isSubdomain(name, cut.name);
    if (leadsOn) return referralTo(message, cut.name);
    if (!message.authoritative) return { kind: 'none', why: `a referral to ${cut.name}` };
  }
  if (!message.authoritative) return { kind: 'none', why: 'an answer that is not authoritative' };
  return { kind: 'authority', zone: soa?.name, exists: true };
}

function referralTo(message: Message, child: Name): Referral {
  const names = message.authorities.flatMap(({ name, rdata }) =>
    rdata.kind === 'NS' && sameName(name, child) ? [rdata.target] : [],
  );
  const servers = names.map((name) => ({
    name,
    glue: message.additionals.flatMap(({ name: owner, rdata }) =>
      (rdata.kind === 'A' || rdata.kind === 'AAAA') && sameName(owner, name)
        ? [canonicalAddress(rdata.address)]
        : [],
    ),
  }));
  const ds = message.authorities.flatMap(({ name, rdata }) =>
    rdata.kind === 'DS' && sameName(name, child) ? [rdata] : [],
  );
  return { kind: 'referral', child, servers, ds };
}
