import type { QueryExchange } from '#core/dns/asking/exchange.ts';

/** What came of a question, before it is said which question and when. */
export type Answer = Omit<QueryExchange, 'task' | 'atMs'>;
