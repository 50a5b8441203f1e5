import type { Answered, Inquiry } from './inquiry.ts';
import type { Query } from './exchange.ts';
import { plainQuery, transportsTo, type Asked } from './question.ts';

/** A question, with what a validating resolver adds to it. */
export type AskedFully = Asked & {
  class?: number | undefined;
  dnssecOk?: boolean | undefined;
  checkingDisabled?: boolean | undefined;
};

/** What to ask for an answer, the best there is so far, and whether nothing more is to come. */
export type Settled = { tasks: Query[]; answered?: Answered | undefined; isOver: boolean };

/**
 * Asks over the server's usual transport, and over the next when the reply is truncated, unreadable or does not come: what
 * remains is what the server says, not what became of a packet. A vantage without any transport to it gets no answer.
 */
export function settled(inquiry: Pick<Inquiry, 'find' | 'vantage'>, asked: AskedFully): Settled {
  const tasks: Query[] = [];
  let best: Answered | undefined;
  for (const transport of transportsTo(asked.server, inquiry.vantage)) {
    const query = fullQuery(asked, transport);
    tasks.push(query);
    const answered = inquiry.find(query);
    if (!answered) return { tasks, answered: best, isOver: false };
    if (answered.message || !best) best = answered;
    if (answered.message && !answered.message.truncated) break;
  }
  return { tasks, answered: best, isOver: true };
}

/** The question over one transport; as `plainQuery` when nothing is added. */
export function fullQuery(asked: AskedFully, transport: Query['transport']): Query {
  const query = plainQuery(asked, transport);
  return {
    ...query,
    ...(asked.class === undefined ? {} : { class: asked.class }),
    ...(asked.checkingDisabled ? { checkingDisabled: true } : {}),
    ...(asked.dnssecOk && query.edns ? { edns: { ...query.edns, dnssecOk: true } } : {}),
  };
}
