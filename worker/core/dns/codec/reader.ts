import { HEADER_BYTES } from './message.ts';
import { isPlainInLabel, labelOctetText, NAME_BYTES_MAX, nextLabelOctetText, type Name } from './name.ts';
import { stringOctetText } from './octets.ts';

/** A name has at most 127 labels, so more pointers than that serve nothing but to keep a reader busy. */
const HOPS_MAX = 127;

/** A name that some offset of the message spells, or why it spells none. */
type Spelling = { text: Name; bytes: number; hops: number; bad?: undefined } | { bad: string };

const ROOT = { text: '.', bytes: 1, hops: 0 } as const;

/**
 * A cursor over a message, or over one record's data while `end` is set to its end. What cannot be read is 0 or empty and
 * leaves the first reason in `problem`, so that a reader of RDATA is straight code and asks once at its end.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  end: number;
  problem: string | undefined = undefined;
  /** Octets that names read so far would take more if they were spelt out. */
  expanded = 0;
  /** Uncompressed octets of the name read last. */
  nameBytes = 0;
  /** By the offset at which a name begins or a pointer points: each is spelt once, however many point at it. */
  readonly #spellings = new Map<number, Spelling>();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = HEADER_BYTES;
    this.end = bytes.length;
  }

  get left(): number {
    return this.end - this.at;
  }

  fail(why: string): void {
    this.problem ??= why;
  }

  u8(): number {
    if (!this.has(1)) return 0;
    this.at += 1;
    return this.view.getUint8(this.at - 1);
  }

  u16(): number {
    if (!this.has(2)) return 0;
    this.at += 2;
    return this.view.getUint16(this.at - 2);
  }

  u32(): number {
    if (!this.has(4)) return 0;
    this.at += 4;
    return this.view.getUint32(this.at - 4);
  }

  /** The next octets, not copied; a plain `Uint8Array` whatever kind of it the message is. */
  octets(length: number): Uint8Array {
    if (!this.has(length)) return new Uint8Array(0);
    this.at += length;
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + this.at - length, length);
  }

  skip(length: number): void {
    if (this.has(length)) this.at += length;
  }

  /** All octets up to the end, at least so many. */
  rest(least = 0): Uint8Array {
    return this.octets(Math.max(least, this.end - this.at));
  }

  /** A length of one octet, and as many octets (RFC 1035 section 3.3). */
  characterString(): Uint8Array {
    return this.octets(this.u8());
  }

  /** A character string as text, escaped. */
  stringText(): string {
    const length = this.u8();
    if (!this.has(length)) return '';
    let text = '';
    for (const end = this.at + length; this.at < end; this.at += 1) {
      text += stringOctetText(this.view.getUint8(this.at));
    }
    return text;
  }

  /** Whether so many octets are left; a problem when not. */
  has(length: number): boolean {
    if (this.problem !== undefined) return false;
    if (this.at + length <= this.end) return true;
    this.fail(`expected ${length} more octets at ${this.at}, got ${this.end - this.at}`);
    return false;
  }

  /** A name that must not be compressed (RFC 3597 section 4). */
  plainName(): Name {
    const start = this.at;
    const name = this.name();
    if (this.problem === undefined && this.at - start !== this.nameBytes) {
      this.fail(`expected a name without compression at ${start}, got a pointer`);
    }
    return name;
  }

  /**
   * The name here. The cursor is behind it even when the name is bad, so that the record can be stepped over; it stays
   * where it is when the name's end cannot be told.
   */
  name(): Name {
    const { view, end } = this;
    const start = this.at;
    const spellings = this.#spellings;
    if (this.problem !== undefined) return '';
    let spelling: Spelling | undefined;
    if (start + 2 <= end && view.getUint8(start) >= 0xc0) {
      // By far the most names are one pointer to a name that was read already.
      spelling = spellings.get(view.getUint16(start) & 0x3fff);
      if (spelling?.bad === undefined && spelling !== undefined && spelling.hops < HOPS_MAX) {
        this.at = start + 2;
        this.nameBytes = spelling.bytes;
        this.expanded += spelling.bytes - 2;
        return spelling.text;
      }
    }
    const stop = this.#stopOf(start, end);
    if (typeof stop === 'string' || stop < 0) {
      this.fail(typeof stop === 'string' ? stop : `the name at ${start} is cut off`);
      return '';
    }
    this.at = stop + (view.getUint8(stop) === 0 ? 1 : 2);
    spelling = this.#spell(start);
    if (spelling.bad !== undefined) {
      this.fail(spelling.bad);
      return '';
    }
    this.nameBytes = spelling.bytes;
    this.expanded += spelling.bytes - (this.at - start);
    return spelling.text;
  }

  /** Offset of the zero or the pointer that ends the labels from `start`; -1 without one before `limit`, or what is there. */
  #stopOf(start: number, limit: number): number | string {
    const { view } = this;
    let at = start;
    while (at < limit) {
      const size = view.getUint8(at);
      if (size === 0) return at;
      if (size >= 0xc0) return at + 2 <= limit ? at : -1;
      if (size > 63)
        return `expected a label at ${at}, got the reserved type 0x${(size & 0xc0).toString(16)}`;
      at += size + 1;
    }
    return -1;
  }

  /**
   * Follows the pointers from `start` until a name is known, and spells backwards from there. Every offset met is settled
   * for good, bad ones too: the work is linear in the message whatever pointers it is made of.
   */
  #spell(start: number): Spelling {
    const spellings = this.#spellings;
    const { view, bytes } = this;
    const starts: number[] = [];
    const stops: number[] = [];
    let spelling: Spelling | undefined;
    for (let from = start; ;) {
      const stop = this.#stopOf(from, Math.min(bytes.length, from + NAME_BYTES_MAX + 1));
      if (typeof stop === 'string' || stop < 0) {
        const cutOff =
          from + NAME_BYTES_MAX >= bytes.length ? `the name at ${from} is cut off` : longName(from);
        spelling = { bad: typeof stop === 'string' ? stop : cutOff };
        spellings.set(from, spelling);
        break;
      }
      starts.push(from);
      stops.push(stop);
      if (view.getUint8(stop) === 0) {
        spelling = ROOT;
        break;
      }
      const target = view.getUint16(stop) & 0x3fff;
      if (target < HEADER_BYTES) {
        spelling = { bad: `the pointer at ${stop} points into the header, at ${target}` };
      } else if (target >= from) {
        spelling = { bad: `the pointer at ${stop} does not point backwards, but to ${target}` };
      } else {
        spelling = spellings.get(target);
      }
      if (spelling !== undefined) break;
      from = target;
    }
    for (let index = starts.length - 1; index >= 0; index -= 1) {
      const from = starts[index] ?? 0;
      const stop = stops[index] ?? 0;
      if (spelling.bad === undefined) spelling = this.#prefixed(from, stop, spelling);
      spellings.set(from, spelling);
    }
    return spelling;
  }

  /** The labels from `from` to `stop`, and `rest` behind them. */
  #prefixed(from: number, stop: number, rest: Exclude<Spelling, { bad: string }>): Spelling {
    const { view } = this;
    const bytes = stop - from + rest.bytes;
    const hops = rest.hops + (view.getUint8(stop) === 0 ? 0 : 1);
    if (bytes > NAME_BYTES_MAX) return { bad: longName(from) };
    if (hops > HOPS_MAX) return { bad: `the name at ${from} has over ${HOPS_MAX} pointers` };
    if (stop === from) return { text: rest.text, bytes, hops };
    let text = '';
    for (let at = from; at < stop;) {
      const end = at + view.getUint8(at) + 1;
      const first = view.getUint8(at + 1);
      text += at === from ? labelOctetText(first) : nextLabelOctetText(first);
      text += labelRestText(view, at + 2, end);
      at = end;
    }
    return { text: rest.text === '.' ? text : `${text}.${rest.text}`, bytes, hops };
  }
}

/** Four octets at a time where they stand for themselves: appending each by itself takes twice as long. */
function labelRestText(view: DataView, from: number, end: number): string {
  let text = '';
  let at = from;
  for (; at + 4 <= end; at += 4) {
    const a = view.getUint8(at);
    const b = view.getUint8(at + 1);
    const c = view.getUint8(at + 2);
    const d = view.getUint8(at + 3);
    if (isPlainInLabel(a) && isPlainInLabel(b) && isPlainInLabel(c) && isPlainInLabel(d)) {
      text += String.fromCharCode(a, b, c, d);
    } else {
      text += labelOctetText(a) + labelOctetText(b) + labelOctetText(c) + labelOctetText(d);
    }
  }
  for (; at < end; at += 1) text += labelOctetText(view.getUint8(at));
  return text;
}

function longName(at: number): string {
  return `the name at ${at} is over ${NAME_BYTES_MAX} octets long`;
}
