import { authoritiesOf, resolversOf, type Audience } from '../../asking/audience.ts';
import type { Query } from '../../asking/exchange.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import { outcomeWords } from '../../asking/outcome-words.ts';
import type { OutcomeClass } from '../../asking/outcome.ts';
import { queriesTo } from '../../asking/question.ts';
import { isSubdomain, parentOf, sameName, type Name } from '../../codec/name.ts';
import { RR_TYPES, typeName } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { listText, serverText } from '../../findings/telling.ts';
import { confirmed } from '../../measure/confirmed.ts';
import {
  allSaid,
  isOwnAnswer,
  isSilence,
  isTruncated,
  shareSeverity,
  type Said,
} from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';

/** What must agree about whether a name exists; a browser asks for three of them at once. */
const COHERENT_TYPES = [RR_TYPES.A, RR_TYPES.AAAA, RR_TYPES.HTTPS, RR_TYPES.TXT];
/** What every client asks for, wanted or not. */
const COMMON_TYPES = [RR_TYPES.A, RR_TYPES.AAAA, RR_TYPES.HTTPS];
/** Names above the asked one that are looked at: reverse names of IPv6 have 32. */
const ANCESTORS_MAX = 6;

const EXISTS: ReadonlySet<OutcomeClass> = new Set(['ANSWER', 'NODATA', 'PARTIAL', 'DANGLING_CNAME']);
/** Types that are not there are said not to be there (RFC 8906 section 3.1.1). */
const SAYS: ReadonlySet<OutcomeClass> = new Set([...EXISTS, 'NXDOMAIN', 'EMPTY_TRUNCATED', 'REFERRAL']);

/** A3, A7 and A8: what does not exist is said not to exist, and alike. */
export const absence: Aspect = {
  tasks: (inquiry) => {
    const { name } = inquiry.settings;
    const label = randomName(inquiry);
    const asked = [...new Set([...COHERENT_TYPES, ...otherTypes(inquiry)])].map((type) => ({ name, type }));
    const above = ancestorsOf(inquiry).map((ancestor) => ({ name: ancestor, type: RR_TYPES.A }));
    const absent = label === undefined ? [] : [{ name: label, type: RR_TYPES.A }];
    return audiencesOf(inquiry).flatMap(({ servers, recursionDesired }) =>
      servers.flatMap((server) =>
        [...asked, ...above, ...absent].flatMap((question) =>
          usual(queriesTo(inquiry, { server, ...question, recursionDesired })).flatMap(
            (query) => confirmed(inquiry, query).tasks,
          ),
        ),
      ),
    );
  },
  findings: (inquiry) => [
    ...audiencesOf(inquiry).flatMap((audience) => [
      ...coherence(inquiry, audience),
      ...completeness(inquiry, audience),
    ]),
    ...rewriting(inquiry),
  ],
};

function audiencesOf(inquiry: Inquiry): Audience[] {
  return [authoritiesOf(inquiry), resolversOf(inquiry)];
}

/** One transport is enough for what is not about transports. */
function usual(queries: readonly Query[]): Query[] {
  return queries.slice(0, 1);
}

/** Types that need not exist. */
function otherTypes({ settings }: Inquiry): number[] {
  return [...new Set([...COMMON_TYPES, ...settings.optionalTypes])].filter(
    (type) => !settings.types.includes(type),
  );
}

/** A name under the zone that nobody has made. Answers about it tell the zone's negative TTL as well. */
export function randomName({ zone, salt }: Inquiry): Name | undefined {
  return zone === undefined || zone.length > 200 ? undefined : `latchkey-${salt.slice(0, 40)}.${zone}`;
}

/** Names between the asked one and its zone's apex. */
function ancestorsOf({ settings, zone }: Inquiry): Name[] {
  const ancestors: Name[] = [];
  if (zone === undefined) return ancestors;
  let name = parentOf(settings.name);
  while (
    name !== undefined &&
    ancestors.length < ANCESTORS_MAX &&
    isSubdomain(name, zone) &&
    !sameName(name, zone)
  ) {
    ancestors.push(name);
    name = parentOf(name);
  }
  return ancestors;
}

/** A zone's own server must be right; of resolvers that others run, half. */
function severityOf({ recursionDesired, servers }: Audience, bad: number): 'warn' | 'fail' {
  return recursionDesired ? shareSeverity(bad, servers.length) : 'fail';
}

/** A3 (RFC 8020): a name is there for all types or for none, and what is above it is there too. */
function coherence(inquiry: Inquiry, audience: Audience): Finding[] {
  const { name } = inquiry.settings;
  const said = COHERENT_TYPES.flatMap((type) => allSaid(inquiry, audience, name, type));
  const of = (server: Said['server'], isThere: boolean): Said | undefined =>
    said.find(
      (one) =>
        one.server.url === server.url && (isThere ? EXISTS.has(one.outcome) : one.outcome === 'NXDOMAIN'),
    );
  const told: { server: Said['server']; message: string }[] = [];
  for (const server of audience.servers) {
    const there = of(server, true);
    const gone = of(server, false);
    if (there && gone)
      told.push({
        server,
        message: `says that ${name} does not exist when asked for ${typeName(gone.answered.query.type)}, and that it does when asked for ${typeName(there.answered.query.type)}; clients believe the one that comes first`,
      });
    const missing =
      there &&
      ancestorsOf(inquiry).find((ancestor) =>
        allSaid(inquiry, { ...audience, servers: [server] }, ancestor, RR_TYPES.A).some(
          ({ outcome }) => outcome === 'NXDOMAIN',
        ),
      );
    if (missing !== undefined)
      told.push({
        server,
        message: `says that ${missing} does not exist, though ${name} below it does; resolvers conclude that nothing below it does (RFC 8020)`,
      });
  }
  const severity = severityOf(audience, new Set(told.map(({ server }) => server.url)).size);
  return told.map(({ server, message }) => ({
    id: 'A3',
    severity,
    subject: server.url,
    message: `${serverText(server)} ${message}.`,
    outcome: 'NXDOMAIN',
  }));
}

/** A7: types that need not exist are answered all the same. A server that fails on the required types too is told of there. */
function completeness(inquiry: Inquiry, audience: Audience): Finding[] {
  const { name, types } = inquiry.settings;
  const required = types.flatMap((type) => allSaid(inquiry, audience, name, type));
  return otherTypes(inquiry).flatMap((type): Finding[] => {
    const bad = allSaid(inquiry, audience, name, type).filter(
      ({ server, outcome, answered }) =>
        !SAYS.has(outcome) &&
        !isMute(inquiry, answered) &&
        !isLost(inquiry, answered) &&
        !required.some((said) => said.server.url === server.url && said.outcome === outcome),
    );
    const [first] = bad;
    if (!first) return [];
    const each = listText(
      bad.map(({ server, outcome }) => `${serverText(server)} (${outcomeWords(outcome)})`),
    );
    return [
      {
        id: 'A7',
        severity: severityOf(audience, bad.length),
        subject: bad.length === 1 ? first.server.url : typeName(type),
        message: `${name} ${typeName(type)} is neither answered nor said not to exist at ${each}; clients that ask for it wait or give up.`,
        outcome: first.outcome,
        figures: { bad: bad.length, of: audience.servers.length },
      },
    ];
  });
}

/** One silence where the second question is answered, or was not put any more. */
function isLost(inquiry: Inquiry, { query, message }: Answered): boolean {
  if (message) return false;
  const { answered } = confirmed(inquiry, query);
  return answered === undefined || answered.message !== undefined;
}

/** Whether the server has not said a word in the whole run over the transport of that question: A2 tells. */
function isMute({ answered }: Inquiry, { query: { server, transport } }: Answered): boolean {
  return answered.every(
    ({ query, outcome }) =>
      query.server.url !== server.url || query.transport !== transport || isSilence(outcome),
  );
}

/** A8: a name that nobody made does not exist. The zone's own servers tell a wildcard from a resolver that makes things up. */
function rewriting(inquiry: Inquiry): Finding[] {
  const label = randomName(inquiry);
  if (label === undefined) return [];
  const isMade = ({ outcome }: Said) => outcome === 'ANSWER' || isTruncated(outcome);
  const own = allSaid(inquiry, authoritiesOf(inquiry), label, RR_TYPES.A);
  const resolvers = resolversOf(inquiry);
  const resolved = allSaid(inquiry, resolvers, label, RR_TYPES.A);
  const made = resolved.filter(isMade);
  const isDenied = own.some(({ outcome }) => outcome === 'NXDOMAIN' || outcome === 'NODATA');
  // A wildcard may be an alias, which a server of the zone gives as it is.
  const isWildcard =
    own.some((said) => isMade(said) || isOwnAnswer(said)) ||
    (own.length === 0 && made.length > 0 && made.length === resolved.length);
  if (isWildcard && !isDenied)
    return [
      {
        id: 'A8',
        severity: 'warn',
        subject: inquiry.zone ?? label,
        message: `The made-up name ${label} has an address: ${inquiry.zone ?? 'the zone'} has a wildcard, or every resolver makes up answers. A mistyped name will look right.`,
        outcome: 'ANSWER',
      },
    ];
  const [first] = made;
  if (!first) return [];
  return [
    {
      id: 'A8',
      severity: severityOf(resolvers, made.length),
      subject: first.server.url,
      message: `${listText(made.map(({ server }) => serverText(server)))} ${made.length === 1 ? 'gives' : 'give'} an address for the made-up name ${label}, which does not exist: answers are rewritten on the way.`,
      outcome: 'ANSWER',
      figures: { bad: made.length, of: resolved.length },
    },
  ];
}
