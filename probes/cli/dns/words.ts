import type { Name } from '#core/dns/codec/name.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import type { Headroom } from '#core/dns/measure/size.ts';

/** `1 record`, `2 records`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A name as people write it; the root has a word of its own. */
export function named(name: Name): string {
  return name === '.' ? 'the root' : name;
}

/** `158 octets, 9 records`; records only where all of a set are of one size. */
export function roomText({ bytes, records }: Headroom, type: number): string {
  if (bytes < 0) return `none, ${-bytes} too many`;
  const isOfOneSize = type === RR_TYPES.A || type === RR_TYPES.AAAA;
  return `${counted(bytes, 'octet')}${isOfOneSize ? `, ${counted(records, 'record')}` : ''}`;
}
