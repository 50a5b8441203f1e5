import type { Rr } from '../codec/message.ts';
import { canonicalName, labelsOf, wireName, type Name } from '../codec/name.ts';
import { writeRdata } from '../codec/rdata-writer.ts';
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
  const writer = new CanonicalWriter();
  writeRdata(writer, { ...rrsig, signature: new Uint8Array(0) });
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
export function keyOctets(owner: Name, key: Dnskey): Uint8Array {
  const writer = new CanonicalWriter();
  writer.name(owner);
  writeRdata(writer, key);
  return writer.done();
}

/** RFC 4034 section 3.1.3 and RFC 4035 section 5.3.2. */
function signedOwner(owner: Name, labels: number): Name {
  const all = labelsOf(canonicalName(owner)).filter((label, at) => at > 0 || label !== '*');
  if (labels >= all.length) return canonicalName(owner);
  return ['*', ...all.slice(all.length - labels)].join('.');
}

/** Types of RFC 1035 and their like: their names are lower case where they are signed. */
const KINDS_WITH_NAMES: ReadonlySet<Rdata['kind']> = new Set([
  'NS',
  'CNAME',
  'PTR',
  'DNAME',
  'MX',
  'SRV',
  'SOA',
  'NAPTR',
]);

/**
 * RDATA as it is signed (RFC 4034 section 6.2): names spelt out and in lower case in the types above, the octets as they came in
 * all others (RFC 6840 section 5.1 leaves NSEC as it is).
 */
function canonicalOctets({ rdata, rdataStart, end }: Rr, bytes: Uint8Array): Uint8Array {
  if (!KINDS_WITH_NAMES.has(rdata.kind)) return bytes.slice(rdataStart, end);
  const writer = new CanonicalWriter();
  writeRdata(writer, rdata);
  return writer.done();
}

/** Every name spelt out and in lower case. */
class CanonicalWriter extends Writer {
  override plainName(name: Name): void {
    super.plainName(canonicalName(name));
  }

  override name(name: Name): void {
    this.plainName(name);
  }
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
