import { HEADER_BYTES } from './message.ts';

/**
 * Whether a message answers that query: it is a response with the query's id, and repeats its question without regard to case
 * (RFC 5452 section 9.1). A response without a question, as some servers send with FORMERR, answers by its id.
 */
export function isReplyTo(reply: Uint8Array, query: Uint8Array): boolean {
  if (reply.length < HEADER_BYTES || reply[0] !== query[0] || reply[1] !== query[1]) return false;
  const isResponse = ((reply[2] ?? 0) & 0x80) !== 0;
  if (!isResponse) return false;
  const questions = ((reply[4] ?? 0) << 8) | (reply[5] ?? 0);
  if (questions === 0) return true;
  const end = questionEnd(query);
  if (reply.length < end) return false;
  for (let at = HEADER_BYTES; at < end; at += 1)
    if (lower(reply[at] ?? 0) !== lower(query[at] ?? 0)) return false;
  return true;
}

/** Octet after the question of a query of ours: one question, its name spelt out. */
function questionEnd(query: Uint8Array): number {
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length !== 0; length = query[at] ?? 0) at += 1 + length;
  return at + 5;
}

/** Lengths of labels are under 64 and hit no letter. */
function lower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}
