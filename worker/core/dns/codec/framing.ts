import { MESSAGE_BYTES_MAX } from './message.ts';

/** DNS messages on a stream: each with two octets of length before it (RFC 1035 section 4.2.2, RFC 7766 section 8). */

/** Octets of the length. */
const PREFIX_BYTES = 2;

/** The message with its length before it. @throws RangeError when it is longer than 65,535 octets */
export function framed(message: Uint8Array): Uint8Array {
  if (message.length > MESSAGE_BYTES_MAX)
    throw new RangeError(`expected a message of at most ${MESSAGE_BYTES_MAX} octets, got ${message.length}`);
  const frame = new Uint8Array(PREFIX_BYTES + message.length);
  frame[0] = message.length >> 8;
  frame[1] = message.length & 0xff;
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Puts a stream's chunks together and takes the messages out, however they were cut. */
export class FrameReader {
  #pending = new Uint8Array(0);

  /** The messages that are whole with this chunk, in order. */
  push(chunk: Uint8Array): Uint8Array[] {
    const bytes = new Uint8Array(this.#pending.length + chunk.length);
    bytes.set(this.#pending);
    bytes.set(chunk, this.#pending.length);
    const messages: Uint8Array[] = [];
    let at = 0;
    for (;;) {
      const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      const end = at + PREFIX_BYTES + length;
      if (at + PREFIX_BYTES > bytes.length || end > bytes.length) break;
      messages.push(bytes.slice(at + PREFIX_BYTES, end));
      at = end;
    }
    this.#pending = bytes.slice(at);
    return messages;
  }
}
