import type { Name } from '../codec/name.ts';
import { typeNumber } from '../codec/registry.ts';
import { ZoneTextError, type Word } from './entry.ts';
import { nameOf, octetsOf, octetText, quote } from './octet-text.ts';

const U8_MAX = 0xff;
const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
/** RFC 2181 section 8: 31 bits. */
const TTL_S_MAX = 0x7fff_ffff;
/** Of one character string (RFC 1035 section 3.3). */
const STRING_OCTETS_MAX = 255;

const SECONDS = { w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 } as const;

/** Types that stand in bit maps and signatures of a zone, though their data is not read here (IANA registry). */
const FURTHER_TYPES: Readonly<Record<string, number>> = {
  HINFO: 13,
  RP: 17,
  AFSDB: 18,
  LOC: 29,
  KX: 36,
  CERT: 37,
  APL: 42,
  IPSECKEY: 45,
  DHCID: 49,
  SMIMEA: 53,
  HIP: 55,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SPF: 99,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  URI: 256,
  AVC: 258,
};

/** The number of a type written in any known way, whether or not its data can be read. */
export function typeNumberOf(text: string): number | undefined {
  return typeNumber(text) ?? FURTHER_TYPES[text.toUpperCase()];
}

/** `3600` or `1h30m` (BIND's units) in seconds; `undefined` for anything else. */
export function secondsOf(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  if (!/^(?:\d{1,10}[wdhms])+$/i.test(text)) return undefined;
  return [...text.matchAll(/(\d+)([wdhms])/gi)].reduce(
    (sum, [, digits, unit = 's']) =>
      sum + Number(digits) * SECONDS[unit.toLowerCase() as keyof typeof SECONDS],
    0,
  );
}

/** Reads the words of one record's data in order. Everything it throws is a `ZoneTextError` with the word's line. */
export class WordReader {
  readonly #words: readonly Word[];
  readonly #origin: Name | undefined;
  readonly #line: number;
  #at = 0;

  constructor(words: readonly Word[], origin: Name | undefined, line: number) {
    this.#words = words;
    this.#origin = origin;
    this.#line = line;
  }

  peek(): Word | undefined {
    return this.#words[this.#at];
  }

  word(what: string): Word {
    const word = this.peek();
    if (!word)
      throw new ZoneTextError(
        this.#words.at(-1)?.line ?? this.#line,
        `expected ${what}, got the end of the record`,
      );
    this.#at += 1;
    return word;
  }

  name(what: string): Name {
    return nameOf(this.word(what), this.#origin);
  }

  u8(what: string): number {
    return this.#number(what, U8_MAX);
  }

  u16(what: string): number {
    return this.#number(what, U16_MAX);
  }

  u32(what: string): number {
    return this.#number(what, U32_MAX);
  }

  seconds(what: string): number {
    const word = this.word(what);
    const seconds = secondsOf(word.text);
    if (seconds === undefined || seconds > TTL_S_MAX)
      throw new ZoneTextError(
        word.line,
        `${what}: expected seconds up to ${TTL_S_MAX}, such as 3600 or 1h, got ${quote(word.text)}`,
      );
    return seconds;
  }

  /** One character string, as escaped text. */
  string(what: string): string {
    const word = this.word(what);
    const octets = octetsOf(word);
    if (octets.length > STRING_OCTETS_MAX)
      throw new ZoneTextError(
        word.line,
        `${what}: expected at most ${STRING_OCTETS_MAX} octets in one string, got ${octets.length}; split it into several`,
      );
    return octetText(octets);
  }

  /** Text of any length, escaped: the value of a CAA record. */
  longString(what: string): string {
    return octetText(octetsOf(this.word(what)));
  }

  /** What is left, at least one. */
  rest(what: string): Word[] {
    const words = [this.word(what), ...this.#words.slice(this.#at)];
    this.#at = this.#words.length;
    return words;
  }

  hex(what: string): Uint8Array {
    return hexOf(this.rest(what), what);
  }

  base64(what: string): Uint8Array {
    return base64Of(this.rest(what), what);
  }

  /** A salt of NSEC3: hexadecimal digits, or `-` for none. */
  salt(): Uint8Array {
    const word = this.word('a salt');
    return word.text === '-' ? new Uint8Array() : hexOf([word], 'salt');
  }

  typeNumbers(): number[] {
    const numbers: number[] = [];
    for (let word = this.peek(); word; word = this.peek()) numbers.push(this.type('types'));
    return numbers;
  }

  type(what: string): number {
    const word = this.word(what);
    const number = typeNumberOf(word.text);
    if (number === undefined)
      throw new ZoneTextError(
        word.line,
        `${what}: expected a record type such as A or TYPE65280, got ${quote(word.text)}`,
      );
    return number;
  }

  /** @throws ZoneTextError when words are left */
  end(): void {
    const word = this.peek();
    if (word)
      throw new ZoneTextError(word.line, `expected nothing more in the record, got ${quote(word.text)}`);
  }

  #number(what: string, max: number): number {
    const word = this.word(what);
    if (word.quoted || !/^\d{1,10}$/.test(word.text) || Number(word.text) > max)
      throw new ZoneTextError(
        word.line,
        `${what}: expected a number of 0 to ${max}, got ${quote(word.text)}`,
      );
    return Number(word.text);
  }
}

/** The octets of hexadecimal digits, which spaces may part (RFC 3597 section 5). */
export function hexOf(words: readonly Word[], what: string): Uint8Array {
  const digits = words.map(({ text }) => text).join('');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits))
    throw new ZoneTextError(
      words[0]?.line ?? 0,
      `${what}: expected pairs of hexadecimal digits, got ${quote(digits)}`,
    );
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE32_HEX = '0123456789abcdefghijklmnopqrstuv';

/** The octets of base64 (RFC 4648 section 4), which spaces may part. */
export function base64Of(words: readonly Word[], what: string): Uint8Array {
  const text = words.map((word) => word.text).join('');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) || text === '')
    throw new ZoneTextError(words[0]?.line ?? 0, `${what}: expected base64, got ${quote(text)}`);
  return octetsOfDigits(text.replaceAll('=', ''), BASE64, 6);
}

/** The octets of base32 with the extended hex alphabet (RFC 4648 section 7), unpadded, as the names of NSEC3 have it. */
export function base32Of({ text, line }: Word, what: string): Uint8Array {
  if (!/^[0-9a-v]+$/i.test(text))
    throw new ZoneTextError(
      line,
      `${what}: expected base32 with the extended hex alphabet, got ${quote(text)}`,
    );
  return octetsOfDigits(text.toLowerCase(), BASE32_HEX, 5);
}

function octetsOfDigits(text: string, alphabet: string, bitsPerDigit: number): Uint8Array {
  const octets: number[] = [];
  let bits = 0;
  let held = 0;
  for (const digit of text) {
    bits = ((bits << bitsPerDigit) | alphabet.indexOf(digit)) & 0xffff;
    held += bitsPerDigit;
    if (held >= 8) {
      held -= 8;
      octets.push((bits >> held) & 0xff);
    }
  }
  return Uint8Array.from(octets);
}
