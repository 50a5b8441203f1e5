import { canonicalName, type Name } from './name.ts';
import { base32HexText, base64Text, hexText, stringText } from './octets.ts';
import type { Rdata, SvcParam } from './rdata.ts';
import { CLASS, typeName } from './registry.ts';
import { utf8Octets } from './utf8.ts';

/** What a record's line needs to know of it. */
type Presentable = { name: Name; type: number; class?: number | undefined; ttlS: number; rdata: Rdata };

/** A record as a line of a zone file (RFC 1035 section 5.1), its names absolute: `www.example.com. 300 IN A 192.0.2.1`. */
export function presentRecord(record: Presentable): string {
  const { name, type, ttlS, rdata } = record;
  return `${presentName(name)} ${ttlS} ${className(record.class ?? CLASS.IN)} ${typeName(type)} ${presentRdata(rdata)}`;
}

/** The data of a record as in a zone file and in dig's output. A malformed one says why: no zone file has such. */
export function presentRdata(rdata: Rdata): string {
  return written(rdata, presentName);
}

/** The one spelling that records of a type are compared by: as presented, names in lower case, addresses by RFC 5952. */
export function canonicalRdata(rdata: Rdata): string {
  const spelt = rdata.kind === 'CAA' ? { ...rdata, tag: rdata.tag.toLowerCase() } : rdata;
  return written(spelt, (name) => presentName(canonicalName(name)));
}

/** A name as in a zone file: absolute, and what means something there is escaped. */
function presentName(name: Name): string {
  const escaped = name.replaceAll(/\\.|["();@$]/gs, (part) => (part.length > 1 ? part : `\\${part}`));
  return name === '.' ? name : `${escaped}.`;
}

function className(recordClass: number): string {
  if (recordClass === CLASS.IN) return 'IN';
  return recordClass === CLASS.CH ? 'CH' : `CLASS${recordClass}`;
}

function written(rdata: Rdata, spell: (name: Name) => string): string {
  switch (rdata.kind) {
    case 'A':
    case 'AAAA':
      return rdata.address;
    case 'NS':
    case 'CNAME':
    case 'PTR':
    case 'DNAME':
      return spell(rdata.target);
    case 'MX':
      return `${rdata.preference} ${spell(rdata.exchange)}`;
    case 'SRV':
      return `${rdata.priority} ${rdata.weight} ${rdata.port} ${spell(rdata.target)}`;
    case 'TXT':
      return rdata.strings.map((text) => `"${text}"`).join(' ');
    case 'SOA':
      return [
        spell(rdata.primary),
        spell(rdata.mailbox),
        rdata.serial,
        rdata.refreshS,
        rdata.retryS,
        rdata.expireS,
        rdata.minimumS,
      ].join(' ');
    case 'CAA':
      return `${rdata.critical ? 128 : 0} ${rdata.tag} "${rdata.value}"`;
    case 'NAPTR': {
      const { order, preference, flags, services, regexp, replacement } = rdata;
      return `${order} ${preference} "${flags}" "${services}" "${regexp}" ${spell(replacement)}`;
    }
    case 'TLSA':
      return `${rdata.usage} ${rdata.selector} ${rdata.matching} ${upperHex(rdata.data)}`;
    case 'SSHFP':
      return `${rdata.algorithm} ${rdata.fingerprintType} ${upperHex(rdata.fingerprint)}`;
    case 'SVCB':
    case 'HTTPS':
      return [rdata.priority, spell(rdata.target), ...rdata.params.map(writtenParam)].join(' ');
    case 'unknown':
      // RFC 3597 section 5.
      return `\\# ${rdata.data.length} ${upperHex(rdata.data)}`.trimEnd();
    case 'malformed':
      return `malformed: ${rdata.why}`;
    default:
      return writtenDnssec(rdata, spell);
  }
}

type DnssecRdata = Extract<Rdata, { kind: 'DS' | 'DNSKEY' | 'RRSIG' | 'NSEC' | 'NSEC3' | 'NSEC3PARAM' }>;

function writtenDnssec(rdata: DnssecRdata, spell: (name: Name) => string): string {
  switch (rdata.kind) {
    case 'DS':
      return `${rdata.keyTag} ${rdata.algorithm} ${rdata.digestType} ${upperHex(rdata.digest)}`;
    case 'DNSKEY':
      return `${rdata.flags} ${rdata.protocol} ${rdata.algorithm} ${base64Text(rdata.key)}`;
    case 'RRSIG':
      return [
        typeName(rdata.covered),
        rdata.algorithm,
        rdata.labels,
        rdata.originalTtlS,
        timeText(rdata.expirationS),
        timeText(rdata.inceptionS),
        rdata.keyTag,
        spell(rdata.signer),
        base64Text(rdata.signature),
      ].join(' ');
    case 'NSEC':
      return [spell(rdata.next), ...rdata.types.map(typeName)].join(' ');
    case 'NSEC3':
      return [nsec3Head(rdata), base32HexText(rdata.nextHashed), ...rdata.types.map(typeName)].join(' ');
    case 'NSEC3PARAM':
      return nsec3Head(rdata);
  }
}

function nsec3Head({ algorithm, flags, iterations, salt }: Extract<Rdata, { kind: 'NSEC3' | 'NSEC3PARAM' }>) {
  return `${algorithm} ${flags} ${iterations} ${salt.length === 0 ? '-' : upperHex(salt)}`;
}

/** RFC 9460 section 2.1. */
function writtenParam(param: SvcParam): string {
  switch (param.key) {
    case 'mandatory':
      return `mandatory=${param.keys.join(',')}`;
    case 'alpn':
      return `alpn="${param.ids.map(listItem).join(',')}"`;
    case 'no-default-alpn':
      return param.key;
    case 'port':
      return `port=${param.port}`;
    case 'ipv4hint':
    case 'ipv6hint':
      return `${param.key}=${param.addresses.join(',')}`;
    case 'ech':
      return `ech=${base64Text(param.data)}`;
    case 'dohpath':
      return `dohpath="${stringText(utf8Octets(param.path))}"`;
    default:
      return param.data.length === 0 ? param.key : `${param.key}="${stringText(param.data)}"`;
  }
}

/** An item of a list in quotes: commas and backslashes are escaped for the list, and that again for the quotes (appendix A.1). */
function listItem(text: string): string {
  return text.replaceAll(/\\(?:\d{3}|.)|,/gs, (part) => {
    if (part === ',') return '\\\\,';
    return part === '\\\\' ? '\\\\\\\\' : part;
  });
}

function upperHex(octets: Uint8Array): string {
  return hexText(octets).toUpperCase();
}

/** `20261220000000`: a time of RRSIG (RFC 4034 section 3.2), as the seconds since 1970 that it says. */
function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
}
