import { canonicalName, isSubdomain, labelsOf, parentOf, type Name } from '../codec/name.ts';
import { canonicalRdata } from '../codec/present.ts';
import { RR_TYPES } from '../codec/registry.ts';
import type { MasterFile, ZoneRecord } from './master-file.ts';

/** Records of one owner by type. */
export type Node = ReadonlyMap<number, readonly ZoneRecord[]>;

/** A zone as a server would have it: equal records once, names without regard to case. */
export type Zone = {
  apex: Name;
  /** By the owner's one spelling, the apex first where there is one. What is not in the zone is left out. */
  nodes: ReadonlyMap<string, Node>;
  /** Every name that exists, those without records of their own too (RFC 4592 section 2.2.2). */
  names: ReadonlySet<string>;
  /** Records whose owner is not in the zone. */
  outside: readonly ZoneRecord[];
  /** Records that another one says already. */
  repeated: readonly ZoneRecord[];
};

/** The records of a file as a zone. Its name is the owner of the first SOA record, else the file's first origin. */
export function zoneOf({ records, origin }: Pick<MasterFile, 'records' | 'origin'>): Zone | undefined {
  const apex = records.find(({ type }) => type === RR_TYPES.SOA)?.name ?? origin;
  if (apex === undefined) return undefined;
  const nodes = new Map<string, Map<number, ZoneRecord[]>>();
  const names = new Set<string>();
  const outside: ZoneRecord[] = [];
  const repeated: ZoneRecord[] = [];
  const seen = new Set<string>();
  for (const record of records) {
    if (!isSubdomain(record.name, apex)) {
      outside.push(record);
      continue;
    }
    const owner = canonicalName(record.name);
    const key = `${owner} ${record.type} ${canonicalRdata(record.rdata)}`;
    if (seen.has(key)) {
      repeated.push(record);
      continue;
    }
    seen.add(key);
    const node = nodes.get(owner) ?? new Map<number, ZoneRecord[]>();
    const set = node.get(record.type);
    if (set) set.push(record);
    else node.set(record.type, [record]);
    nodes.set(owner, node);
    addName(names, owner, canonicalName(apex));
  }
  return { apex, nodes, names, outside, repeated };
}

/** The records of a set; none when there are none. */
export function recordsAt(zone: Zone, name: Name, type: number): readonly ZoneRecord[] {
  return zone.nodes.get(canonicalName(name))?.get(type) ?? [];
}

/** The owner of the NS records that give the name away, below the apex: the topmost. */
export function cutAbove(zone: Zone, name: Name): Name | undefined {
  return ancestors(zone, name).findLast((ancestor) => recordsAt(zone, ancestor, RR_TYPES.NS).length > 0);
}

/** The name itself and what is above it, up to but without the apex. */
export function ancestors(zone: Zone, name: Name): Name[] {
  const labels = labelsOf(canonicalName(name));
  const depth = labels.length - labelsOf(zone.apex).length;
  return Array.from({ length: Math.max(0, depth) }, (_, at) => labels.slice(at).join('.'));
}

function addName(names: Set<string>, owner: string, apex: string): void {
  for (let name: Name | undefined = owner; name !== undefined && !names.has(name); name = parentOf(name)) {
    names.add(name);
    if (name === apex) return;
  }
}
