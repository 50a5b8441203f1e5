import type { Query } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import { isMeasured, isSilence } from './said.ts';

/** Tells the second time of asking from the first. */
const AGAIN = 2;

/** What to ask, and what came of it; `undefined` while it is still to come, or while one silence is all there is. */
export type Confirmed = { tasks: Query[]; answered?: Answered | undefined };

/**
 * A question that is put again when there was no reply though the server does reply over that transport: one silence is a
 * lost packet or a server that was being restarted, two are what it does with such questions. `isEnough`: what else must be
 * there for a reply to be one. Of a server that says nothing at all the first silence counts: A2 tells it.
 */
export function confirmed(
  inquiry: Pick<Inquiry, 'find' | 'answered'>,
  query: Query,
  isEnough: (answered: Answered) => boolean = ({ message }) => message !== undefined,
): Confirmed {
  const first = inquiry.find(query);
  if (!first || isEnough(first) || !isMeasured(first)) return { tasks: [query], answered: first };
  const isLost = first.message !== undefined || isSilence(first.outcome);
  if (!isLost || !hasSpoken(inquiry, query)) return { tasks: [query], answered: first };
  const again: Query = { ...query, time: AGAIN };
  return { tasks: [query, again], answered: inquiry.find(again) };
}

function hasSpoken({ answered }: Pick<Inquiry, 'answered'>, { server, transport }: Query): boolean {
  return answered.some(
    ({ query, message }) =>
      message !== undefined && query.server.url === server.url && query.transport === transport,
  );
}
