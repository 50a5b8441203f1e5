import { request as requestHttp1, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import type { Readable } from 'node:stream';
import { encodeQuery } from '#core/dns/codec/encode.ts';
import type { Query, QueryExchange } from '#core/dns/asking/exchange.ts';
import { AskError } from './trouble.ts';
import { closedEarly, type Link } from './link.ts';

/** Octets of a DNS message at most (RFC 8484 section 6). */
const MESSAGE_BYTES_MAX = 65_535;
const DNS_MESSAGE = 'application/dns-message';

/** What HTTP says of an answer, and the answer when the status is 200. */
export type HttpAnswer = {
  http: NonNullable<QueryExchange['http']>;
  reply?: Uint8Array | undefined;
};

type Request = { method: 'GET' | 'POST'; path: string; authority: string; body?: Uint8Array | undefined };

/** An HTTP/2 session on a connection. The other side ends it when it likes. */
export function openSession(link: Link, query: Query): ClientHttp2Session {
  const { scheme } = query.server;
  const session = connectHttp2(`${scheme}://${authorityOf(query)}`, {
    createConnection: () => link.socket,
    settings: { enablePush: false },
  });
  // Every stream of it is told, too; an error that nobody listens for ends the process.
  session.on('error', () => session.destroy());
  return session;
}

/** Asks over HTTP/2. Rejects when there is no HTTP answer. */
export function askOverHttp2(
  session: ClientHttp2Session,
  query: Query,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { method, path, authority, body } = requestOf(query);
  return new Promise((resolve, reject) => {
    const stream = session.request(
      {
        ...headersOf(body),
        ':method': method,
        ':path': path,
        ':scheme': query.server.scheme,
        ':authority': authority,
      },
      { endStream: body === undefined },
    );
    const destroy = (): void => void stream.destroy(signal.reason as Error);
    signal.addEventListener('abort', destroy, { once: true });
    if (signal.aborted) destroy();
    const closed = (): void => reject(closedEarly());
    stream.on('error', reject);
    stream.once('close', () => signal.removeEventListener('abort', destroy));
    stream.once('close', closed);
    stream.once('response', (headers) => {
      stream.off('close', closed);
      answerOf(stream, Number(headers[':status']), headers, 'HTTP/2').then(resolve, reject);
    });
    if (body) stream.end(body);
  });
}

/** Asks over HTTP/1.1 on a connection that serves this one question. Rejects when there is no HTTP answer. */
export function askOverHttp1(link: Link, query: Query): Promise<HttpAnswer> {
  const { method, path, authority, body } = requestOf(query);
  return new Promise((resolve, reject) => {
    const request = requestHttp1({
      method,
      path,
      headers: { ...headersOf(body), host: authority, connection: 'close' },
      createConnection: () => link.socket,
    });
    request.on('error', reject);
    request.once('response', (response: IncomingMessage) => {
      const { statusCode = 0, httpVersion, headers } = response;
      answerOf(response, statusCode, headers, `HTTP/${httpVersion}`).then(resolve, reject);
    });
    request.end(body);
  });
}

async function answerOf(
  stream: Readable,
  status: number,
  headers: IncomingHttpHeaders,
  version: string,
): Promise<HttpAnswer> {
  const contentType = headers['content-type'];
  const maxAgeS = /(?:^|[,\s])max-age=(\d{1,9})/i.exec(headers['cache-control'] ?? '')?.[1];
  const http = {
    status,
    version,
    ...(contentType === undefined ? {} : { contentType }),
    ...(maxAgeS === undefined ? {} : { maxAgeS: Number(maxAgeS) }),
  };
  if (status !== 200) {
    stream.resume();
    return { http };
  }
  return { http, reply: await bodyOf(stream) };
}

async function bodyOf(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MESSAGE_BYTES_MAX)
      throw new AskError({
        class: 'HTTP_STATUS',
        message: `HTTP 200 with more than the ${MESSAGE_BYTES_MAX} octets a DNS message can have`,
      });
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** POST, or GET as RFC 8484 section 4.1 says; the id is 0, which is what caches like. */
function requestOf(query: Query): Request {
  const message = encodeQuery({ ...query, id: 0 });
  const { pathname, search } = new URL(query.server.url);
  const authority = authorityOf(query);
  if (query.manner !== 'get')
    return { method: 'POST', path: `${pathname}${search}`, authority, body: message };
  const separator = search === '' ? '?' : '&';
  const dns = Buffer.from(message).toString('base64url');
  return { method: 'GET', path: `${pathname}${search}${separator}dns=${dns}`, authority };
}

function authorityOf({ server }: Query): string {
  return new URL(server.url).host;
}

function headersOf(body: Uint8Array | undefined): OutgoingHttpHeaders {
  return {
    accept: DNS_MESSAGE,
    ...(body === undefined ? {} : { 'content-type': DNS_MESSAGE, 'content-length': body.length }),
  };
}
