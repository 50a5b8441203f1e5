import type { Query } from './exchange.ts';
import type { Answered, Inquiry } from './inquiry.ts';
import { queryOver, type Asked } from './question.ts';
import { transportsTo } from './transports.ts';

/** What to ask for an answer, the best there is so far, and whether nothing more is to come. */
export type Settled = { tasks: Query[]; answered?: Answered | undefined; isOver: boolean };

/**
 * Asks over the server's usual transport, and over the next when the reply is truncated, unreadable or does not come: what
 * remains is what the server says, not what became of a packet. A vantage without any transport to it gets no answer.
 */
export function settled(inquiry: Pick<Inquiry, 'find' | 'vantage'>, asked: Asked): Settled {
  const tasks: Query[] = [];
  let best: Answered | undefined;
  for (const transport of transportsTo(asked.server, inquiry.vantage)) {
    const query = queryOver(transport, asked);
    tasks.push(query);
    const answered = inquiry.find(query);
    if (!answered) return { tasks, answered: best, isOver: false };
    if (answered.message || !best) best = answered;
    if (answered.message && !answered.message.truncated) break;
  }
  return { tasks, answered: best, isOver: true };
}
