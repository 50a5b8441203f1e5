import type { Vantage } from './inquiry.ts';
import type { Query } from './exchange.ts';
import type { Asked } from './question.ts';
import { canAsk, questionOf, type Way } from './questions.ts';

/** The question put that way; `undefined` where the server or the vantage does not have it. */
export function askedBy(way: Way, asked: Asked, vantage: Vantage): Query | undefined {
  const query = questionOf(way, asked.server, asked.name, asked.type, asked);
  return canAsk(asked.server, query.transport, vantage) ? query : undefined;
}
