import { authoritiesOf, resolversOf } from '../../asking/audience.ts';
import type { Query, Task } from '../../asking/exchange.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import type { Server } from '../../asking/server.ts';
import { settled } from '../../asking/settled.ts';
import { isSubdomain, sameName, type Name } from '../../codec/name.ts';
import type { Rdata } from '../../codec/rdata.ts';
import { RR_TYPES, typeName } from '../../codec/registry.ts';
import { canonicalAddress } from '../../contract/ip.ts';
import { agreed } from '../../findings/agreement.ts';
import type { Finding, FindingSeverity } from '../../findings/finding.ts';
import { listText } from '../../findings/telling.ts';
import { chainOf } from '../../measure/rrset.ts';
import { changesByItself } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';
import { isListedNow } from './allow-list.ts';
import { ADDRESS_TYPES, addressTypes } from './samples.ts';
import { addressesOf, seenAddresses } from './seen-addresses.ts';

type Binding = Extract<Rdata, { kind: 'SVCB' | 'HTTPS' }>;
/** Whether a name has addresses, and which; `undefined` while or when nobody says. */
type Reached = { tasks: Task[]; addresses?: string[] | undefined };

const TYPES = [RR_TYPES.HTTPS, RR_TYPES.SVCB] as const;

/**
 * Whether HTTPS and SVCB records fit the addresses (C7, RFC 9460): an alias has a target with addresses, hints are addresses
 * that the target has and customers were promised, and no record is one that clients throw away. Clients connect to hints
 * before they know the addresses, so a wrong one is critical. HTTPS is asked for wherever addresses are, SVCB where the check
 * names it. With a declared rotation the pool is not known to one run: hints are then held against the published file alone.
 * Whether the service speaks what `alpn` promises is not asked.
 */
export const serviceBinding: Aspect = {
  tasks(inquiry) {
    const asked = types(inquiry).flatMap((type) =>
      speakers(inquiry).map((speaker) => put(inquiry, speaker, type)),
    );
    return asked.flatMap(({ tasks, server, bindings }) => [
      ...tasks,
      ...bindings.flatMap((binding) => targetOf(inquiry, server, binding).tasks),
    ]);
  },
  findings(inquiry) {
    return types(inquiry).flatMap((type) => {
      const said = speakers(inquiry).flatMap((speaker) => {
        const { answered, server, bindings, malformed } = put(inquiry, speaker, type);
        if (!answered?.message || (bindings.length === 0 && malformed.length === 0)) return [];
        return [{ server: server.server, findings: setFindings(inquiry, server, type, bindings, malformed) }];
      });
      return agreed(said);
    });
  },
};

function types(inquiry: Inquiry): number[] {
  const { settings } = inquiry;
  const named = new Set([...settings.types, ...settings.optionalTypes, ...settings.expect.keys()]);
  return TYPES.filter(
    (type) => named.has(type) || (type === RR_TYPES.HTTPS && addressTypes(inquiry).length > 0),
  );
}

/** Who is asked, and as whom. */
type Speaker = { server: Server; recursionDesired: boolean };

/** The zone's servers; resolvers where they are not known. */
function speakers(inquiry: Inquiry): Speaker[] {
  const own = authoritiesOf(inquiry);
  const { servers, recursionDesired } = own.servers.length > 0 ? own : resolversOf(inquiry);
  return servers.map((server) => ({ server, recursionDesired }));
}

type Put = {
  tasks: Query[];
  answered?: Answered | undefined;
  server: Speaker;
  bindings: Binding[];
  malformed: string[];
};

function put(inquiry: Inquiry, speaker: Speaker, type: number): Put {
  const { name } = inquiry.settings;
  const { tasks, answered } = settled(inquiry, { ...speaker, name, type });
  const records = answered?.message ? chainOf(answered.message, name, type).records : [];
  return {
    tasks,
    answered,
    server: speaker,
    bindings: records.flatMap(({ rdata }) =>
      rdata.kind === 'HTTPS' || rdata.kind === 'SVCB' ? [rdata] : [],
    ),
    malformed: records.flatMap(({ rdata }) => (rdata.kind === 'malformed' ? [rdata.why] : [])),
  };
}

function setFindings(
  inquiry: Inquiry,
  speaker: Speaker,
  type: number,
  bindings: readonly Binding[],
  malformed: readonly string[],
): Finding[] {
  const { name } = inquiry.settings;
  const what = `${name} ${typeName(type)}`;
  const found = (severity: FindingSeverity, message: string): Finding => ({
    id: 'C7',
    severity,
    subject: what,
    message,
  });
  const broken = malformed.map((why) =>
    found('fail', `${what} has a record that clients throw away: ${why}.`),
  );
  const aliases = bindings.filter(({ priority }) => priority === 0);
  const mixed =
    aliases.length > 0 && aliases.length < bindings.length
      ? [
          found(
            'warn',
            `${what} has records with priority 0 (aliases) beside others, which clients then ignore.`,
          ),
        ]
      : [];
  return [
    ...broken,
    ...mixed,
    ...bindings.flatMap((binding) => [
      ...paramFindings(what, binding).map((message) => found('warn', message)),
      ...targetFindings(inquiry, speaker, what, binding).map(([severity, message]) =>
        found(severity, message),
      ),
    ]),
  ];
}

/** Parameters that make clients ignore the record. What does not even fit the format is malformed. */
function paramFindings(what: string, { params, priority, target }: Binding): string[] {
  const mandatory = params.flatMap((param) => (param.key === 'mandatory' ? param.keys : []));
  const unknown = mandatory.filter((key) => /^key\d+$/.test(key));
  const keys = new Set(params.map(({ key }) => key as string));
  const messages: string[] = [];
  if (unknown.length > 0)
    messages.push(
      `${what} ${priority} ${target} makes ${listText(unknown)} mandatory, which most clients do not know: they ignore the record.`,
    );
  if (keys.has('no-default-alpn') && !keys.has('alpn'))
    messages.push(
      `${what} ${priority} ${target} has no-default-alpn without alpn: no protocol is left (RFC 9460 section 7.1.1).`,
    );
  return messages;
}

function targetFindings(
  inquiry: Inquiry,
  speaker: Speaker,
  what: string,
  binding: Binding,
): [FindingSeverity, string][] {
  if (binding.priority === 0 && binding.target === '.') return [];
  const { addresses } = targetOf(inquiry, speaker, binding);
  if (addresses?.length === 0 && !isOwner(inquiry, binding))
    return [['fail', `${what} leads to ${binding.target}, which has no address.`]];
  const hints = hintsOf(binding);
  const isListed = isListedNow(inquiry);
  const unlisted = isListed ? hints.filter((hint) => !isListed(hint)) : [];
  const isPart =
    inquiry.settings.rotation !== undefined ||
    [...ADDRESS_TYPES].some((type) => changesByItself(inquiry, speaker.server, inquiry.settings.name, type));
  const known = isPart || !addresses ? undefined : new Set(addresses);
  const foreign = known ? hints.filter((hint) => !known.has(hint)) : [];
  const messages: [FindingSeverity, string][] = [];
  if (foreign.length > 0)
    messages.push([
      'critical',
      `${what} hints at ${listText(foreign)}, which ${isOwner(inquiry, binding) ? inquiry.settings.name : binding.target} does not have: clients connect there first.`,
    ]);
  if (unlisted.length > 0)
    messages.push([
      'critical',
      `${what} hints at ${listText(unlisted)}, in no range of the published file: customers’ firewalls drop it.`,
    ]);
  return messages;
}

function hintsOf({ params }: Binding): string[] {
  return params.flatMap((param) =>
    param.key === 'ipv4hint' || param.key === 'ipv6hint' ? param.addresses.map(canonicalAddress) : [],
  );
}

/** A target that is the name itself: `.` of a service (RFC 9460 section 2.5.2). */
function isOwner({ settings }: Inquiry, { target }: Binding): boolean {
  return target === '.' || sameName(target, settings.name);
}

/** Addresses of the target: the name's own by every answer, another's by a server of the zone or the first resolver. */
function targetOf(inquiry: Inquiry, speaker: Speaker, binding: Binding): Reached {
  if (!isOwner(inquiry, binding)) return reached(inquiry, speaker, binding.target);
  const asked = [...ADDRESS_TYPES].map((type) =>
    settled(inquiry, { ...speaker, name: inquiry.settings.name, type }),
  );
  const isSaid = asked.every(({ answered }) => saysAll(answered));
  const own = asked.flatMap(({ answered }) =>
    answered?.message ? addressesOf(answered.message, answered.query.name, answered.query.type) : [],
  );
  const seen = seenAddresses(inquiry).map(({ address }) => address);
  return {
    tasks: asked.flatMap(({ tasks }) => tasks),
    addresses: isSaid ? [...new Set([...own, ...seen])] : undefined,
  };
}

function reached(inquiry: Inquiry, speaker: Speaker, name: Name): Reached {
  const [resolver] = inquiry.settings.resolvers;
  const isInside = inquiry.zone !== undefined && isSubdomain(name, inquiry.zone);
  const asked = isInside ? speaker : resolver && { server: resolver, recursionDesired: true };
  if (!asked) return { tasks: [] };
  const puts = [...ADDRESS_TYPES].map((type) => settled(inquiry, { ...asked, name, type }));
  const isSaid = puts.every(({ answered }) => saysAll(answered));
  return {
    tasks: puts.flatMap(({ tasks }) => tasks),
    addresses: isSaid
      ? puts.flatMap(({ answered }) =>
          answered?.message ? addressesOf(answered.message, name, answered.query.type) : [],
        )
      : undefined,
  };
}

/** Whether it tells all the addresses there are; an alias out of the zone does not. */
function saysAll(answered: Answered | undefined): boolean {
  return answered !== undefined && ['ANSWER', 'NODATA', 'NXDOMAIN'].includes(answered.outcome);
}
