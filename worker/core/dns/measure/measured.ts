import type { Inquiry } from '../asking/inquiry.ts';
import type { Measured } from '../findings/evidence.ts';
import { chainOf } from './rrset.ts';
import { floorBytes, uncompressedBytes, wireBytes } from './size.ts';
import { largest, wholesOf } from './whole.ts';

/**
 * The figures of one type that a baseline is made of: of the largest whole answer that an authority gave, or, where none
 * could be asked or the name is an alias out of the zone, a resolver. `undefined` without such an answer.
 */
export function measuredOf(inquiry: Inquiry, type: number): Measured | undefined {
  const { name } = inquiry.settings;
  const { of, wholes } = wholesOf(inquiry, name, type);
  const whole = largest(wholes);
  if (!whole) return undefined;
  const { message, outcome } = whole;
  const { aliases, records } = chainOf(message, name, type);
  // A resolver's counts down.
  const ttls = of === 'resolver' ? [] : [...aliases, ...records].map(({ ttlS }) => ttlS);
  return {
    type,
    outcome,
    records: records.length,
    floorBytes: floorBytes(message),
    wireBytes: wireBytes(message),
    uncompressedBytes: uncompressedBytes(message),
    chain: aliases.length,
    ...(ttls.length === 0 ? {} : { minTtlS: Math.min(...ttls) }),
  };
}
