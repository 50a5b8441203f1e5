/** An IPv4 or IPv6 address: its 32 or 128 bits as one number. */
export type Address = { family: 4 | 6; bits: bigint };
/** A range of addresses: those whose first `length` bits are those of `bits`, whose other bits are 0. */
export type Prefix = { family: 4 | 6; bits: bigint; length: number };

const WIDTH = { 4: 32, 6: 128 } as const;

/** Reads an address: IPv4 as four decimal numbers without leading zeros, IPv6 as RFC 4291 section 2.2 has it, without a zone. */
export function parseAddress(text: string): Address | undefined {
  const bits = text.includes(':') ? bitsOfIpv6(text) : bitsOfIpv4(text);
  return bits === undefined ? undefined : { family: text.includes(':') ? 6 : 4, bits };
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
  if (family === 4) return ipv4Text(bits);
  if (bits >> 32n === 0xffffn) return `::ffff:${ipv4Text(bits & 0xffff_ffffn)}`;
  const groups = Array.from({ length: 8 }, (_, at) => Number((bits >> BigInt(112 - 16 * at)) & 0xffffn));
  const { start, length } = longestZeros(groups);
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

export function prefixText(prefix: Prefix): string {
  return `${addressText(prefix)}/${prefix.length}`;
}

/** The one text of an address written in any way; what is none stays as it is. */
export function canonicalAddress(text: string): string {
  const address = parseAddress(text);
  return address ? addressText(address) : text;
}

/** A range that is not for the public Internet, and the document that says so. */
export type SpecialRange = { prefix: string; name: string; source: string };

/**
 * Ranges no public name should point at: those that the IANA special-purpose registries (RFC 6890) do not call globally
 * reachable, and multicast (RFC 5771, RFC 4291). The narrower ones come first.
 */
export const SPECIAL_RANGES: readonly SpecialRange[] = [
  { prefix: '0.0.0.0/8', name: '“this network”', source: 'RFC 791' },
  { prefix: '10.0.0.0/8', name: 'private', source: 'RFC 1918' },
  { prefix: '100.64.0.0/10', name: 'shared by carriers’ NAT', source: 'RFC 6598' },
  { prefix: '127.0.0.0/8', name: 'loopback', source: 'RFC 1122' },
  { prefix: '169.254.0.0/16', name: 'link-local', source: 'RFC 3927' },
  { prefix: '172.16.0.0/12', name: 'private', source: 'RFC 1918' },
  { prefix: '192.0.0.0/24', name: 'IETF protocol assignments', source: 'RFC 6890' },
  { prefix: '192.0.2.0/24', name: 'documentation', source: 'RFC 5737' },
  { prefix: '192.88.99.0/24', name: '6to4 relay anycast, deprecated', source: 'RFC 7526' },
  { prefix: '192.168.0.0/16', name: 'private', source: 'RFC 1918' },
  { prefix: '198.18.0.0/15', name: 'benchmarking', source: 'RFC 2544' },
  { prefix: '198.51.100.0/24', name: 'documentation', source: 'RFC 5737' },
  { prefix: '203.0.113.0/24', name: 'documentation', source: 'RFC 5737' },
  { prefix: '224.0.0.0/4', name: 'multicast', source: 'RFC 5771' },
  { prefix: '255.255.255.255/32', name: 'limited broadcast', source: 'RFC 919' },
  { prefix: '240.0.0.0/4', name: 'reserved', source: 'RFC 1112' },
  { prefix: '::/128', name: 'unspecified', source: 'RFC 4291' },
  { prefix: '::1/128', name: 'loopback', source: 'RFC 4291' },
  { prefix: '::ffff:0.0.0.0/96', name: 'IPv4-mapped', source: 'RFC 4291' },
  { prefix: '64:ff9b:1::/48', name: 'local-use translation', source: 'RFC 8215' },
  { prefix: '100::/64', name: 'discard-only', source: 'RFC 6666' },
  { prefix: '100:0:0:1::/64', name: 'dummy', source: 'RFC 9780' },
  { prefix: '2001::/32', name: 'Teredo', source: 'RFC 4380' },
  { prefix: '2001:2::/48', name: 'benchmarking', source: 'RFC 5180' },
  { prefix: '2001:10::/28', name: 'ORCHID, deprecated', source: 'RFC 4843' },
  { prefix: '2001::/23', name: 'IETF protocol assignments', source: 'RFC 2928' },
  { prefix: '2001:db8::/32', name: 'documentation', source: 'RFC 3849' },
  { prefix: '2002::/16', name: '6to4', source: 'RFC 3056' },
  { prefix: '3fff::/20', name: 'documentation', source: 'RFC 9637' },
  { prefix: '5f00::/16', name: 'segment routing (SRv6) SIDs', source: 'RFC 9602' },
  { prefix: 'fc00::/7', name: 'unique-local', source: 'RFC 4193' },
  { prefix: 'fe80::/10', name: 'link-local', source: 'RFC 4291' },
  { prefix: 'ff00::/8', name: 'multicast', source: 'RFC 4291' },
];

/** Parts of the ranges above that the registries call globally reachable all the same. */
const GLOBAL_PARTS = [
  '192.0.0.9/32',
  '192.0.0.10/32',
  '2001:1::1/128',
  '2001:1::2/128',
  '2001:1::3/128',
  '2001:3::/32',
  '2001:4:112::/48',
  '2001:20::/28',
  '2001:30::/28',
];

const SPECIAL = SPECIAL_RANGES.flatMap((range) => {
  const prefix = parsePrefix(range.prefix);
  return prefix ? [{ range, prefix }] : [];
});
const GLOBAL = GLOBAL_PARTS.flatMap((text) => parsePrefix(text) ?? []);

/** The special range an address is in; `undefined` for one that the public Internet can reach. */
export function specialRange(address: Address): SpecialRange | undefined {
  if (GLOBAL.some((prefix) => contains(prefix, address))) return undefined;
  return SPECIAL.find(({ prefix }) => contains(prefix, address))?.range;
}

function bitsOfIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let bits = 0;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bits = bits * 256 + Number(part);
  }
  return BigInt(bits);
}

function bitsOfIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves;
  const before = groupsOf(head ?? '', tail === undefined);
  const after = tail === undefined ? [] : groupsOf(tail, true);
  if (!before || !after) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...before, ...Array<number>(missing).fill(0), ...after].reduce(
    (bits, group) => (bits << 16n) | BigInt(group),
    0n,
  );
}

/** The 16-bit groups of a part of an IPv6 address; only the last part may end with an IPv4 address. */
function groupsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    const ipv4 = isLast && at === parts.length - 1 && part.includes('.') ? bitsOfIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(Number(ipv4 >> 16n), Number(ipv4 & 0xffffn));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function ipv4Text(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => Number((bits >> shift) & 0xffn)).join('.');
}

/** The longest run of zero groups, the first among equals. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  for (const [at, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { start: at - length + 1, length };
  }
  return longest;
}
