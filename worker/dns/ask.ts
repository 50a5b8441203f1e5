import type {
  Ask,
  Connect,
  ConnectExchange,
  Exchange,
  Fetch,
  FetchExchange,
  Query,
  QueryExchange,
  Task,
  Trouble,
} from '#core/dns/asking/exchange.ts';
import type { Vantage } from '#core/dns/asking/inquiry.ts';
import { DeadlineError, withDeadline } from '../deadline.ts';
import { messageOf } from '../log.ts';
import { Semaphore } from '../semaphore.ts';
import { askOverHttp } from './doh.ts';
import { blockedFor } from './reach.ts';
import {
  askOnStream,
  closed,
  ClosedError,
  ConnectError,
  openSocket,
  TlsError,
  UnsupportedError,
} from './stream.ts';

/** What a Worker can ask by: there is no UDP (`node:dgram` is a silent no-op there). */
export const WORKER_VANTAGE: Vantage = { kind: 'worker', transports: ['tcp', 'tls', 'https'] };

/**
 * Connections at once. Cloudflare lets six wait per invocation (developers.cloudflare.com/workers/platform/limits), the local
 * runtime does not count: one is left for what the object itself has to say.
 */
export const CONNECTIONS_MAX = 5;
/** A connection that is given up is gone in a moment. */
const CLOSE_MS = 250;
/** Octets of a published file: the longest known, AWS's, has 2 MB. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

export type WorkerAskerOptions = {
  exchangeTimeoutMs: number;
  /** Tasks that go out; the platform counts each as a subrequest. What is beyond is not measurable. */
  tasksMax: number;
  /** When the run has to have ended, by `performance.now()`. */
  endsAtMs: number;
};

/** Asks from a Worker: DNS over TCP, TLS and HTTPS, connections, and files. Each is bounded in time; none rejects. */
export function createWorkerAsker({ exchangeTimeoutMs, tasksMax, endsAtMs }: WorkerAskerOptions): Ask {
  const startedMs = performance.now();
  const connections = new Semaphore(CONNECTIONS_MAX);
  let asked = 0;
  return async (task) => {
    const notAsked = whyNot(task, asked >= tasksMax ? tasksMax : undefined);
    if (notAsked !== undefined)
      return exchangeOf(task, { atMs: performance.now() - startedMs, trouble: unmeasurable(notAsked) });
    asked += 1;
    return connections.run(async () => {
      const sentMs = performance.now();
      const leftMs = Math.max(1, endsAtMs - sentMs);
      // The server has not had its time when the run's is over.
      const late: Trouble = {
        class: 'TIMEOUT',
        message: `no answer within ${Math.round(Math.min(exchangeTimeoutMs, leftMs))} ms`,
        ...(leftMs < exchangeTimeoutMs ? { probeFault: true } : {}),
      };
      const got = await within(Math.min(exchangeTimeoutMs, leftMs), late, task, (signal) =>
        perform(task, signal),
      );
      return exchangeOf(task, { ...got, atMs: sentMs - startedMs, durationMs: performance.now() - sentMs });
    });
  };
}

type Got = {
  reply?: Uint8Array | undefined;
  second?: Uint8Array | undefined;
  http?: QueryExchange['http'];
  body?: Uint8Array | undefined;
  status?: number | undefined;
  sha256?: string | undefined;
  trouble?: Trouble | undefined;
};

/** Why a task is not even tried. */
function whyNot(task: Task, exceeded: number | undefined): string | undefined {
  if (exceeded !== undefined) return `the run has put the ${exceeded} questions a Worker may put`;
  if (task.kind === 'fetch') return undefined;
  if (task.kind === 'connect') return blockedFor(task.address);
  if (task.transport === 'udp') return 'a Worker has no UDP';
  return task.transport === 'https' ? undefined : blockedFor(task.server.host);
}

async function perform(task: Task, signal: AbortSignal): Promise<Got> {
  switch (task.kind) {
    case 'query':
      return task.transport === 'https' ? askDoh(task, signal) : askStream(task, signal);
    case 'connect':
      return tryConnect(task, signal);
    case 'fetch':
      return fetchFile(task, signal);
  }
}

async function askStream(query: Query, signal: AbortSignal): Promise<Got> {
  const { host, port, authName } = query.server;
  const socket = await openSocket(
    host,
    port,
    query.transport === 'tls' ? (authName ?? host) : undefined,
    signal,
  );
  try {
    return await askOnStream(socket, query);
  } finally {
    await closed(socket);
  }
}

async function askDoh(query: Query, signal: AbortSignal): Promise<Got> {
  const { reply, http } = await askOverHttp(query, signal);
  if (reply) return { reply, http };
  const trouble: Trouble = { class: 'HTTP_STATUS', message: `HTTP ${http?.status ?? 'answer too long'}` };
  return { http, trouble };
}

async function tryConnect({ address, port, serverName }: Connect, signal: AbortSignal): Promise<Got> {
  await closed(await openSocket(address, port, serverName, signal));
  return {};
}

async function fetchFile({ url }: Fetch, signal: AbortSignal): Promise<Got> {
  const response = await fetch(url, { signal, cache: 'no-store' });
  if (response.status !== 200) {
    await response.body?.cancel();
    return { status: response.status };
  }
  const body = new Uint8Array(await response.arrayBuffer());
  if (body.length > FILE_BYTES_MAX)
    return {
      status: response.status,
      trouble: unmeasurable(`the file has ${body.length} octets, at most ${FILE_BYTES_MAX} are read`),
    };
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body));
  const sha256 = Array.from(digest, (octet) => octet.toString(16).padStart(2, '0')).join('');
  return { status: response.status, body, sha256 };
}

/** Does the work within its time, or comes to `tooLate`; what goes wrong becomes the trouble of the task. */
async function within(
  timeoutMs: number,
  tooLate: Trouble,
  task: Task,
  work: (signal: AbortSignal) => Promise<Got>,
): Promise<Got> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<Got>((resolve) => {
    timer = setTimeout(() => {
      resolve({ trouble: tooLate });
      abort.abort();
    }, timeoutMs);
  });
  const done = work(abort.signal).catch((error: unknown): Got => ({ trouble: troubleOf(task, error) }));
  const got = await Promise.race([done, late]);
  clearTimeout(timer);
  // Its place is free once its connection is gone.
  await withDeadline(done, CLOSE_MS, 'closing a connection').catch((error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error;
  });
  return got;
}

/**
 * What an error says of the target. Refused, blocked and an HTTP/2-only server look alike from here, so none of them is held
 * against anybody: whoever has sockets of his own must say.
 */
function troubleOf(task: Task, error: unknown): Trouble {
  const message = messageOf(error).slice(0, 200);
  if (error instanceof ConnectError) return { class: 'CONNECT_FAILED_OR_BLOCKED', message, probeFault: true };
  if (error instanceof UnsupportedError) return unmeasurable(message);
  // It is not told why: whoever sees the certificate must say whose fault it is.
  if (error instanceof TlsError) return { class: 'TLS_FAIL', message, probeFault: true };
  if (error instanceof ClosedError) return { class: 'CONN_RESET', message };
  if (task.kind === 'fetch' || (task.kind === 'query' && task.transport === 'https'))
    return unmeasurable(`no HTTP answer a Worker understands: ${message}`);
  return { class: 'CONN_RESET', message };
}

function unmeasurable(message: string): Trouble {
  return { class: 'NOT_MEASURABLE', message, probeFault: true };
}

function exchangeOf(task: Task, got: Got & { atMs: number; durationMs?: number }): Exchange {
  const { atMs, durationMs = 0, reply, second, http, body, status, sha256, trouble } = got;
  switch (task.kind) {
    case 'query':
      return {
        task,
        atMs,
        exchangeMs: durationMs,
        tries: 1,
        reply,
        second,
        http,
        trouble,
      } satisfies QueryExchange;
    case 'connect':
      return { task, atMs, durationMs, trouble } satisfies ConnectExchange;
    case 'fetch':
      return { task, atMs, durationMs, body, status, sha256, trouble } satisfies FetchExchange;
  }
}
