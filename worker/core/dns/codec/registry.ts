/** Types of records by name, from the IANA registry "Domain Name System (DNS) Parameters". */
export const RR_TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  SSHFP: 44,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SVCB: 64,
  HTTPS: 65,
  CAA: 257,
} as const;
export type RrTypeName = keyof typeof RR_TYPES;

/** Classes a monitor meets (RFC 1035 section 3.2.4). */
export const CLASS = { IN: 1, CH: 3, ANY: 255 } as const;

/** Response codes (RFC 1035 section 4.1.1, RFC 6895 section 2.3); 16 and up need OPT. */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  NOTAUTH: 9,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

const TYPE_NAMES = new Map<number, string>(Object.entries(RR_TYPES).map(([name, number]) => [number, name]));
const RCODE_NAMES = new Map<number, string>(Object.entries(RCODE).map(([name, number]) => [number, name]));

/** `A`, `HTTPS`; `TYPE65280` of one not known here (RFC 3597 section 5). */
export function typeName(type: number): string {
  return TYPE_NAMES.get(type) ?? `TYPE${type}`;
}

/** The number of `A` or `TYPE65280`, whatever the case; `undefined` for anything else. */
export function typeNumber(name: string): number | undefined {
  const upper = name.toUpperCase();
  if (upper in RR_TYPES) return RR_TYPES[upper as RrTypeName];
  const number = /^TYPE(\d{1,5})$/.exec(upper)?.[1];
  return number !== undefined && Number(number) <= 65_535 ? Number(number) : undefined;
}

/** `NOERROR`, `SERVFAIL`; `RCODE12` of one not known here. */
export function rcodeName(rcode: number): string {
  return RCODE_NAMES.get(rcode) ?? `RCODE${rcode}`;
}
