import { PROFILES } from '../clients/catalogue.ts';
import { MESSAGE_BYTES_MAX } from '../codec/message.ts';
import { canonicalName, type Name } from '../codec/name.ts';
import { RR_TYPES, typeName } from '../codec/registry.ts';
import type { Finding } from '../findings/finding.ts';
import type { Limits } from '../measure/limits.ts';
import { floorBytes, headroomOf, OPT_BYTES, PLAIN_UDP_BYTES, type Headroom } from '../measure/size.ts';
import { answerFindings } from './answer-findings.ts';
import { lookUp, type LookupKind } from './lookup.ts';
import type { ZonePlace } from './master-file.ts';
import type { PlanProblem } from './plan-problem.ts';
import { plannedAnswer, type PlannedAnswer } from './planned-answer.ts';
import { cutAbove, type Zone } from './zone.ts';

/** What a question would be answered with, in figures, and what is wrong with it. */
export type PlannedSet = ZonePlace & {
  name: Name;
  type: number;
  kind: LookupKind;
  records: number;
  /** Aliases before them, and the name these lead to. */
  chain: number;
  target: Name;
  /** The shortest TTL of all. */
  ttlS: number;
  floorBytes: number;
  /** With the signatures that the file has. */
  signedFloorBytes?: number | undefined;
  /** Room under the 512 octets of a client without EDNS, and under `wireFailBytes` with it; negative when there is none. */
  plainRoom: Headroom;
  ednsRoom: Headroom;
  /** Ids of the clients that would not get it whole. */
  clientsLost: string[];
  problems: PlanProblem[];
};

/** Types that only validating resolvers ask for, which have EDNS (RFC 4035 section 4.1). */
const SIGNING_TYPES: ReadonlySet<number> = new Set([RR_TYPES.DS, RR_TYPES.DNSKEY, RR_TYPES.NSEC3PARAM]);
/** What nobody asks for by itself. */
const UNASKED_TYPES: ReadonlySet<number> = new Set([
  RR_TYPES.CNAME,
  RR_TYPES.DNAME,
  RR_TYPES.RRSIG,
  RR_TYPES.NSEC,
  RR_TYPES.NSEC3,
]);
/** What an alias is asked for whose target is not in the zone. */
const TYPE_OF_ALIAS = RR_TYPES.A;
const EDNS_PROFILES = Object.fromEntries(Object.entries(PROFILES).filter(([, { edns }]) => edns));

/** Every question that the zone has an answer to: each name with each of its types, an alias with those of its target. */
export function plannedSets(zone: Zone, limits: Limits): PlannedSet[] {
  const names = [...zone.nodes.values()].flatMap((node) => [...node.values()][0]?.[0]?.name ?? []);
  return names.flatMap((name) => setsOf(zone, name, limits));
}

/** The same of one name, which may be one that a wildcard answers for; none when it does not exist or is given away. */
export function setsOf(zone: Zone, name: Name, limits: Limits): PlannedSet[] {
  if (cutAbove(zone, name) !== undefined) return [];
  return typesOf(zone, name).flatMap((type) => setOf(plannedAnswer(zone, name, type), limits) ?? []);
}

function typesOf(zone: Zone, name: Name): number[] {
  const { aliases, owner } = lookUp(zone, name, TYPE_OF_ALIAS);
  const node = owner === undefined ? undefined : zone.nodes.get(canonicalName(owner));
  const types = [...(node?.keys() ?? [])].filter((type) => !UNASKED_TYPES.has(type));
  return aliases.length > 0 && types.length === 0 ? [TYPE_OF_ALIAS] : types;
}

function setOf(answer: PlannedAnswer, limits: Limits): PlannedSet | undefined {
  const { name, type, kind, target, aliases, records, message, signed } = answer;
  const all = [...aliases, ...records];
  const [first] = all;
  if (!first) return undefined;
  const { file, line } = first;
  // What is longer than any message is counted as the longest.
  const roomUnder = (limitBytes: number, edns: boolean): Headroom =>
    message
      ? headroomOf(message, type, limitBytes, { edns })
      : { bytes: limitBytes - MESSAGE_BYTES_MAX, records: -records.length };
  const findings = message ? findingsOf(answer, limits) : [];
  const place = { file, line, name, type };
  return {
    ...place,
    kind,
    records: records.length,
    chain: aliases.length,
    target,
    ttlS: all.reduce((least, { ttlS }) => Math.min(least, ttlS), first.ttlS),
    floorBytes: message ? floorBytes(message) : MESSAGE_BYTES_MAX,
    signedFloorBytes: signed && floorBytes(signed),
    plainRoom: roomUnder(PLAIN_UDP_BYTES, false),
    ednsRoom: roomUnder(limits.wireFailBytes, true),
    clientsLost: findings.filter(({ id }) => id === 'B16').map(({ subject }) => subject),
    problems: [
      ...(message ? [] : [tooLong(place)]),
      ...problemsOf(findings, place),
      ...wireProblems(answer, limits, place),
      ...wayProblems(answer, place),
    ],
  };
}

function findingsOf({ name, type, message }: PlannedAnswer, limits: Limits): Finding[] {
  if (!message) return [];
  const subject = typeName(type);
  if (!SIGNING_TYPES.has(type)) return answerFindings(message, { name, type, limits, subject });
  // Plain UDP is nothing to those who ask: its limit gives way to EDNS's.
  const floorFailBytes = limits.wireFailBytes - OPT_BYTES;
  const ednsLimits = { ...limits, floorWarnBytes: floorFailBytes, floorFailBytes, headroomWarnBytes: 0 };
  return answerFindings(message, { name, type, limits: ednsLimits, subject, profiles: EDNS_PROFILES });
}

type SetPlace = ZonePlace & { name: Name; type: number };

/** Findings with their place; all lost clients of a set are one problem. */
function problemsOf(findings: readonly Finding[], place: SetPlace): PlanProblem[] {
  const lost = findings.filter(({ id }) => id === 'B16');
  return [
    ...findings
      .filter(({ id }) => id !== 'B16')
      .map(({ id, severity, message, figures }) => ({ ...place, id, severity, message, figures })),
    ...(lost.length === 0
      ? []
      : [
          {
            ...place,
            id: 'B16' as const,
            severity: lost.some(({ severity }) => severity === 'critical')
              ? ('critical' as const)
              : ('fail' as const),
            message: `${typeName(place.type)}: ${lost.length} of ${Object.keys(PROFILES).length} kinds of clients would not get it whole.`,
            details: lost.map(({ message }) => message),
            figures: { clientsLost: lost.length },
          },
        ]),
  ];
}

/** B3 and B11: past what UDP takes with EDNS, plain and signed. */
function wireProblems(
  { message, signed, type }: PlannedAnswer,
  { wireFailBytes }: Limits,
  place: SetPlace,
): PlanProblem[] {
  const over = (id: 'B3' | 'B11', bytes: number, what: string): PlanProblem[] =>
    bytes <= wireFailBytes
      ? []
      : [
          {
            ...place,
            id,
            severity: 'fail',
            message: `${typeName(type)}: ${bytes} octets ${what}, over ${wireFailBytes}: every resolver must ask again over TCP.`,
            figures: { wireBytes: bytes, limitBytes: wireFailBytes },
          },
        ];
  return [
    ...(message && !SIGNING_TYPES.has(type) ? over('B3', floorBytes(message) + OPT_BYTES, 'with EDNS') : []),
    ...(signed ? over('B11', floorBytes(signed) + OPT_BYTES, 'with its signatures') : []),
  ];
}

/** What cannot be said of an answer, or that there would be none. */
function wayProblems({ kind, target, aliases, name, type }: PlannedAnswer, place: SetPlace): PlanProblem[] {
  const said = (severity: PlanProblem['severity'], message: string): PlanProblem[] => [
    { ...place, id: 'A1', severity, message: `${typeName(type)}: ${message}.` },
  ];
  switch (kind) {
    case 'nxdomain':
      return said('fail', `${name} is an alias whose end ${target} is in this zone and does not exist`);
    case 'nodata':
      return aliases.length === 0
        ? []
        : said('info', `${name} is an alias whose end ${target} has no such record`);
    case 'outside':
    case 'referral':
      return said(
        'info',
        `goes on at ${target}, which other servers answer for: only this zone's part is counted`,
      );
    case 'dname':
      return said(
        'info',
        `cannot be planned: a DNAME stands above ${target}, whose answers are made up on the fly`,
      );
    case 'answer':
    // A loop is B13's.
    case 'loop':
      return [];
  }
}

function tooLong(place: SetPlace): PlanProblem {
  return {
    ...place,
    id: 'B3',
    severity: 'critical',
    message: `${typeName(place.type)}: does not fit into a DNS message of ${MESSAGE_BYTES_MAX} octets: nobody can get it whole.`,
  };
}
