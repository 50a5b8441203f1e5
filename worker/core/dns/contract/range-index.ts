import { masked, parsePrefix, type Address } from './ip.ts';

/** Finds the entries whose range an address is in, the narrowest first, without looking at every entry. */
export type RangeIndex<Entry> = (address: Address) => Entry[];

/** An index over entries with a range each; one whose range cannot be read is never found. */
export function rangeIndex<Entry extends { prefix: string }>(entries: readonly Entry[]): RangeIndex<Entry> {
  const byLength = new Map<string, { family: 4 | 6; length: number; byBits: Map<bigint, Entry[]> }>();
  for (const entry of entries) {
    const prefix = parsePrefix(entry.prefix);
    if (!prefix) continue;
    const { family, length, bits } = prefix;
    const key = `${family}/${length}`;
    const group = byLength.get(key) ?? { family, length, byBits: new Map<bigint, Entry[]>() };
    byLength.set(key, group);
    group.byBits.set(bits, [...(group.byBits.get(bits) ?? []), entry]);
  }
  const groups = [...byLength.values()].toSorted((a, b) => b.length - a.length);
  return (address) =>
    groups.flatMap(({ family, length, byBits }) =>
      family === address.family ? (byBits.get(masked(address, length)) ?? []) : [],
    );
}
