import type { Name } from '#core/dns/codec/name.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { countText } from '#core/dns/findings/telling.ts';
import type { Headroom } from '#core/dns/measure/size.ts';

/** A name as people write it; the root has a word of its own. */
export function named(name: Name): string {
  return name === '.' ? 'the root' : name;
}

/** `158 octets, 9 records`, or what is too much; records only where all of a set are of one size. */
export function roomText({ bytes, records }: Headroom, type: number): string {
  const isOfOneSize = type === RR_TYPES.A || type === RR_TYPES.AAAA;
  const octets = countText(Math.abs(bytes), 'octet');
  const room = isOfOneSize ? `${octets}, ${countText(Math.abs(records), 'record')}` : octets;
  return bytes < 0 ? `none, ${room} too many` : room;
}

/** What comes behind it says more of the same, and `--all` shows it. */
export function firstSentence(text: string): string {
  return text.replace(/\. .*$/s, '.');
}
