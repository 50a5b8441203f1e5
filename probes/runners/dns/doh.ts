import { request as requestHttp1, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import type { Readable } from 'node:stream';
import { DNS_MESSAGE, dohRequest, httpFacts } from '#core/dns/asking/doh.ts';
import type { Query, QueryExchange } from '#core/dns/asking/exchange.ts';
import { MESSAGE_BYTES_MAX } from '#core/dns/codec/message.ts';
import { closedEarly, type Link } from './link.ts';
import { AskError } from './trouble.ts';

/** What HTTP says of an answer, and the answer when the status is 200. */
export type HttpAnswer = {
  http: NonNullable<QueryExchange['http']>;
  reply?: Uint8Array | undefined;
};

type Request = { method: 'GET' | 'POST'; path: string; authority: string; body?: Uint8Array | undefined };

/** An HTTP/2 session on a connection. The other side ends it when it likes. */
export function openSession(link: Link, query: Query): ClientHttp2Session {
  const session = connectHttp2(new URL(query.server.url).origin, {
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
  const http = httpFacts(status, version, {
    contentType: headers['content-type'],
    cacheControl: headers['cache-control'],
  });
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

function requestOf(query: Query): Request {
  const { method, url, body } = dohRequest(query);
  const { pathname, search, host } = new URL(url);
  return { method, path: `${pathname}${search}`, authority: host, body };
}

function headersOf(body: Uint8Array | undefined): OutgoingHttpHeaders {
  return {
    accept: DNS_MESSAGE,
    ...(body === undefined ? {} : { 'content-type': DNS_MESSAGE, 'content-length': body.length }),
  };
}
