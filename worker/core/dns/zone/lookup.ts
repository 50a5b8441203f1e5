import { canonicalName, isSubdomain, parentOf, sameName, type Name } from '../codec/name.ts';
import { RR_TYPES } from '../codec/registry.ts';
import type { ZoneRecord } from './master-file.ts';
import { ancestors, cutAbove, recordsAt, type Zone } from './zone.ts';

/** Aliases followed inside a zone: far past what any client follows, and the end of a loop of any kind. */
const ALIASES_MAX = 64;

/**
 * What a zone has for a question. `outside`: the chain goes on in another zone. `referral`: the name is given away to other
 * servers. `dname`: a DNAME stands above it, whose answers are made up on the fly and not planned here.
 */
export type LookupKind = 'answer' | 'nodata' | 'nxdomain' | 'outside' | 'referral' | 'dname' | 'loop';

export type Lookup = {
  kind: LookupKind;
  /** Aliases followed, owners as they were asked for. */
  aliases: ZoneRecord[];
  /** The last name of the chain. */
  target: Name;
  /** The name in the zone that answers for the target: itself, or a wildcard. */
  owner?: Name | undefined;
  /** Records of the type at the target. */
  records: ZoneRecord[];
};

/** Answers a question from the zone as an authoritative server does (RFC 1034 section 4.3.2, RFC 4592). */
export function lookUp(zone: Zone, name: Name, type: number): Lookup {
  const found: Lookup = { kind: 'nodata', aliases: [], target: name, records: [] };
  const seen = new Set<string>();
  for (;;) {
    const { target } = found;
    found.owner = undefined;
    if (seen.has(canonicalName(target)) || found.aliases.length >= ALIASES_MAX)
      return { ...found, kind: 'loop' };
    seen.add(canonicalName(target));
    if (!isSubdomain(target, zone.apex)) return { ...found, kind: 'outside' };
    const cut = cutAbove(zone, target);
    // The parent's side of a delegation has its DS records (RFC 4035 section 3.1.4.1).
    if (cut !== undefined && !(type === RR_TYPES.DS && sameName(cut, target)))
      return { ...found, kind: 'referral' };
    if (dnameAbove(zone, target)) return { ...found, kind: 'dname' };
    const owner = ownerFor(zone, target);
    if (owner === undefined) return { ...found, kind: 'nxdomain' };
    found.owner = owner;
    const [alias] = type === RR_TYPES.CNAME ? [] : recordsAt(zone, owner, RR_TYPES.CNAME);
    if (alias?.rdata.kind !== 'CNAME') {
      const records = recordsAt(zone, owner, type).map((record) => ({ ...record, name: target }));
      return { ...found, kind: records.length > 0 ? 'answer' : 'nodata', records };
    }
    found.aliases.push({ ...alias, name: target });
    found.target = alias.rdata.target;
  }
}

/** The name itself, or the wildcard that stands for it (RFC 4592 section 3.3.1). */
function ownerFor(zone: Zone, name: Name): Name | undefined {
  if (zone.names.has(canonicalName(name))) return name;
  const encloser = [...ancestors(zone, name), canonicalName(zone.apex)].find((one) => zone.names.has(one));
  if (encloser === undefined) return undefined;
  const wildcard = encloser === '.' ? '*' : `*.${encloser}`;
  return zone.names.has(wildcard) ? wildcard : undefined;
}

/** A DNAME redirects what is below its owner, not the owner (RFC 6672 section 2.3). */
function dnameAbove(zone: Zone, name: Name): boolean {
  const parent = sameName(name, zone.apex) ? undefined : parentOf(name);
  if (parent === undefined) return false;
  return [...ancestors(zone, parent), zone.apex].some(
    (ancestor) => recordsAt(zone, ancestor, RR_TYPES.DNAME).length > 0,
  );
}
