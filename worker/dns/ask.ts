import {
  FILE_BYTES_MAX,
  type Ask,
  type Connect,
  type ConnectExchange,
  type Exchange,
  type Fetch,
  type FetchExchange,
  type Query,
  type QueryExchange,
  type Task,
  type Trouble,
} from '#core/dns/asking/exchange.ts';
import type { Vantage } from '#core/dns/asking/inquiry.ts';
import { cutTrouble, silence } from '#core/dns/asking/silence.ts';
import { hexText } from '#core/dns/codec/octets.ts';
import { DeadlineError, withDeadline } from '../deadline.ts';
import { messageOf } from '../log.ts';
import { boundedBytes } from './bounded-bytes.ts';
import { askOverHttp } from './doh.ts';
import { blockedFor } from './reach.ts';
import type { RunTime } from './run-time.ts';
import {
  askOnStream,
  closed,
  ClosedError,
  ConnectError,
  openSocket,
  TlsError,
  UnsupportedError,
} from './stream.ts';
import type { WayOut } from './way-out.ts';

/** What a Worker can ask by: there is no UDP (`node:dgram` is a silent no-op there). */
export const WORKER_VANTAGE: Vantage = { kind: 'worker', transports: ['tcp', 'tls', 'https'] };

/** A connection that is given up is gone in a moment. */
const CLOSE_MS = 250;

/**
 * HTTP statuses by which a server of DNS over HTTPS refuses a Worker and nobody else: its HTTP/1.1 (400 by some, 426, 505;
 * reference: dns, section 5, row 7), addresses that it shares with all of Cloudflare's customers, and what these have asked.
 */
const OF_THE_WORKER: ReadonlySet<number> = new Set([400, 403, 426, 429, 505]);

export type WorkerAskerOptions = {
  exchangeTimeoutMs: number;
  /** Tasks that go out; the platform counts each as a subrequest. What is beyond is not measurable. */
  tasksMax: number;
  /** What is under way at its end ends with it, and nothing goes out any more. */
  time: RunTime;
  /** Between two questions to one server, milliseconds. */
  paceMs: number;
  /** Of all runs that go on at once in this object. */
  wayOut: WayOut;
};

/** Asks from a Worker: DNS over TCP, TLS and HTTPS, connections, and files. Each is bounded in time; none rejects. */
export function createWorkerAsker({
  exchangeTimeoutMs,
  tasksMax,
  time,
  paceMs,
  wayOut,
}: WorkerAskerOptions): Ask {
  let asked = 0;
  return async (task) => {
    const notAsked = whyNot(task, asked >= tasksMax ? tasksMax : undefined);
    if (notAsked !== undefined)
      return exchangeOf(task, { atMs: time.tookMs(), trouble: unmeasurable(notAsked) });
    asked += 1;
    return new Promise<Exchange>((resolve, reject) => {
      const exchange = async (): Promise<void> => {
        const atMs = time.tookMs();
        if (time.over.aborted)
          return resolve(
            exchangeOf(task, { atMs, trouble: unmeasurable('the run was over before it was asked') }),
          );
        const { got, closed: isClosed } = await within(exchangeTimeoutMs, time.over, task, perform);
        resolve(exchangeOf(task, { ...got, atMs, durationMs: time.tookMs() - atMs }));
        // Its place is free once its connection is gone.
        await isClosed;
      };
      const exchanged =
        task.kind === 'query'
          ? wayOut.runPaced(`${task.server.host} ${task.server.port}`, paceMs, exchange)
          : wayOut.run(exchange);
      exchanged.catch(reject);
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
  if (http && OF_THE_WORKER.has(http.status))
    return { trouble: unmeasurable(`HTTP ${http.status}: it does not take questions from a Worker`) };
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
  const body = await boundedBytes(response.body, FILE_BYTES_MAX);
  if (body === undefined)
    return {
      status: response.status,
      trouble: unmeasurable(`the file has more than the ${FILE_BYTES_MAX} octets that are read`),
    };
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body));
  return { status: response.status, body, sha256: hexText(digest) };
}

/** Does the work within its time and the run's. `closed`: the connection has been given up, or has had the time to be. */
async function within(
  timeoutMs: number,
  over: AbortSignal,
  task: Task,
  work: (task: Task, signal: AbortSignal) => Promise<Got>,
): Promise<{ got: Got; closed: Promise<void> }> {
  const sentMs = performance.now();
  const abort = new AbortController();
  const cut = new AbortController();
  const late = new Promise<Got>((resolve) => {
    const giveUp = (trouble: Trouble): void => {
      resolve({ trouble });
      abort.abort();
    };
    const timer = setTimeout(() => giveUp(silence(timeoutMs)), timeoutMs);
    const onOver = (): void => giveUp(cutTrouble(performance.now() - sentMs));
    over.addEventListener('abort', onOver, { once: true, signal: cut.signal });
    cut.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
  const done = work(task, abort.signal).catch((error: unknown): Got => ({ trouble: troubleOf(task, error) }));
  const got = await Promise.race([done, late]);
  cut.abort();
  return { got, closed: closedInTime(done) };
}

async function closedInTime(done: Promise<unknown>): Promise<void> {
  try {
    await withDeadline(done, CLOSE_MS, 'closing a connection');
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
  }
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
