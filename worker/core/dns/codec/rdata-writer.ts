import { ipv4Octets, ipv6Octets } from './address.ts';
import { quoted } from './name.ts';
import { stringOctets } from './octets.ts';
import type { Rdata } from './rdata.ts';
import { writeSvcb } from './svcb-writer.ts';
import { writeTypeBitmap } from './type-bitmap.ts';
import type { Writer } from './writer.ts';

/**
 * Puts down the data of a record. Names are compressed in the types of RFC 1035 alone (RFC 3597 section 4).
 * @throws RangeError when a name, an address or a number does not fit its field
 */
export function writeRdata(writer: Writer, rdata: Rdata): void {
  switch (rdata.kind) {
    case 'A':
    case 'AAAA':
      writer.octets(addressOctets(rdata.kind, rdata.address));
      break;
    case 'NS':
    case 'CNAME':
    case 'PTR':
      writer.name(rdata.target);
      break;
    case 'DNAME':
      writer.plainName(rdata.target);
      break;
    case 'MX':
      writer.u16(rdata.preference, 'preference of MX');
      writer.name(rdata.exchange);
      break;
    case 'SRV':
      writer.u16(rdata.priority, 'priority of SRV');
      writer.u16(rdata.weight, 'weight of SRV');
      writer.u16(rdata.port, 'port of SRV');
      writer.plainName(rdata.target);
      break;
    case 'TXT':
      if (rdata.strings.length === 0) throw new RangeError('expected one string or more in TXT, got none');
      for (const text of rdata.strings) writer.characterString(stringOctets(text), 'a string of TXT');
      break;
    case 'SOA':
      writer.name(rdata.primary);
      writer.name(rdata.mailbox);
      writer.u32(rdata.serial, 'serial of SOA');
      writer.u32(rdata.refreshS, 'refresh of SOA');
      writer.u32(rdata.retryS, 'retry of SOA');
      writer.u32(rdata.expireS, 'expire of SOA');
      writer.u32(rdata.minimumS, 'minimum of SOA');
      break;
    case 'CAA':
      writer.u8(rdata.critical ? 0x80 : 0, 'flags of CAA');
      writer.characterString(stringOctets(rdata.tag), 'the tag of CAA');
      writer.octets(stringOctets(rdata.value));
      break;
    case 'NAPTR':
      writer.u16(rdata.order, 'order of NAPTR');
      writer.u16(rdata.preference, 'preference of NAPTR');
      writer.characterString(stringOctets(rdata.flags), 'the flags of NAPTR');
      writer.characterString(stringOctets(rdata.services), 'the services of NAPTR');
      writer.characterString(stringOctets(rdata.regexp), 'the expression of NAPTR');
      writer.plainName(rdata.replacement);
      break;
    case 'TLSA':
      writer.u8(rdata.usage, 'usage of TLSA');
      writer.u8(rdata.selector, 'selector of TLSA');
      writer.u8(rdata.matching, 'matching type of TLSA');
      writer.octets(rdata.data);
      break;
    case 'SSHFP':
      writer.u8(rdata.algorithm, 'algorithm of SSHFP');
      writer.u8(rdata.fingerprintType, 'fingerprint type of SSHFP');
      writer.octets(rdata.fingerprint);
      break;
    case 'SVCB':
    case 'HTTPS':
      writeSvcb(writer, rdata);
      break;
    case 'unknown':
      writer.octets(rdata.data);
      break;
    case 'malformed':
      throw new RangeError(`expected a record that can be written, got a malformed one: ${rdata.why}`);
    default:
      writeDnssec(writer, rdata);
  }
}

type DnssecRdata = Extract<Rdata, { kind: 'DS' | 'DNSKEY' | 'RRSIG' | 'NSEC' | 'NSEC3' | 'NSEC3PARAM' }>;

function writeDnssec(writer: Writer, rdata: DnssecRdata): void {
  switch (rdata.kind) {
    case 'DS':
      writer.u16(rdata.keyTag, 'key tag of DS');
      writer.u8(rdata.algorithm, 'algorithm of DS');
      writer.u8(rdata.digestType, 'digest type of DS');
      writer.octets(rdata.digest);
      break;
    case 'DNSKEY':
      writer.u16(rdata.flags, 'flags of DNSKEY');
      writer.u8(rdata.protocol, 'protocol of DNSKEY');
      writer.u8(rdata.algorithm, 'algorithm of DNSKEY');
      writer.octets(rdata.key);
      break;
    case 'RRSIG':
      writer.u16(rdata.covered, 'type covered by RRSIG');
      writer.u8(rdata.algorithm, 'algorithm of RRSIG');
      writer.u8(rdata.labels, 'labels of RRSIG');
      writer.u32(rdata.originalTtlS, 'original TTL of RRSIG');
      writer.u32(rdata.expirationS, 'expiration of RRSIG');
      writer.u32(rdata.inceptionS, 'inception of RRSIG');
      writer.u16(rdata.keyTag, 'key tag of RRSIG');
      writer.plainName(rdata.signer);
      writer.octets(rdata.signature);
      break;
    case 'NSEC':
      writer.plainName(rdata.next);
      writeTypeBitmap(writer, rdata.types);
      break;
    case 'NSEC3':
      writeNsec3Head(writer, rdata);
      writer.characterString(rdata.nextHashed, 'the next hashed owner of NSEC3');
      writeTypeBitmap(writer, rdata.types);
      break;
    case 'NSEC3PARAM':
      writeNsec3Head(writer, rdata);
      break;
  }
}

function writeNsec3Head(writer: Writer, rdata: Extract<Rdata, { kind: 'NSEC3' | 'NSEC3PARAM' }>): void {
  writer.u8(rdata.algorithm, `algorithm of ${rdata.kind}`);
  writer.u8(rdata.flags, `flags of ${rdata.kind}`);
  writer.u16(rdata.iterations, `iterations of ${rdata.kind}`);
  writer.characterString(rdata.salt, `the salt of ${rdata.kind}`);
}

function addressOctets(kind: 'A' | 'AAAA', address: string): Uint8Array {
  const octets = kind === 'A' ? ipv4Octets(address) : ipv6Octets(address);
  if (octets) return octets;
  throw new RangeError(`expected an IPv${kind === 'A' ? 4 : 6} address in ${kind}, got ${quoted(address)}`);
}
