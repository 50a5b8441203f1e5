import type { DnsSettings } from '../../checks/dns.ts';
import type { Message } from '../codec/message.ts';
import type { Exchange, QueryExchange, Query, Task, Transport } from './exchange.ts';
import type { OutcomeClass } from './outcome.ts';
import type { Server } from './server.ts';

/** From where a run asks: what its platform can do. */
export type Vantage = { kind: 'node' | 'worker'; transports: readonly Transport[] };

/** Transports over which silence is our own network's: to servers that are asked without recursion, and to resolvers. */
export type ShutWays = { direct: readonly Transport[]; resolvers: readonly Transport[] };

/** A question with what came of it, read. `message` is absent without a readable reply. */
export type Answered = {
  exchange: QueryExchange;
  query: Query;
  message?: Message | undefined;
  outcome: OutcomeClass;
};

/**
 * What the run knows so far. Aspects look questions up by their fields: one that several need is asked once. Everything here
 * is derived from `settings` and the exchanges; nothing is kept between calls.
 */
export type Inquiry = {
  settings: DnsSettings;
  vantage: Vantage;
  /** Start of the run by the asker's clock, epoch ms: signatures are judged by it. */
  nowMs: number;
  /** A text unlike that of any other run, of a–z and 0–9, for names that must not exist. */
  salt: string;
  exchanges: readonly Exchange[];
  /** The zone the name is in; `undefined` while it is not known. */
  zone?: string | undefined;
  /** The zone's own servers, declared or found; `undefined` while they are being looked for. */
  authorities?: readonly Server[] | undefined;
  /** Ways that are shut from here, for whose silence nobody is to blame: their questions are not measurable. */
  shut?: ShutWays | undefined;
  /** What came of a task; `undefined` while it has not been asked. */
  find(query: Query): Answered | undefined;
  done(task: Task): Exchange | undefined;
  /** All questions so far with their replies read. */
  answered: readonly Answered[];
};
