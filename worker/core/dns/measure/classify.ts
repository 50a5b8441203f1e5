import type { Message } from '../codec/message.ts';
import type { Query, Trouble } from '../exchange.ts';
import type { OutcomeClass } from '../outcome.ts';

/**
 * The class of what came of a question: one word, from the reply alone. `DNSSEC_BOGUS` needs a second question (E9) and
 * `LAME` an authority's role (D3): `asAuthority` says that the server was asked as one of the zone's own.
 */
export function classify(
  query: Pick<Query, 'name' | 'type'>,
  message: Message | undefined,
  trouble: Trouble | undefined,
): OutcomeClass {
  if (trouble) return trouble.class;
  if (!message) return 'MALFORMED';
  return query.name === '' ? 'MALFORMED' : 'ANSWER';
}
