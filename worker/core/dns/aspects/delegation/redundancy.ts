import type { Task } from '../../asking/exchange.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import { isLoopback } from '../../asking/server.ts';
import type { Name } from '../../codec/name.ts';
import { RR_TYPES } from '../../codec/registry.ts';
import { masked, parseAddress, prefixText } from '../../contract/ip.ts';
import type { Finding } from '../../findings/finding.ts';
import { countText } from '../../findings/telling.ts';
import { addressesOf } from '../../walk/walk.ts';
import type { Aspect } from '../aspect.ts';
import { nsNames, wordsOn, zoneServers, type ZoneServers } from './zone-servers.ts';

/** Networks are told apart by prefixes that are routed on their own: no IPv4 beyond /24 and no IPv6 beyond /48 is. */
const NETWORK_BITS = { 4: 24, 6: 48 } as const;
/** Names of a zone's servers that are looked up: as many as the root has. */
const NAMES_MAX = 13;

/**
 * How much may break before the name does (D6; RFC 2182 section 5, Zonemaster DELEGATION01 and 02, CONNECTIVITY03): two name
 * servers, two addresses, two networks, both families. Networks are told apart by /24 and /48: who announces them (the AS) is
 * not measured. In a lab, where every server is this machine, it is information.
 */
export const redundancy: Aspect = {
  tasks(inquiry) {
    const zone = zoneServers(inquiry);
    return zone ? rosterOf(inquiry, zone).tasks : [];
  },
  findings(inquiry) {
    const zone = zoneServers(inquiry);
    if (!zone || inquiry.authorities === undefined) return [];
    const { names, addresses, isOver } = rosterOf(inquiry, zone);
    if (!isOver || addresses.length === 0) return [];
    const networks = [...new Set(addresses.map(networkOf))];
    const severity = addresses.every(isLoopback) ? 'info' : 'warn';
    const weaknesses = weaknessesOf(zone.zone, names, addresses, networks).map(
      ([subject, message]): Finding => ({ id: 'D6', severity, subject, message }),
    );
    return [...weaknesses, ...survivalFindings(inquiry, zone, networks.length)];
  },
};

type Roster = { tasks: Task[]; names: Name[]; addresses: string[]; isOver: boolean };

/** The names of the zone's servers and every address of theirs, those that cannot be reached from here too. */
function rosterOf(inquiry: Inquiry, zone: ZoneServers): Roster {
  const own = wordsOn(inquiry, zone, zone.zone, RR_TYPES.NS).flatMap(
    (word) => nsNames(word, zone.zone) ?? [],
  );
  const names = [...new Set([...zone.listed.map(({ name }) => name.toLowerCase()), ...own])].slice(
    0,
    NAMES_MAX,
  );
  const isAsked = inquiry.settings.resolvers.length > 0;
  const found = isAsked ? names.map((name) => addressesOf(inquiry, name)) : [];
  const addresses = [
    ...zone.servers.map(({ host }) => host),
    ...zone.listed.flatMap((listed) => listed.addresses),
    ...found.flatMap((one) => one.addresses),
  ];
  return {
    tasks: found.flatMap(({ tasks }) => tasks),
    names,
    addresses: [...new Set(addresses)].filter((address) => parseAddress(address)),
    isOver: found.every(({ isOver }) => isOver),
  };
}

/** What each is about, and the sentence. */
function weaknessesOf(
  zone: Name,
  names: readonly Name[],
  addresses: readonly string[],
  networks: readonly string[],
): [string, string][] {
  const weaknesses: [string, string][] = [];
  if (names.length === 1)
    weaknesses.push(['name servers', `${zone} has one name server, ${names.join('')}; it should have two.`]);
  if (addresses.length === 1)
    weaknesses.push(['addresses', `All name servers of ${zone} have the one address ${addresses.join('')}.`]);
  else if (networks.length === 1)
    weaknesses.push([
      'networks',
      `The ${addresses.length} addresses of the name servers of ${zone} are in one network, ${networks.join('')} (the AS is not measured).`,
    ]);
  const families = new Set(addresses.map((address) => parseAddress(address)?.family));
  if (families.size === 1) {
    const missing = families.has(4) ? 6 : 4;
    weaknesses.push([
      'families',
      `The name servers of ${zone} have no IPv${missing} address: a resolver with IPv${missing} alone cannot ask them.`,
    ]);
  }
  return weaknesses;
}

/** D6, told always: how many servers may die. */
function survivalFindings(inquiry: Inquiry, zone: ZoneServers, networks: number): Finding[] {
  const alive = wordsOn(inquiry, zone, zone.zone, RR_TYPES.SOA).filter(({ outcome }) => outcome === 'ANSWER');
  if (alive.length === 0) return [];
  const all = zone.servers.length;
  const spare = alive.length - 1;
  const end =
    spare === 0
      ? 'the name stops resolving when that one dies'
      : `${spare} of them may die before the name stops resolving`;
  return [
    {
      id: 'D6',
      severity: 'info',
      subject: zone.zone,
      message: `${alive.length} of the ${countText(all, 'server')} of ${zone.zone} that were asked serve it, in ${countText(networks, 'network')} by /24 and /48 (the AS is not measured): ${end}.`,
      figures: { serving: alive.length, servers: all, networks, spare },
    },
  ];
}

function networkOf(host: string): string {
  const address = parseAddress(host);
  if (!address) return host;
  const length = NETWORK_BITS[address.family];
  return prefixText({ family: address.family, bits: masked(address, length), length });
}
