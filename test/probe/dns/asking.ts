import { onTestFinished } from 'vitest';
import {
  isConnect,
  isFetch,
  isQuery,
  type ConnectExchange,
  type FetchExchange,
  type Query,
  type QueryExchange,
  type Task,
} from '#core/dns/asking/exchange.ts';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { createAsker, type AskerOptions } from '#probes/runners/dns/ask.ts';

export type Asking = {
  query: (query: Query) => Promise<QueryExchange>;
  connect: (task: Omit<Extract<Task, { kind: 'connect' }>, 'kind'>) => Promise<ConnectExchange>;
  fetch: (url: string) => Promise<FetchExchange>;
  close: () => void;
};

/** An asker that is closed with the test; unpaced, and with three seconds a question, when nothing is said of it. */
export function asking(
  over: Partial<AskerOptions['settings']> & Omit<Partial<AskerOptions>, 'settings'> = {},
): Asking {
  const { paceMs = 0, exchangeTimeoutMs = 3_000, ...others } = over;
  const { ask, close } = createAsker({ settings: { paceMs, exchangeTimeoutMs }, ...others });
  onTestFinished(close);
  return {
    query: async (query) => {
      const exchange = await ask(query);
      if (!isQuery(exchange)) throw new Error('expected what came of a question');
      return exchange;
    },
    connect: async (task) => {
      const exchange = await ask({ kind: 'connect', ...task });
      if (!isConnect(exchange)) throw new Error('expected what came of a connection');
      return exchange;
    },
    fetch: async (url) => {
      const exchange = await ask({ kind: 'fetch', url });
      if (!isFetch(exchange)) throw new Error('expected what came of a file');
      return exchange;
    },
    close,
  };
}

/** Addresses of the answer. */
export function addressesIn(reply: Uint8Array | undefined): string[] {
  if (!reply) return [];
  return decodeMessage(reply).answers.flatMap(({ rdata }) => (rdata.kind === 'A' ? [rdata.address] : []));
}
