import { randomFillSync } from 'node:crypto';

/** Drawn at once: a call for each id costs more than the rest of a question. */
const DRAWN_AT_ONCE = 512;

const drawn = new Uint16Array(DRAWN_AT_ONCE);
let next = DRAWN_AT_ONCE;

/** Sixteen bits nobody can guess (RFC 5452 section 9.2). */
export function randomId(): number {
  if (next === DRAWN_AT_ONCE) {
    randomFillSync(drawn);
    next = 0;
  }
  const id = drawn[next] ?? 0;
  next += 1;
  return id;
}

/** Gives a query its id. */
export function setId(query: Uint8Array, id: number): void {
  query[0] = id >> 8;
  query[1] = id & 0xff;
}
