import type { Rdata } from '../codec/rdata.ts';
import { typeName } from '../codec/registry.ts';
import { addressText, parseAddress } from '../contract/ip.ts';
import { ZoneTextError } from './entry.ts';
import { quote } from './octet-text.ts';
import { serviceParams } from './service-params.ts';
import { base32Of, hexOf, type WordReader } from './word-reader.ts';

/** Of one record (RFC 1035 section 4.1.3). */
const RDATA_OCTETS_MAX = 65_535;

/**
 * The data of a record of this type, as its words have it; `spelt` is what the file calls the type. RFC 3597's `\# LENGTH HEX` is taken for every type.
 * @throws ZoneTextError naming the field, what was expected and what came; for a type whose data cannot be read, too
 */
export function rdataOf(type: number, spelt: string, words: WordReader): Rdata {
  const first = words.peek();
  if (first && !first.quoted && first.text === '\\#') return genericRdata(words);
  const rdata = knownRdata(typeName(type), words);
  if (rdata === undefined)
    throw new ZoneTextError(
      words.word('data').line,
      `the data of ${spelt} cannot be read here: write it as \\# LENGTH HEX (RFC 3597 section 5)`,
    );
  words.end();
  return rdata;
}

function genericRdata(words: WordReader): Rdata {
  words.word('\\#');
  const { line } = words.peek() ?? { line: 0 };
  const length = words.u16('length');
  const data = length === 0 ? new Uint8Array() : hexOf(words.rest('data'), 'data');
  words.end();
  if (data.length !== length || length > RDATA_OCTETS_MAX)
    throw new ZoneTextError(line, `expected ${length} octets after \\#, got ${data.length}`);
  return { kind: 'unknown', data };
}

function knownRdata(type: string, words: WordReader): Rdata | undefined {
  switch (type) {
    case 'A':
      return { kind: type, address: address(words, 4) };
    case 'AAAA':
      return { kind: type, address: address(words, 6) };
    case 'NS':
    case 'CNAME':
    case 'PTR':
    case 'DNAME':
      return { kind: type, target: words.name('a name') };
    case 'MX':
      return { kind: type, preference: words.u16('preference'), exchange: words.name('a mail server') };
    case 'SRV':
      return {
        kind: type,
        priority: words.u16('priority'),
        weight: words.u16('weight'),
        port: words.u16('port'),
        target: words.name('a name'),
      };
    case 'TXT': {
      const strings = [words.string('a text')];
      while (words.peek()) strings.push(words.string('a text'));
      return { kind: type, strings };
    }
    case 'SOA':
      return {
        kind: type,
        primary: words.name('the primary server'),
        mailbox: words.name('the mailbox'),
        serial: words.u32('serial'),
        refreshS: words.seconds('refresh'),
        retryS: words.seconds('retry'),
        expireS: words.seconds('expire'),
        minimumS: words.seconds('minimum'),
      };
    case 'CAA':
      return {
        kind: type,
        critical: (words.u8('flags') & 0x80) !== 0,
        tag: caaTag(words),
        // RFC 8659 section 4.1: as long as the record has room.
        value: words.longString('value'),
      };
    case 'SVCB':
    case 'HTTPS': {
      const priority = words.u16('priority');
      const target = words.name('a target');
      return { kind: type, priority, target, params: words.peek() ? serviceParams(words.rest('')) : [] };
    }
    case 'NAPTR':
      return {
        kind: type,
        order: words.u16('order'),
        preference: words.u16('preference'),
        flags: words.string('flags'),
        services: words.string('services'),
        regexp: words.string('regexp'),
        replacement: words.name('a replacement'),
      };
    case 'TLSA':
      return {
        kind: type,
        usage: words.u8('usage'),
        selector: words.u8('selector'),
        matching: words.u8('matching type'),
        data: words.hex('certificate data'),
      };
    case 'SSHFP':
      return {
        kind: type,
        algorithm: words.u8('algorithm'),
        fingerprintType: words.u8('fingerprint type'),
        fingerprint: words.hex('fingerprint'),
      };
    default:
      return signingRdata(type, words);
  }
}

/** The types of RFC 4034 and RFC 5155. */
function signingRdata(type: string, words: WordReader): Rdata | undefined {
  switch (type) {
    case 'DS':
      return {
        kind: type,
        keyTag: words.u16('key tag'),
        algorithm: algorithm(words),
        digestType: words.u8('digest type'),
        digest: words.hex('digest'),
      };
    case 'DNSKEY':
      return {
        kind: type,
        flags: words.u16('flags'),
        protocol: words.u8('protocol'),
        algorithm: algorithm(words),
        key: words.base64('key'),
        // The tag is no field of the record: whoever reads its octets works it out.
        keyTag: 0,
      };
    case 'RRSIG':
      return {
        kind: type,
        covered: words.type('type covered'),
        algorithm: algorithm(words),
        labels: words.u8('labels'),
        originalTtlS: words.seconds('original TTL'),
        expirationS: signingTime(words, 'expiration'),
        inceptionS: signingTime(words, 'inception'),
        keyTag: words.u16('key tag'),
        signer: words.name('the signer'),
        signature: words.base64('signature'),
      };
    case 'NSEC':
      return { kind: type, next: words.name('the next name'), types: words.typeNumbers() };
    case 'NSEC3':
      return {
        kind: type,
        algorithm: words.u8('hash algorithm'),
        flags: words.u8('flags'),
        iterations: words.u16('iterations'),
        salt: words.salt(),
        nextHashed: base32Of(words.word('the next hashed name'), 'next hashed name'),
        types: words.typeNumbers(),
      };
    case 'NSEC3PARAM':
      return {
        kind: type,
        algorithm: words.u8('hash algorithm'),
        flags: words.u8('flags'),
        iterations: words.u16('iterations'),
        salt: words.salt(),
      };
    default:
      return undefined;
  }
}

function address(words: WordReader, family: 4 | 6): string {
  const word = words.word(`an IPv${family} address`);
  const parsed = word.quoted ? undefined : parseAddress(word.text);
  if (parsed?.family !== family)
    throw new ZoneTextError(word.line, `expected an IPv${family} address, got ${quote(word.text)}`);
  return addressText(parsed);
}

function caaTag(words: WordReader): string {
  const { text, line } = words.word('tag');
  if (!/^[a-z0-9]{1,15}$/i.test(text))
    throw new ZoneTextError(line, `tag: expected one such as issue, got ${quote(text)}`);
  return text;
}

/** Mnemonics of RFC 4034 appendix A.1 and its successors, still met in old files. */
const ALGORITHMS: Readonly<Record<string, number>> = {
  RSASHA1: 5,
  NSEC3RSASHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
};

function algorithm(words: WordReader): number {
  const known = ALGORITHMS[words.peek()?.text.toUpperCase() ?? ''];
  if (known === undefined) return words.u8('algorithm');
  words.word('algorithm');
  return known;
}

/** `20261231235959`, or seconds since 1970 (RFC 4034 section 3.2). */
function signingTime(words: WordReader, what: string): number {
  const word = words.word(what);
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(word.text) ?? [];
  if (year === undefined && /^\d{1,10}$/.test(word.text)) return Number(word.text) % 2 ** 32;
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  if (year === undefined || Number.isNaN(ms) || Number(month) < 1 || Number(month) > 12)
    throw new ZoneTextError(
      word.line,
      `${what}: expected a time such as 20261231235959, got ${quote(word.text)}`,
    );
  return (ms / 1_000) % 2 ** 32;
}
