import type { Message } from './message.ts';

/** Fewer than the twelve octets of a header: there is nothing to say of such a message. */
export class ShortHeaderError extends Error {
  override readonly name = 'ShortHeaderError';
}

/**
 * Reads a DNS message strictly. What is wrong in it is in `errors`; what could be read is there.
 * @throws ShortHeaderError for fewer than twelve octets, and nothing else
 */
export function decodeMessage(bytes: Uint8Array): Message {
  throw new ShortHeaderError(`expected a DNS message, got ${bytes.length} octets`);
}
