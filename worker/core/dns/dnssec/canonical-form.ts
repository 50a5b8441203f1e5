import type { Rr } from '../codec/message.ts';
import { canonicalName, labelsOf, wireName, type Name } from '../codec/name.ts';
import { stringOctets } from '../codec/octets.ts';
import type { Rdata } from '../codec/rdata.ts';
import { Writer } from '../codec/writer.ts';
import type { Dnskey, Rrsig } from './signed-zone.ts';

/** A set of records of one owner and type as it came, with the message that it is in. */
export type Received = {
  owner: Name;
  type: number;
  class: number;
  records: readonly Rr[];
  bytes: Uint8Array;
};

/**
 * What a signature is over (RFC 4034 section 3.1.8.1): the RRSIG without its signature, and the records in canonical form and
 * order, each once. An owner that a wildcard stands for is signed as the wildcard.
 * @throws RangeError when a name or number does not fit, which what was read from a message does
 */
export function signedOctets(rrsig: Rrsig, set: Received): Uint8Array {
  const writer = new Writer();
  writer.u16(rrsig.covered, 'type covered');
  writer.u8(rrsig.algorithm, 'algorithm');
  writer.u8(rrsig.labels, 'labels');
  writer.u32(rrsig.originalTtlS, 'original TTL');
  writer.u32(rrsig.expirationS, 'expiration');
  writer.u32(rrsig.inceptionS, 'inception');
  writer.u16(rrsig.keyTag, 'key tag');
  writer.plainName(canonicalName(rrsig.signer));
  const owner = wireName(signedOwner(set.owner, rrsig.labels));
  const datas = set.records.map((record) => canonicalOctets(record, set.bytes)).toSorted(byOctets);
  for (const [at, data] of datas.entries()) {
    const before = datas[at - 1];
    if (before && byOctets(before, data) === 0) continue;
    writer.octets(owner);
    writer.u16(set.type, 'type');
    writer.u16(set.class, 'class');
    writer.u32(rrsig.originalTtlS, 'original TTL');
    writer.u16(data.length, 'octets of data');
    writer.octets(data);
  }
  return writer.done();
}

/** What a DS is a digest of (RFC 4034 section 5.1.4): the key's owner and its data. */
export function keyOctets(owner: Name, { flags, protocol, algorithm, key }: Dnskey): Uint8Array {
  const writer = new Writer();
  writer.plainName(canonicalName(owner));
  writer.u16(flags, 'flags');
  writer.u8(protocol, 'protocol');
  writer.u8(algorithm, 'algorithm');
  writer.octets(key);
  return writer.done();
}

/** RFC 4034 section 3.1.3 and RFC 4035 section 5.3.2. */
function signedOwner(owner: Name, labels: number): Name {
  const all = labelsOf(canonicalName(owner)).filter((label, at) => at > 0 || label !== '*');
  if (labels >= all.length) return canonicalName(owner);
  return ['*', ...all.slice(all.length - labels)].join('.');
}

/**
 * RDATA as it is signed (RFC 4034 section 6.2): names spelt out and in lower case in the types of RFC 1035 and their like, the
 * octets as they came in all others (RFC 6840 section 5.1 leaves NSEC as it is).
 */
function canonicalOctets({ rdata, rdataStart, end }: Rr, bytes: Uint8Array): Uint8Array {
  return withNames(rdata) ?? bytes.slice(rdataStart, end);
}

function withNames(rdata: Rdata): Uint8Array | undefined {
  const writer = new Writer();
  const name = (text: Name) => writer.plainName(canonicalName(text));
  switch (rdata.kind) {
    case 'NS':
    case 'CNAME':
    case 'PTR':
    case 'DNAME':
      name(rdata.target);
      break;
    case 'MX':
      writer.u16(rdata.preference, 'preference');
      name(rdata.exchange);
      break;
    case 'SRV':
      writer.u16(rdata.priority, 'priority');
      writer.u16(rdata.weight, 'weight');
      writer.u16(rdata.port, 'port');
      name(rdata.target);
      break;
    case 'SOA':
      name(rdata.primary);
      name(rdata.mailbox);
      writer.u32(rdata.serial, 'serial');
      writer.u32(rdata.refreshS, 'refresh');
      writer.u32(rdata.retryS, 'retry');
      writer.u32(rdata.expireS, 'expire');
      writer.u32(rdata.minimumS, 'minimum');
      break;
    case 'NAPTR':
      writer.u16(rdata.order, 'order');
      writer.u16(rdata.preference, 'preference');
      writer.characterString(stringOctets(rdata.flags), 'flags');
      writer.characterString(stringOctets(rdata.services), 'services');
      writer.characterString(stringOctets(rdata.regexp), 'expression');
      name(rdata.replacement);
      break;
    default:
      return undefined;
  }
  return writer.done();
}

/** RFC 4034 section 6.3: octet by octet, what is absent first. */
function byOctets(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
