import type { Inquiry } from '../../asking/inquiry.ts';
import type { Server } from '../../asking/server.ts';
import { settled } from '../../asking/settled.ts';
import { isSubdomain, type Name } from '../../codec/name.ts';
import { RR_TYPES } from '../../codec/registry.ts';
import { canonicalAddress } from '../../contract/ip.ts';
import type { Finding } from '../../findings/finding.ts';
import { listText } from '../../findings/telling.ts';
import { chainOf } from '../../measure/rrset.ts';
import { addressesOf } from '../../walk/walk.ts';
import type { Aspect } from '../aspect.ts';
import { nsNames, ownQuestion, wordsOn, zoneServers, type ZoneServers } from './zone-servers.ts';

/** Names of one zone that are looked at: as many as the root has. */
const NAMES_MAX = 13;

/**
 * Addresses of the name servers (D7): names in the zone have glue at the parent (RFC 9471), the glue is what the zone itself
 * says, and no name server's name is an alias (RFC 2181 section 10.3). An address in the zone that the parent does not list is
 * a warning alone, as Zonemaster CONSISTENCY05 has it: it breaks nothing until it is the only one.
 */
export const glue: Aspect = {
  tasks(inquiry) {
    const zone = zoneServers(inquiry);
    if (!zone) return [];
    return subjectsOf(inquiry, zone).names.flatMap(({ name, speaker }) => {
      if (!isSubdomain(name, zone.zone))
        return inquiry.settings.resolvers.length > 0 ? addressesOf(inquiry, name).tasks : [];
      return speaker
        ? [RR_TYPES.A, RR_TYPES.AAAA].flatMap(
            (type) => settled(inquiry, ownQuestion(speaker, name, type)).tasks,
          )
        : [];
    });
  },
  findings(inquiry) {
    const zone = zoneServers(inquiry);
    if (!zone) return [];
    const { names, own: listedByZone } = subjectsOf(inquiry, zone);
    const aliases: Name[] = [];
    const findings = names.flatMap(({ name, speaker }): Finding[] => {
      if (!isSubdomain(name, zone.zone)) {
        const listed = zone.listed.find((one) => one.name.toLowerCase() === name);
        const isAsked = inquiry.settings.resolvers.length > 0;
        if (listed?.aliased || (isAsked && addressesOf(inquiry, name).aliased)) aliases.push(name);
        return [];
      }
      const own = speaker ? ownAddresses(inquiry, speaker, name) : undefined;
      if (own?.aliased) {
        aliases.push(name);
        return [];
      }
      // Of a name that the parent alone lists, D2 tells.
      if (own?.addresses.length === 0 && !listedByZone.includes(name)) return [];
      return glueFindings(zone, name, own?.addresses);
    });
    if (aliases.length > 0)
      findings.push({
        id: 'D7',
        severity: 'fail',
        subject: zone.zone,
        message: `${aliases.length === 1 ? 'The name server' : 'The name servers'} ${listText(aliases)} of ${zone.zone} ${aliases.length === 1 ? 'is an alias' : 'are aliases'} (CNAME); resolvers may refuse to follow: name the target instead.`,
      });
    return findings;
  },
};

/** A name, and which server that serves the zone is asked about it: each another one, so that none has all the load. */
type Subject = { name: Name; speaker?: Server | undefined };

/** The names of the zone's servers, and those among them that the zone itself lists. */
function subjectsOf(inquiry: Inquiry, zone: ZoneServers): { names: Subject[]; own: Name[] } {
  const words = wordsOn(inquiry, zone, zone.zone, RR_TYPES.NS).filter(({ outcome }) => outcome === 'ANSWER');
  const own = words.flatMap((word) => nsNames(word, zone.zone) ?? []);
  const names = [...new Set([...zone.listed.map(({ name }) => name.toLowerCase()), ...own])];
  return {
    names: names.slice(0, NAMES_MAX).map((name, at) => ({ name, speaker: words[at % words.length]?.server })),
    own,
  };
}

/** Addresses by the zone's own word; `undefined` while or when a server does not say. */
function ownAddresses(
  inquiry: Inquiry,
  speaker: Server,
  name: Name,
): { addresses: string[]; aliased: boolean } | undefined {
  const addresses: string[] = [];
  let aliased = false;
  for (const type of [RR_TYPES.A, RR_TYPES.AAAA]) {
    const { answered } = settled(inquiry, ownQuestion(speaker, name, type));
    const { message } = answered ?? {};
    const isSaid = ['ANSWER', 'NODATA', 'NXDOMAIN', 'DANGLING_CNAME'].includes(answered?.outcome ?? '');
    if (!message?.authoritative || !isSaid) return undefined;
    const chain = chainOf(message, name, type);
    aliased ||= chain.aliases.length > 0;
    addresses.push(
      ...chain.records.flatMap(({ rdata }) =>
        rdata.kind === 'A' || rdata.kind === 'AAAA' ? [canonicalAddress(rdata.address)] : [],
      ),
    );
  }
  return { addresses, aliased };
}

function glueFindings(
  { zone, parent, listed }: ZoneServers,
  name: Name,
  own: readonly string[] | undefined,
): Finding[] {
  const entry = listed.find((one) => one.name.toLowerCase() === name);
  if (own?.length === 0)
    return [
      {
        id: 'D7',
        severity: 'fail',
        subject: name,
        message: `${zone} names ${name} as one of its servers and has no address for it.`,
      },
    ];
  if (!parent || !entry) return [];
  if (entry.glue.length === 0)
    return [
      {
        id: 'D7',
        severity: 'fail',
        subject: name,
        message: `The parent ${parent.zone} gives no address (glue) for ${name}, which is inside ${zone}: nobody can find it.`,
      },
    ];
  if (!own) return [];
  const wrong = entry.glue.filter((address) => !own.includes(address));
  const unlisted = own.filter((address) => !entry.glue.includes(address));
  const findings: Finding[] = [];
  if (wrong.length > 0)
    findings.push({
      id: 'D7',
      severity: 'fail',
      subject: name,
      message: `The parent ${parent.zone} says ${name} is at ${listText(wrong)}; ${zone} itself says ${listText(own)}.`,
    });
  else if (unlisted.length > 0)
    findings.push({
      id: 'D7',
      severity: 'warn',
      subject: name,
      message: `The parent ${parent.zone} does not list ${listText(unlisted)}, which ${zone} has for ${name}.`,
    });
  return findings;
}
