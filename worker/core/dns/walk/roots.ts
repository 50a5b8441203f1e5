import type { Inquiry } from '../asking/inquiry.ts';
import { isLoopback, parseServer, type Server } from '../asking/server.ts';
import { isSubdomain } from '../codec/name.ts';
import { parseAddress } from '../contract/ip.ts';
import { specialRange } from '../contract/special-ranges.ts';

/** IPv4 addresses of the root servers: https://www.iana.org/domains/root/servers, b as of November 2023. */
const ROOT_SERVERS = {
  'a.root-servers.net': '198.41.0.4',
  'b.root-servers.net': '170.247.170.2',
  'c.root-servers.net': '192.33.4.12',
  'd.root-servers.net': '199.7.91.13',
  'e.root-servers.net': '192.203.230.10',
  'f.root-servers.net': '192.5.5.241',
  'g.root-servers.net': '192.112.36.4',
  'h.root-servers.net': '198.97.190.53',
  'i.root-servers.net': '192.36.148.17',
  'j.root-servers.net': '192.58.128.30',
  'k.root-servers.net': '193.0.14.129',
  'l.root-servers.net': '199.7.83.42',
  'm.root-servers.net': '202.12.27.33',
} as const;

/**
 * Top-level names the root has no delegation of, by design (IANA registry “Special-Use Domain Names”) or because networks have
 * long used them for themselves (RFC 6762 appendix G; `mail` and others by ICANN's word on name collisions).
 */
const OUTSIDE_ROOT = new Set([
  'alt',
  'corp',
  'example',
  'home',
  'internal',
  'intranet',
  'invalid',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'mail',
  'onion',
  'private',
  'test',
]);

/** A check, and its zone's servers as far as they are known. */
type Known = Pick<Inquiry, 'settings' | 'authorities'>;

/**
 * Where a delegation walk begins; `undefined` when there is none to walk. Without declared roots a name is not walked when
 * the root does not know its top-level name, or when the zone is an intranet's or a lab's: its names are no business of the
 * public root servers.
 */
export function rootsOf(known: Known): Server[] | undefined {
  const { name, zone, roots } = known.settings;
  if (roots) return roots;
  const top = (zone ?? name).split('.').at(-1) ?? '';
  if (OUTSIDE_ROOT.has(top) || isSubdomain(name, 'home.arpa') || isIntranet(known)) return undefined;
  return Object.entries(ROOT_SERVERS).flatMap(([title, host]) => {
    const server = parseServer(`dns://${host}`);
    return server ? [{ ...server, title }] : [];
  });
}

/**
 * Whether nothing of a check is the public's affair: every server with an address has a loopback or private one. A resolver
 * that goes by a name (DoH) may be inside as well, and is taken for it when the zone's own servers are.
 */
export function isIntranet({ settings, authorities = settings.authorities ?? [] }: Known): boolean {
  const servers = [...authorities, ...settings.resolvers, ...(settings.roots ?? [])];
  const isNamed = ({ host }: Server) => !isLoopback(host) && parseAddress(host) === undefined;
  const addressed = authorities.length > 0 ? servers.filter((server) => !isNamed(server)) : servers;
  return addressed.length > 0 && addressed.every(isInside);
}

/** Whether a server is this machine's or has an address of a range that is not for the public Internet (RFC 6890). */
export function isInside({ host }: Pick<Server, 'host'>): boolean {
  const address = parseAddress(host);
  return isLoopback(host) || (address !== undefined && specialRange(address) !== undefined);
}

/** The server at an address that another server named: on that one's port when both are this machine, a lab's way. */
export function serverAt(address: string, title: string, named: Server): Server | undefined {
  const scheme = named.scheme === 'tcp' ? 'tcp' : 'dns';
  const host = address.includes(':') ? `[${address}]` : address;
  const port = isLoopback(address) && isLoopback(named.host) ? named.port : 53;
  const server = parseServer(`${scheme}://${host}:${port}`);
  return server && { ...server, title };
}
