import type { QueryFields } from '../codec/encode.ts';
import type { OutcomeClass } from './outcome.ts';
import type { Server } from './server.ts';

export const TRANSPORTS = ['udp', 'tcp', 'tls', 'https'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Silence before the second question of `idle`, milliseconds (RFC 7766 section 6.2.3 asks for some seconds). */
export const IDLE_MS = 2_000;
/** Octets of a published file that are read: the longest known, AWS's, has 2 MB. */
export const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** One DNS question to one server, and how it is put. Two with equal fields are the same question and are asked once. */
export type Query = Omit<QueryFields, 'id' | 'authenticData'> & {
  kind: 'query';
  server: Server;
  transport: Transport;
  /**
   * How it is put, when not plainly. `split`: over TCP with the two octets of the length in two segments. `pipelined`: with
   * `secondType` behind it on one connection, without waiting. `idle`: `secondType` after `IDLE_MS` of silence on the same
   * connection. `unconnected`: over UDP, taking replies from whatever address. `get`: over DoH by GET.
   */
  manner?: 'split' | 'pipelined' | 'idle' | 'unconnected' | 'get' | undefined;
  /** What the second question of `pipelined` and `idle` asks of the same name. */
  secondType?: number | undefined;
  /** Tells questions apart that are put again on purpose: 2 is the warm one after the cold, 3… are samples of a rotation. */
  time?: number | undefined;
};

/** Whether an address takes connections on the service's port, with a certificate for `serverName`. */
export type Connect = { kind: 'connect'; address: string; port: number; serverName?: string | undefined };

/** The published file of address ranges. */
export type Fetch = { kind: 'fetch'; url: string };

export type Task = Query | Connect | Fetch;

/** Why there is no reply. `probeFault`: our own doing (no sockets, no way out), never the target's. */
export type Trouble = {
  class: Extract<
    OutcomeClass,
    | 'TIMEOUT'
    | 'CONN_REFUSED'
    | 'CONN_RESET'
    | 'CONNECT_FAILED_OR_BLOCKED'
    | 'TLS_FAIL'
    | 'HTTP_STATUS'
    | 'NOT_MEASURABLE'
  >;
  message: string;
  probeFault?: boolean | undefined;
};

/** What came of a question. Times are milliseconds by the asker's monotonic clock. */
export type QueryExchange = {
  task: Query;
  /** From the start of the run to the first packet. */
  atMs: number;
  /** Of TCP, and of TLS above it; absent on UDP and where the platform does not tell (Workers). */
  connectMs?: number | undefined;
  tlsMs?: number | undefined;
  /** From the last sending to the whole reply (to the giving up, without one). */
  exchangeMs: number;
  /** Sendings: more than one only over UDP, where a lost packet is nobody's fault. */
  tries: number;
  /** The first reply with our id and question. */
  reply?: Uint8Array | undefined;
  /** Of `pipelined` and `idle`. */
  second?: Uint8Array | undefined;
  /** `address:port` that a UDP reply came from. */
  from?: string | undefined;
  trouble?: Trouble | undefined;
  http?:
    | { status: number; version: string; contentType?: string | undefined; maxAgeS?: number | undefined }
    | undefined;
  tls?: { protocol: string; validToMs: number } | undefined;
};

export type ConnectExchange = {
  task: Connect;
  atMs: number;
  durationMs: number;
  trouble?: Trouble | undefined;
  tls?: { protocol: string; validToMs: number } | undefined;
};

export type FetchExchange = {
  task: Fetch;
  atMs: number;
  durationMs: number;
  /** Body of a 200, at most `FILE_BYTES_MAX`. */
  body?: Uint8Array | undefined;
  /** Of the body, hexadecimal digits. */
  sha256?: string | undefined;
  status?: number | undefined;
  trouble?: Trouble | undefined;
};

export type Exchange = QueryExchange | ConnectExchange | FetchExchange;

/** Asks one thing and says what came of it. Never rejects: whatever went wrong is a `Trouble`. */
export type Ask = (task: Task) => Promise<Exchange>;

export const isQuery = (exchange: Exchange): exchange is QueryExchange => exchange.task.kind === 'query';
export const isConnect = (exchange: Exchange): exchange is ConnectExchange =>
  exchange.task.kind === 'connect';
export const isFetch = (exchange: Exchange): exchange is FetchExchange => exchange.task.kind === 'fetch';

/** What makes two tasks the same. */
export function taskKey(task: Task): string {
  switch (task.kind) {
    case 'connect':
      return `connect ${task.address} ${task.port} ${task.serverName ?? ''}`;
    case 'fetch':
      return `fetch ${task.url}`;
    case 'query': {
      const { edns } = task;
      const options = edns?.options?.map(({ code, data }) => `${code}=${data.join(',')}`).join(' ') ?? '';
      return [
        `query ${task.server.url} ${task.transport} ${task.name.toLowerCase()} ${task.type} ${task.class ?? 1} ${task.opcode ?? 0}`,
        `${task.recursionDesired ? 'rd' : ''}${task.checkingDisabled ? 'cd' : ''}`,
        edns
          ? `edns${edns.version ?? 0} ${edns.udpBytes} ${edns.dnssecOk ? 'do' : ''} ${edns.z ?? 0} ${options}`
          : '',
        `${task.manner ?? ''} ${task.secondType ?? ''} ${task.time ?? 1}`,
      ].join('|');
    }
  }
}
