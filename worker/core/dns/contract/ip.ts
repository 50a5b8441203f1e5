import { ipv4Octets, ipv4Text, ipv6Octets, ipv6Text } from '../codec/address.ts';

/** An IPv4 or IPv6 address: its 32 or 128 bits as one number. */
export type Address = { family: 4 | 6; bits: bigint };
/** A range of addresses: those whose first `length` bits are those of `bits`, whose other bits are 0. */
export type Prefix = { family: 4 | 6; bits: bigint; length: number };

const WIDTH = { 4: 32, 6: 128 } as const;

/** Reads an address: IPv4 as four decimal numbers without leading zeros, IPv6 as RFC 4291 section 2.2 has it, without a zone. */
export function parseAddress(text: string): Address | undefined {
  const family = text.includes(':') ? 6 : 4;
  const octets = family === 6 ? ipv6Octets(text) : ipv4Octets(text);
  return octets && { family, bits: bitsOf(octets) };
}

/** Reads `192.0.2.0/24` or `2001:db8::/32`. `undefined` for anything else, and where bits behind the length are set. */
export function parsePrefix(text: string): Prefix | undefined {
  const [, host, digits] = /^([0-9a-f:.]+)\/(0|[1-9]\d{0,2})$/i.exec(text) ?? [];
  const address = host === undefined ? undefined : parseAddress(host);
  if (!address) return undefined;
  const length = Number(digits);
  if (length > WIDTH[address.family]) return undefined;
  const prefix = { ...address, length };
  return masked(address, length) === address.bits ? prefix : undefined;
}

/** The range of one address alone. */
export function hostPrefix(address: Address): Prefix {
  return { ...address, length: WIDTH[address.family] };
}

/** Whether the address, or the whole of the smaller range, is in the range. */
export function contains(prefix: Prefix, inner: Address | Prefix): boolean {
  if (prefix.family !== inner.family) return false;
  if ('length' in inner && inner.length < prefix.length) return false;
  return masked(inner, prefix.length) === prefix.bits;
}

/** The first bits of an address, the others 0. */
export function masked({ family, bits }: Address, length: number): bigint {
  const rest = BigInt(WIDTH[family] - length);
  return (bits >> rest) << rest;
}

/** The one text of an address: RFC 5952 for IPv6, with the IPv4 form only of mapped addresses (its section 5). */
export function addressText({ family, bits }: Address): string {
  if (family === 4) return ipv4Text(Number(bits));
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, bits >> 64n);
  view.setBigUint64(8, bits & 0xffff_ffff_ffff_ffffn);
  return ipv6Text(view, 0);
}

export function prefixText(prefix: Prefix): string {
  return `${addressText(prefix)}/${prefix.length}`;
}

/** The one text of an address written in any way; what is none stays as it is. */
export function canonicalAddress(text: string): string {
  const address = parseAddress(text);
  return address ? addressText(address) : text;
}

function bitsOf(octets: Uint8Array): bigint {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return octets.length === 4
    ? BigInt(view.getUint32(0))
    : (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}
