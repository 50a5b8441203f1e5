import type { Inquiry } from '../aspect.ts';
import type { Measured } from '../evidence.ts';

/**
 * The figures of one type that a baseline is made of: of the largest whole answer that an authority gave, or, where none
 * could be asked or the name is an alias out of the zone, a resolver. `undefined` without such an answer.
 */
export function measuredOf(inquiry: Inquiry, type: number): Measured | undefined {
  const one = inquiry.answered.find(({ query }) => query.type === type);
  return one && undefined;
}
