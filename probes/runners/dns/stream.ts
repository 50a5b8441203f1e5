import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { IDLE_MS, type Query } from '#core/dns/asking/exchange.ts';
import { encodeQuery } from '#core/dns/codec/encode.ts';
import { framed } from '#core/dns/codec/framing.ts';
import { ReplyReader } from '#core/dns/codec/reply-reader.ts';
import { closedEarly } from './link.ts';
import { randomId } from './random-ids.ts';

/** Between the two octets of the length, milliseconds: enough for the first to be read alone. */
const SPLIT_MS = 20;

/** A reply, and how long it took since the sending. */
export type Timed = { reply: Uint8Array; exchangeMs: number };

/**
 * Puts a question on a connection that is there, in its manner. `onReply` is told of the first reply; resolves with the
 * second one, or with `undefined` when none was asked for. Rejects when a reply does not come.
 */
export async function askOnStream(
  socket: Socket,
  query: Query,
  signal: AbortSignal,
  onReply: (reply: Timed) => void,
): Promise<Uint8Array | undefined> {
  const { manner, secondType } = query;
  const first = encodeQuery({ ...query, id: randomId() });
  const second =
    secondType === undefined ? undefined : encodeQuery({ ...query, type: secondType, id: otherId(first) });
  const replies = new Replies(socket);
  const frame = framed(first);
  if (manner === 'split') {
    socket.write(frame.subarray(0, 1));
    await pause(SPLIT_MS, undefined, { signal });
    socket.write(frame.subarray(1));
  } else if (manner === 'pipelined' && second) socket.write(joined(frame, framed(second)));
  else socket.write(frame);
  const sentMs = performance.now();
  const reply = await replies.of(first);
  onReply({ reply, exchangeMs: performance.now() - sentMs });
  if (!second) return undefined;
  if (manner === 'idle') {
    await pause(IDLE_MS, undefined, { signal });
    socket.write(framed(second));
  }
  return replies.of(second);
}

/** Two questions on one connection are told apart by their ids. */
function otherId(query: Uint8Array): number {
  const taken = ((query[0] ?? 0) << 8) | (query[1] ?? 0);
  const id = randomId();
  return id === taken ? id ^ 1 : id;
}

/** In one segment, as glibc sends its A and its AAAA. */
function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The replies of a connection. */
class Replies {
  readonly #chunks: AsyncIterator<Buffer, undefined>;
  readonly #read = new ReplyReader();

  constructor(socket: Socket) {
    this.#chunks = (socket as AsyncIterable<Buffer, undefined>)[Symbol.asyncIterator]();
  }

  async of(query: Uint8Array): Promise<Uint8Array> {
    for (;;) {
      const found = this.#read.take(query);
      if (found) return found;
      const chunk = await this.#chunks.next();
      if (chunk.done) throw closedEarly();
      this.#read.push(chunk.value);
    }
  }
}
