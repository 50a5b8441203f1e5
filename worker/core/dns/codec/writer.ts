import { wireName, type Name } from './name.ts';

/** Octets that can be pointed at with 14 bits (RFC 1035 section 4.1.4). */
const POINTER_MAX = 0x3fff;

/** Octets of a message as they are put down one after the other. */
export class Writer {
  /** As much as most queries take: it grows. */
  #bytes = new Uint8Array(64);
  #length = 0;
  /** Where a name, lower-case and as octets of text, was put down that can be pointed at. */
  readonly #names = new Map<string, number>();

  get length(): number {
    return this.#length;
  }

  u8(value: number, what: string): void {
    this.#reserve(1);
    this.#bytes[this.#length - 1] = within(value, 0xff, what);
  }

  u16(value: number, what: string): void {
    within(value, 0xffff, what);
    this.u8(value >>> 8, what);
    this.u8(value & 0xff, what);
  }

  u32(value: number, what: string): void {
    within(value, 0xffff_ffff, what);
    this.u16(Math.floor(value / 0x1_0000), what);
    this.u16(value % 0x1_0000, what);
  }

  octets(octets: Uint8Array): void {
    this.#reserve(octets.length);
    this.#bytes.set(octets, this.#length - octets.length);
  }

  /** A length of one octet, and the octets. */
  characterString(octets: Uint8Array, what: string): void {
    this.u8(octets.length, `octets of ${what}`);
    this.octets(octets);
  }

  /** Spelt out. */
  plainName(name: Name): void {
    this.octets(wireName(name));
  }

  /** As short as what stands before allows; case does not count (RFC 4343 section 4.2). */
  name(name: Name): void {
    const wire = wireName(name);
    for (let at = 0; ; at += (wire[at] ?? 0) + 1) {
      if (wire[at] === 0) {
        this.octets(wire.subarray(at));
        return;
      }
      const key = keyOf(wire, at);
      const known = this.#names.get(key);
      if (known !== undefined) {
        this.u16(0xc000 | known, 'pointer');
        return;
      }
      if (this.#length <= POINTER_MAX) this.#names.set(key, this.#length);
      this.octets(wire.subarray(at, at + 1 + (wire[at] ?? 0)));
    }
  }

  /** Two octets of length, and what `write` puts down. */
  withLength(what: string, write: () => void): void {
    const at = this.#length;
    this.u16(0, what);
    write();
    const length = within(this.#length - at - 2, 0xffff, `octets of ${what}`);
    this.#bytes[at] = length >>> 8;
    this.#bytes[at + 1] = length & 0xff;
  }

  /** A copy of what was put down. @throws RangeError over 65,535 octets */
  done(): Uint8Array {
    within(this.#length, 0xffff, 'octets of the message');
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    this.#length += more;
    if (this.#length <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

function within(value: number, max: number, what: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`expected ${what} from 0 to ${max}, got ${value}`);
}

function keyOf(wire: Uint8Array, from: number): string {
  let key = '';
  for (const octet of wire.subarray(from)) {
    key += String.fromCharCode(octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet);
  }
  return key;
}
