import { connect } from 'cloudflare:sockets';
import { IDLE_MS, type Query } from '#core/dns/asking/exchange.ts';
import { encodeQuery } from '#core/dns/codec/encode.ts';
import { framed } from '#core/dns/codec/framing.ts';
import { ReplyReader } from '#core/dns/codec/reply-reader.ts';
import { messageOf } from '../log.ts';

/** No connection came about. A Worker is told the same of a refused one and of one that it may not make. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
}
/** The connection was there, and TLS on it was not. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
}
/** This runtime does not do it: some of them cannot check a certificate for another name than the host's. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
}
/** The connection ended before the reply did. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
}

export type StreamReplies = { reply: Uint8Array; second?: Uint8Array | undefined };

/** Opens a connection to a server. `authName`: with TLS, for a certificate of that name. */
export async function openSocket(
  host: string,
  port: number,
  authName: string | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  // `on` would check the name given to connect, which for an address is no name: TLS is begun by hand instead.
  const secureTransport = authName === undefined ? 'off' : 'starttls';
  const socket = connect({ hostname: host, port }, { secureTransport, allowHalfOpen: false });
  signal.addEventListener('abort', () => void closed(socket), { once: true });
  void ended(socket);
  try {
    await socket.opened;
  } catch (error) {
    throw new ConnectError(messageOf(error), { cause: error });
  }
  if (authName === undefined) return socket;
  let secure: Socket;
  try {
    secure = socket.startTls({ expectedServerHostname: authName });
  } catch (error) {
    throw new UnsupportedError(messageOf(error), { cause: error });
  }
  signal.addEventListener('abort', () => void closed(secure), { once: true });
  void ended(secure);
  try {
    await secure.opened;
  } catch (error) {
    throw new TlsError(messageOf(error), { cause: error });
  }
  return secure;
}

/** The end of a connection that fails is told in `opened` and in its streams: here it must only not go unheard. */
async function ended(socket: Socket): Promise<void> {
  await socket.closed.catch(() => undefined);
}

/** Closes a connection, however it stands. Never rejects: of a connection that has failed there is nothing more to say. */
export async function closed(socket: Socket): Promise<void> {
  await socket.close().catch(() => undefined);
}

/** Puts a question on an open connection in its manner, and reads what is answered to it. */
export async function askOnStream(socket: Socket, query: Query): Promise<StreamReplies> {
  const writer = socket.writable.getWriter() as WritableStreamDefaultWriter<Uint8Array>;
  const read = replyReader(socket.readable as ReadableStream<Uint8Array>);
  const first = encodeQuery({ ...query, id: randomId() });
  const second =
    query.secondType === undefined
      ? undefined
      : encodeQuery({ ...query, type: query.secondType, id: randomId() });
  if (query.manner === 'split') {
    const frame = framed(first);
    await writer.write(frame.subarray(0, 1));
    await writer.write(frame.subarray(1));
  } else await writer.write(framed(first));
  if (second && query.manner === 'pipelined') await writer.write(framed(second));
  const reply = await read(first);
  if (!second) return { reply };
  if (query.manner === 'idle') {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    await writer.write(framed(second));
  }
  return { reply, second: await read(second).catch(lost) };
}

/** Sixteen bits nobody can guess (RFC 5452 section 9.2). */
export function randomId(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
}

/** That the second of two questions was not answered is what the manner is there to find out. */
function lost(error: unknown): undefined {
  if (!(error instanceof ClosedError)) throw error;
  return undefined;
}

/** Reads until there is a reply to the given query. */
function replyReader(stream: ReadableStream<Uint8Array>): (query: Uint8Array) => Promise<Uint8Array> {
  const reader = stream.getReader();
  const replies = new ReplyReader();
  return async (query) => {
    for (;;) {
      const found = replies.take(query);
      if (found) return found;
      const { value, done } = await reader.read();
      if (done) throw new ClosedError('the server closed the connection before it had answered');
      replies.push(value);
    }
  };
}
