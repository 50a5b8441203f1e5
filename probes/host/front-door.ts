import { createServer, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform, type Duplex } from 'node:stream';
import { createProxyServer } from 'httpxy';
import { SCREENSHOT_BYTES_MAX } from '#core/wire.ts';
import { errorCode, errorText, type Log } from '../log.ts';
import { isOrdinaryPath } from './ordinary-path.ts';

/** Bytes of a request's body: the largest the hub takes is a screenshot; it refuses above that in its own words. */
const BODY_BYTES_MAX = 2 * SCREENSHOT_BYTES_MAX;
/** Open connections: 500 probes and their operators, below the usual limit of 1,024 files. */
const CONNECTIONS_MAX = 900;
/** For a request's headers, and for all of it: a slow writer must not hold a connection. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** How often Node looks for those that are over it. */
const TIMEOUT_CHECK_INTERVAL_MS = 5_000;
/** Silence of workerd on a request. A live page is spoken to more often. */
const ANSWER_TIMEOUT_MS = 120_000;
const UPGRADE_TIMEOUT_MS = 10_000;
/** Miniflare has a killed workerd back within two seconds. */
const RETRY_AFTER_S = 1;

/** The public port. */
export type FrontDoor = {
  port: number;
  /** From now on requests go to the workerd at `target`; until then they are told to come back. */
  lead(target: URL): void;
  /** Stops listening and drops every connection. */
  close(): Promise<void>;
};

/**
 * Listens on a public port for workerd, which listens on loopback only: bounds a request's size and time, keeps
 * Miniflare's own doors (`/cdn-cgi/…`, `MF-…` headers) shut, and answers 503 with Retry-After while workerd is away.
 * Rejects with the system's error, such as EADDRINUSE, when it cannot listen.
 */
export async function openFrontDoor(host: string, port: number, log: Log): Promise<FrontDoor> {
  let target: URL | undefined;
  const upgraded = new Set<Duplex>();
  // No connection is used again: one that workerd has just closed would fail a request that is not repeated.
  const proxy = createProxyServer({
    agent: false,
    proxyTimeout: ANSWER_TIMEOUT_MS,
    upgradeTimeout: UPGRADE_TIMEOUT_MS,
  });
  const inner = new WeakMap<object, ClientRequest>();
  proxy.on('proxyReq', (started, request) => inner.set(request, started));
  proxy.on('proxyRes', (answer) => {
    // Workerd's connection ends with the answer; the client's need not.
    delete answer.headers.connection;
  });
  proxy.on('error', (error, _request, response) => {
    if (!isAway(error)) log('warn', 'front-door-failed', { error: errorText(error) });
    if (response !== undefined) sayAway(response);
  });

  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
    },
    (request, response) => {
      const refusal = refusalOf(request);
      if (refusal !== undefined) return refuse(response, refusal);
      if (target === undefined) return sayAway(response);
      withoutPlatformHeaders(request);
      const body = bounded(request, () => {
        refuse(response, 413);
        inner.get(request)?.destroy();
      });
      void proxy.web(request, response, { target, buffer: body });
    },
  );
  server.on('upgrade', (request, socket, head) => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) return endSocket(socket, refusal);
    if (target === undefined) return sayAway(socket);
    withoutPlatformHeaders(request);
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    // Node hands the plain TCP socket of the connection; its type is that of any server.
    void proxy.ws(request, socket as Parameters<typeof proxy.ws>[1], { target }, head);
  });
  server.maxConnections = CONNECTIONS_MAX;

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    lead(url) {
      target = url;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
}

function refusalOf(request: IncomingMessage): number | undefined {
  if (!isOrdinaryPath(request.url ?? '')) return 404;
  return Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX ? 413 : undefined;
}

/** What Miniflare believes when its own tools say it. */
function withoutPlatformHeaders(request: IncomingMessage): void {
  for (const name of Object.keys(request.headers)) if (name.startsWith('mf-')) delete request.headers[name];
}

/** The body as it comes, until more comes than is taken; its length may not have been announced. */
function bounded(request: IncomingMessage, onTooLong: () => void): Transform {
  let bytes = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      const wasWithin = bytes <= BODY_BYTES_MAX;
      bytes += chunk.length;
      if (bytes <= BODY_BYTES_MAX) return callback(null, chunk);
      if (wasWithin) onTooLong();
      callback();
    },
  });
  return request.pipe(body);
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ error: REASONS[status] }));
}

const REASONS: Readonly<Record<number, string>> = {
  404: 'there is nothing here',
  413: `the body is over ${BODY_BYTES_MAX} bytes`,
  503: 'the hub is starting; come back in a second',
};

function sayAway(response: ServerResponse | Duplex): void {
  if (response.writableEnded) return;
  if (!('writeHead' in response)) return endSocket(response, 503, `Retry-After: ${RETRY_AFTER_S}\r\n`);
  if (response.headersSent) return void response.destroy();
  response.setHeader('retry-after', RETRY_AFTER_S);
  refuse(response, 503);
}

function endSocket(socket: Duplex, status: number, headers = ''): void {
  const reason = JSON.stringify({ error: REASONS[status] });
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${status === 503 ? 'Service Unavailable' : 'Refused'}\r\n${headers}Connection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`,
  );
}

/** Nobody listens there, or he who did has gone: workerd is being started again. */
function isAway(error: unknown): boolean {
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(errorCode(error) ?? '');
}
