import { contains, parsePrefix, type Address } from './ip.ts';

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
