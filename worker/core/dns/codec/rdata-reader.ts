import { ipv4Text, ipv6Text } from './address.ts';
import { stringText } from './octets.ts';
import type { Rdata } from './rdata.ts';
import type { Reader } from './reader.ts';
import { CLASS, RR_TYPES } from './registry.ts';
import { readSvcb } from './svcb.ts';
import { readTypeBitmap } from './type-bitmap.ts';

/**
 * Reads the data of a record of `type`, from the reader's place to its end. What does not fit leaves a problem behind, and
 * octets that are left over are the caller's to see.
 */
export function readRdata(reader: Reader, type: number, recordClass: number): Rdata {
  switch (type) {
    case RR_TYPES.A:
      if (recordClass !== CLASS.IN) return unknown(reader);
      return { kind: 'A', address: ipv4Text(reader.u32()) };
    case RR_TYPES.AAAA: {
      if (recordClass !== CLASS.IN) return unknown(reader);
      const at = reader.at;
      reader.skip(16);
      return { kind: 'AAAA', address: reader.problem === undefined ? ipv6Text(reader.view, at) : '' };
    }
    case RR_TYPES.NS:
      return { kind: 'NS', target: reader.name() };
    case RR_TYPES.CNAME:
      return { kind: 'CNAME', target: reader.name() };
    case RR_TYPES.PTR:
      return { kind: 'PTR', target: reader.name() };
    case RR_TYPES.DNAME:
      return { kind: 'DNAME', target: reader.plainName() };
    case RR_TYPES.MX:
      return { kind: 'MX', preference: reader.u16(), exchange: reader.name() };
    case RR_TYPES.SRV:
      // RFC 2782 forbids compression here, and RFC 3597 section 4 still wants it read.
      return {
        kind: 'SRV',
        priority: reader.u16(),
        weight: reader.u16(),
        port: reader.u16(),
        target: reader.name(),
      };
    case RR_TYPES.TXT:
      return readTxt(reader);
    case RR_TYPES.SOA:
      return {
        kind: 'SOA',
        primary: reader.name(),
        mailbox: reader.name(),
        serial: reader.u32(),
        refreshS: reader.u32(),
        retryS: reader.u32(),
        expireS: reader.u32(),
        minimumS: reader.u32(),
      };
    case RR_TYPES.CAA:
      return readCaa(reader);
    case RR_TYPES.NAPTR:
      return {
        kind: 'NAPTR',
        order: reader.u16(),
        preference: reader.u16(),
        flags: reader.stringText(),
        services: reader.stringText(),
        regexp: reader.stringText(),
        replacement: reader.name(),
      };
    case RR_TYPES.SVCB:
      return recordClass === CLASS.IN ? readSvcb(reader, 'SVCB') : unknown(reader);
    case RR_TYPES.HTTPS:
      return recordClass === CLASS.IN ? readSvcb(reader, 'HTTPS') : unknown(reader);
    case RR_TYPES.TLSA:
      return {
        kind: 'TLSA',
        usage: reader.u8(),
        selector: reader.u8(),
        matching: reader.u8(),
        data: reader.rest(1),
      };
    case RR_TYPES.SSHFP:
      return {
        kind: 'SSHFP',
        algorithm: reader.u8(),
        fingerprintType: reader.u8(),
        fingerprint: reader.rest(1),
      };
    default:
      return readDnssec(reader, type) ?? unknown(reader);
  }
}

function unknown(reader: Reader): Rdata {
  return { kind: 'unknown', data: reader.rest() };
}

function readTxt(reader: Reader): Rdata {
  const strings: string[] = [];
  // RFC 1035 section 3.3.14: one or more.
  do strings.push(reader.stringText());
  while (reader.left > 0 && reader.problem === undefined);
  return { kind: 'TXT', strings };
}

/** RFC 8659 section 4.1. */
function readCaa(reader: Reader): Rdata {
  const flags = reader.u8();
  const tag = reader.stringText();
  if (!/^[\da-z]+$/i.test(tag)) reader.fail(`expected a CAA tag of letters and digits, got "${tag}"`);
  return { kind: 'CAA', critical: flags >= 0x80, tag, value: stringText(reader.rest()) };
}

/** The types of RFC 4034 and RFC 5155; `undefined` of any other. */
function readDnssec(reader: Reader, type: number): Rdata | undefined {
  switch (type) {
    case RR_TYPES.DS:
      return {
        kind: 'DS',
        keyTag: reader.u16(),
        algorithm: reader.u8(),
        digestType: reader.u8(),
        digest: reader.rest(1),
      };
    case RR_TYPES.DNSKEY: {
      const { at, end } = reader;
      return {
        kind: 'DNSKEY',
        flags: reader.u16(),
        protocol: reader.u8(),
        algorithm: reader.u8(),
        key: reader.rest(1),
        keyTag: reader.problem === undefined ? keyTagOf(reader.bytes, at, end) : 0,
      };
    }
    case RR_TYPES.RRSIG:
      return {
        kind: 'RRSIG',
        covered: reader.u16(),
        algorithm: reader.u8(),
        labels: reader.u8(),
        originalTtlS: reader.u32(),
        expirationS: reader.u32(),
        inceptionS: reader.u32(),
        keyTag: reader.u16(),
        signer: reader.plainName(),
        signature: reader.rest(1),
      };
    case RR_TYPES.NSEC: {
      const next = reader.plainName();
      if (reader.left === 0) reader.fail('expected the types of NSEC, got none');
      return { kind: 'NSEC', next, types: readTypeBitmap(reader) };
    }
    case RR_TYPES.NSEC3: {
      const head = readNsec3Head(reader);
      const nextHashed = reader.characterString();
      if (nextHashed.length === 0) reader.fail('expected the next hashed owner of NSEC3, got none');
      return { kind: 'NSEC3', ...head, nextHashed, types: readTypeBitmap(reader) };
    }
    case RR_TYPES.NSEC3PARAM:
      return { kind: 'NSEC3PARAM', ...readNsec3Head(reader) };
    default:
      return undefined;
  }
}

/** What NSEC3 and NSEC3PARAM begin with (RFC 5155 sections 3.2 and 4.2). */
function readNsec3Head(reader: Reader) {
  return {
    algorithm: reader.u8(),
    flags: reader.u8(),
    iterations: reader.u16(),
    salt: reader.characterString(),
  };
}

/** The key tag of a DNSKEY's data in `bytes` (RFC 4034 appendix B). */
export function keyTagOf(bytes: Uint8Array, start: number, end: number): number {
  // Algorithm 1, RSA/MD5: the most significant 16 of the modulus' least significant 24 bits (appendix B.1).
  if (bytes[start + 3] === 1) return ((bytes[end - 3] ?? 0) << 8) | (bytes[end - 2] ?? 0);
  let sum = 0;
  for (let at = start; at < end; at += 1)
    sum += (at - start) % 2 === 0 ? (bytes[at] ?? 0) << 8 : (bytes[at] ?? 0);
  return (sum + (sum >>> 16)) & 0xffff;
}
