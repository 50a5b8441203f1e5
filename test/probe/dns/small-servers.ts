import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createSecureServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Query } from '#core/dns/asking/exchange.ts';
import { parseServer } from '#core/dns/asking/server.ts';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { encodeResponse, type RecordFields, type ResponseFields } from '#core/dns/codec/encode.ts';
import { framed, FrameReader } from '#core/dns/codec/framing.ts';
import type { Message } from '#core/dns/codec/message.ts';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import { listenOnLoopback, type Handler } from '#test/fixtures/loopback-server.ts';

/** One A record of the asked name. */
export function answerTo(query: Message, over: Partial<ResponseFields> = {}): Uint8Array {
  const { id } = query;
  const { name = '.', type = 1 } = query.questions[0] ?? {};
  const rdata = { kind: 'A', address: '192.0.2.1' } as const;
  const answers = [{ name, type: 1, ttlS: 60, rdata }];
  return encodeResponse({ id, name, type, recursionDesired: query.recursionDesired, answers, ...over });
}

/** What a resolver says of `example.test` when only `name` is in it, with one address. */
export function resolverOf(name: string): (query: Message) => Uint8Array {
  const zone = 'example.test';
  const soa: RecordFields = {
    name: zone,
    type: RR_TYPES.SOA,
    ttlS: 300,
    rdata: {
      kind: 'SOA',
      primary: `ns1.${zone}`,
      mailbox: `hostmaster.${zone}`,
      serial: 1,
      refreshS: 3_600,
      retryS: 900,
      expireS: 604_800,
      minimumS: 300,
    },
  };
  return (query) => {
    const asked = query.questions[0] ?? { name: '.', type: 0 };
    const isZone = asked.name === zone;
    const exists = isZone || asked.name === name;
    const over = { recursionAvailable: true, edns: query.opt && { udpBytes: 1_232, dnssecOk: false } };
    if (isZone && asked.type === RR_TYPES.SOA) return answerTo(query, { ...over, answers: [soa] });
    if (exists && !isZone && asked.type === RR_TYPES.A) return answerTo(query, over);
    const rcode = exists ? RCODE.NOERROR : RCODE.NXDOMAIN;
    return answerTo(query, { ...over, rcode, answers: [], authorities: [soa] });
  };
}

/** A plain question for `portal.example.test`. */
export function aQuery(url: string, over: Partial<Query> = {}): Query {
  const server = parseServer(url);
  if (!server) throw new Error(`expected a server, got ${url}`);
  const transport = { dns: 'udp', tcp: 'tcp', tls: 'tls', https: 'https', http: 'https' } as const;
  return {
    kind: 'query',
    server,
    transport: transport[server.scheme],
    name: 'portal.example.test',
    type: 1,
    recursionDesired: true,
    ...over,
  };
}

/** Ends with the test that started it. */
export type Small = { url: string; port: number };

/** A query over UDP; `reply` sends from the socket that was asked, `replyFromElsewhere` from another one. */
export type Packet = {
  query: Message;
  from: RemoteInfo;
  atMs: number;
  reply: (bytes: Uint8Array) => void;
  replyFromElsewhere: (bytes: Uint8Array) => void;
};

export type UdpServer = Small & { packets: Packet[] };

export async function startUdp(onPacket: (packet: Packet, count: number) => void): Promise<UdpServer> {
  const socket = createSocket('udp4');
  const elsewhere = createSocket('udp4');
  const packets: Packet[] = [];
  socket.on('message', (bytes, from) => {
    const packet: Packet = {
      query: decodeMessage(bytes),
      from,
      atMs: performance.now(),
      reply: (reply) => socket.send(reply, from.port, from.address),
      replyFromElsewhere: (reply) => elsewhere.send(reply, from.port, from.address),
    };
    packets.push(packet);
    onPacket(packet, packets.length);
  });
  socket.bind(0, '127.0.0.1');
  elsewhere.bind(0, '127.0.0.1');
  await Promise.all([once(socket, 'listening'), once(elsewhere, 'listening')]);
  const { port } = socket.address();
  onTestFinished(() => {
    socket.close();
    elsewhere.close();
  });
  return { url: `dns://127.0.0.1:${port}`, port, packets };
}

/** Queries on one connection, as they come; `send` frames a message. */
export type Connection = {
  socket: Socket;
  queries: Message[];
  /** Sizes of the chunks that came. */
  chunks: number[];
  send: (message: Uint8Array) => void;
};

export type StreamServer = Small & { connections: Connection[] };

/** TCP, or TLS with `certificate`. `onQuery` is called for each query with its connection. */
export async function startStream(
  onQuery: (connection: Connection, query: Message) => void,
  certificate?: { cert: string; key: string },
): Promise<StreamServer> {
  const connections: Connection[] = [];
  const open = new Set<Socket>();
  const accept = (socket: Socket): void => {
    const frames = new FrameReader();
    const connection: Connection = {
      socket,
      queries: [],
      chunks: [],
      send: (message) => void socket.write(framed(message)),
    };
    connections.push(connection);
    // A client that goes away in the middle is what some tests are about.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      connection.chunks.push(chunk.length);
      for (const bytes of frames.push(chunk)) {
        const query = decodeMessage(bytes);
        connection.queries.push(query);
        onQuery(connection, query);
      }
    });
  };
  const server: NetServer = certificate ? createTlsServer(certificate, accept) : createServer(accept);
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const port = await listening(server);
  onTestFinished(() => closed(server, open));
  return { url: `${certificate ? 'tls' : 'tcp'}://127.0.0.1:${port}`, port, connections };
}

/** A port on which every connection gets `onConnection`. */
export async function startSockets(onConnection: (socket: Socket) => void): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    // Only who reads is told of the end.
    socket.resume();
    onConnection(socket);
  });
  onTestFinished(() => closed(server, open));
  return listening(server);
}

/** DoH over HTTP/1.1 without TLS: every question is answered by `answer`. */
export async function startPlainDoh(
  answer: (query: Message) => Uint8Array = (query) => answerTo(query),
): Promise<string> {
  const server = await listenOnLoopback(0, dohHandler(answer));
  onTestFinished(() => server.close());
  return `${server.url}/dns-query`;
}

/** RFC 8484 as a handler of HTTP/1.1. */
export function dohHandler(answer: (query: Message) => Uint8Array): Handler {
  return async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const asked = new URL(request.url ?? '', 'http://doh').searchParams.get('dns');
    const query = decodeMessage(asked === null ? Buffer.concat(chunks) : Buffer.from(asked, 'base64url'));
    response.writeHead(200, { 'content-type': 'application/dns-message' }).end(answer(query));
  };
}

/** DoH over HTTP/1.1 with TLS; HTTP/2 is not offered. */
export async function startTlsHttp1(
  certificate: { cert: string; key: string },
  handler: Handler,
): Promise<string> {
  const server = createHttpsServer(certificate, (request, response) => void handler(request, response));
  onTestFinished(() => {
    server.closeAllConnections();
    return closed(server, new Set());
  });
  return `https://127.0.0.1:${await listening(server)}/dns-query`;
}

export type H2Request = {
  stream: ServerHttp2Stream;
  method: string;
  path: string;
  contentType: string | undefined;
  query: Message;
  session: Http2Session;
};

export type H2Server = Small & { requests: H2Request[]; sessions: Http2Session[]; openSockets: () => number };

/** DoH over HTTP/2. `onRequest` answers; without it every question is answered as it should be. */
export async function startH2(
  certificate: { cert: string; key: string },
  onRequest: (request: H2Request) => void = ({ stream, query }) => answerOverH2(stream, answerTo(query)),
): Promise<H2Server> {
  const requests: H2Request[] = [];
  const sessions: Http2Session[] = [];
  const open = new Set<Socket>();
  const server = createSecureServer(certificate);
  server.on('session', (session) => sessions.push(session));
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    // A client that goes away in the middle is what some tests are about.
    stream.on('error', () => stream.destroy());
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const path = headers[':path'] ?? '';
      const asked = new URL(path, 'https://doh').searchParams.get('dns');
      const body = asked === null ? Buffer.concat(chunks) : Buffer.from(asked, 'base64url');
      const session = stream.session;
      if (!session) return;
      const request = {
        stream,
        method: headers[':method'] ?? '',
        path,
        contentType: headers['content-type'],
        query: decodeMessage(body),
        session,
      };
      requests.push(request);
      onRequest(request);
    });
  });
  const port = await listening(server);
  onTestFinished(() => closed(server, open));
  const url = `https://127.0.0.1:${port}/dns-query`;
  return { url, port, requests, sessions, openSockets: () => open.size };
}

export function answerOverH2(
  stream: ServerHttp2Stream,
  body: Uint8Array,
  headers: Record<string, string | number> = {},
): void {
  const usual = { ':status': 200, 'content-type': 'application/dns-message', 'cache-control': 'max-age=60' };
  stream.respond({ ...usual, ...headers });
  stream.end(body);
}

async function listening(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function closed(server: NetServer, open: ReadonlySet<Socket>): Promise<void> {
  const ended = once(server, 'close');
  server.close();
  for (const socket of open) socket.destroy();
  await ended;
}
