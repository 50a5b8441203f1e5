import { canonicalName, isSubdomain, sameName, type Name } from '../codec/name.ts';
import { RR_TYPES, typeName } from '../codec/registry.ts';
import { lookUp } from './lookup.ts';
import type { ZonePlace, ZoneRecord } from './master-file.ts';
import { ancestors, cutAbove, recordsAt, type Zone } from './zone.ts';

/** What every zone must hold to, whatever its sizes; `zone-text` is for lines that cannot be read. */
export const ZONE_RULES = {
  'zone-text': 'zone file',
  'zone-apex': 'SOA and NS records of the zone',
  'zone-owner': 'owner outside the zone',
  'zone-load': 'set that servers refuse the zone for',
  'zone-cname': 'CNAME beside other data',
  'zone-ttl': 'TTLs within a set',
  'zone-repeated': 'repeated record',
  'zone-occluded': 'record below a delegation',
  'zone-glue': 'name server without an address',
  'zone-target': 'target that is an alias or has no address',
} as const;
export type ZoneRule = keyof typeof ZONE_RULES;

/** A breach of a rule, where it stands. */
export type ZoneBreach = ZonePlace & {
  rule: ZoneRule;
  severity: 'critical' | 'fail' | 'warn';
  name: Name;
  message: string;
};

/** What may stand beside a CNAME (RFC 4034 section 2.5, RFC 4035 section 2.5). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([RR_TYPES.CNAME, RR_TYPES.RRSIG, RR_TYPES.NSEC]);
/** What the parent has at a delegation. */
const AT_CUT: ReadonlySet<number> = new Set([RR_TYPES.NS, RR_TYPES.DS, RR_TYPES.RRSIG, RR_TYPES.NSEC]);
const ADDRESSES = [RR_TYPES.A, RR_TYPES.AAAA];
/** `max-records-per-type` of BIND since 9.18.28; `named-checkzone` does not tell (reference: dns, section 0.4). */
const BIND_SET_RECORDS_MAX = 100;
/** Signatures of one owner cover several sets, each with its TTL. */
const WITHOUT_ONE_TTL: ReadonlySet<number> = new Set([RR_TYPES.RRSIG]);

/** Every breach of the rules that servers refuse a zone for, or that resolvers stumble over. */
export function zoneBreaches(zone: Zone): ZoneBreach[] {
  return [
    ...apexBreaches(zone),
    ...zone.outside.map((record) =>
      breach(
        'zone-owner',
        'fail',
        record,
        `${record.name} is not in the zone ${zone.apex}: servers ignore it`,
      ),
    ),
    ...zone.repeated.map((record) =>
      breach(
        'zone-repeated',
        'warn',
        record,
        `the same ${typeName(record.type)} record stands above already`,
      ),
    ),
    ...[...zone.nodes.values()].flatMap((node) => {
      const sets = [...node.values()];
      return [
        ...aliasBreaches(sets),
        ...sets.flatMap(ttlBreaches),
        ...sets.flatMap(loadBreaches),
        ...cutBreaches(zone, sets),
      ];
    }),
    ...[...zone.nodes.values()].flatMap((node) =>
      [...node.values()].flat().flatMap((record) => targetBreaches(zone, record)),
    ),
  ];
}

/** RFC 1035 section 5.2: exactly one SOA, at the top; RFC 1034 section 4.2.1: NS beside it. */
function apexBreaches(zone: Zone): ZoneBreach[] {
  const soas = [...zone.nodes.values()].flatMap((node) => node.get(RR_TYPES.SOA) ?? []);
  const [first, ...more] = soas;
  const anywhere = first ?? [...zone.nodes.values()][0]?.values().next().value?.[0] ?? zone.outside[0];
  if (!anywhere) return [];
  return [
    ...(first
      ? []
      : [
          breach(
            'zone-apex',
            'fail',
            anywhere,
            `the zone ${zone.apex} has no SOA record: no server loads it`,
          ),
        ]),
    ...more.map((record) =>
      breach('zone-apex', 'fail', record, 'a second SOA record: a zone has one, at its top'),
    ),
    ...(first && recordsAt(zone, zone.apex, RR_TYPES.NS).length === 0
      ? [breach('zone-apex', 'fail', first, `the zone ${zone.apex} has no NS records: no server loads it`)]
      : []),
  ];
}

/** RFC 1034 section 3.6.2, RFC 2181 section 10.1. */
function aliasBreaches(sets: readonly (readonly ZoneRecord[])[]): ZoneBreach[] {
  const aliases = sets.flat().filter(({ type }) => type === RR_TYPES.CNAME);
  const [first, second] = aliases;
  if (!first) return [];
  const others = [...new Set(sets.flat().map(({ type }) => type))].filter((type) => !BESIDE_CNAME.has(type));
  return [
    ...(others.length === 0
      ? []
      : [
          breach(
            'zone-cname',
            'fail',
            first,
            `${first.name} has a CNAME record and also ${others.map(typeName).join(', ')}: an alias has nothing else, and servers refuse the zone`,
          ),
        ]),
    ...(second
      ? [
          breach(
            'zone-cname',
            'fail',
            second,
            `${second.name} has ${aliases.length} CNAME records: an alias has one target`,
          ),
        ]
      : []),
  ];
}

/** RFC 2181 section 5.2. */
function ttlBreaches(set: readonly ZoneRecord[]): ZoneBreach[] {
  const [first, ...rest] = set;
  const odd = rest.find(({ ttlS }) => ttlS !== first?.ttlS);
  if (!first || !odd || WITHOUT_ONE_TTL.has(first.type)) return [];
  const ttls = [...new Set(set.map(({ ttlS }) => ttlS))].join(', ');
  return [
    breach(
      'zone-ttl',
      'warn',
      odd,
      `${odd.name} ${typeName(odd.type)}: TTLs of ${ttls} s in one set: resolvers take one of them for all`,
    ),
  ];
}

function loadBreaches(set: readonly ZoneRecord[]): ZoneBreach[] {
  const [first] = set;
  if (!first || set.length <= BIND_SET_RECORDS_MAX || WITHOUT_ONE_TTL.has(first.type)) return [];
  return [
    breach(
      'zone-load',
      'critical',
      first,
      `${first.name} has ${set.length} ${typeName(first.type)} records: BIND refuses to load the whole zone for a set of more than ${BIND_SET_RECORDS_MAX}, although named-checkzone says OK`,
    ),
  ];
}

/** Below a delegation only addresses of name servers are looked at. */
function cutBreaches(zone: Zone, sets: readonly (readonly ZoneRecord[])[]): ZoneBreach[] {
  const [first] = sets.flat();
  if (!first || sameName(first.name, zone.apex)) return [];
  const cut = cutAbove(zone, first.name);
  if (cut === undefined) return [];
  const isCut = sameName(cut, first.name);
  return sets.flatMap(([record]) => {
    if (!record || (isCut && AT_CUT.has(record.type)) || ADDRESSES.some((type) => type === record.type))
      return [];
    return [
      breach(
        'zone-occluded',
        'warn',
        record,
        `${record.name} ${typeName(record.type)} is never answered: ${cut} is given away to other servers`,
      ),
    ];
  });
}

/** RFC 2181 section 10.3 for NS and MX, RFC 2782 for SRV. */
function targetBreaches(zone: Zone, record: ZoneRecord): ZoneBreach[] {
  const target = targetOf(record);
  if (target === undefined || target === '.' || !isSubdomain(target, zone.apex)) return [];
  const { rdata } = record;
  const isServer = rdata.kind === 'NS';
  const severity = isServer ? 'fail' : 'warn';
  const cut = cutAbove(zone, target);
  if (cut !== undefined) {
    // Its own servers know the address; the parent must have it when the servers are below the very cut they serve.
    const needsGlue = isServer && ancestors(zone, target).includes(canonicalName(record.name));
    if (!needsGlue || hasAddress(zone, target)) return [];
    const message = `the name server ${target} of ${record.name} has no A or AAAA record here: nobody can find it`;
    return [breach('zone-glue', 'fail', record, message)];
  }
  const found = ADDRESSES.map((type) => lookUp(zone, target, type));
  if (found.some(({ kind }) => kind === 'dname')) return [];
  if (found.some(({ aliases }) => aliases.length > 0))
    return [
      breach(
        'zone-target',
        severity,
        record,
        `the ${rdata.kind} record of ${record.name} points to ${target}, which is an alias: it must be a name with addresses`,
      ),
    ];
  if (found.some(({ kind }) => kind === 'answer')) return [];
  return [
    isServer
      ? breach(
          'zone-glue',
          'fail',
          record,
          `the name server ${target} of ${record.name} has no A or AAAA record`,
        )
      : breach(
          'zone-target',
          'warn',
          record,
          `the ${rdata.kind} record of ${record.name} points to ${target}, which has no address`,
        ),
  ];
}

function targetOf({ rdata }: ZoneRecord): Name | undefined {
  switch (rdata.kind) {
    case 'NS':
    case 'SRV':
      return rdata.target;
    case 'MX':
      return rdata.exchange;
    default:
      return undefined;
  }
}

function hasAddress(zone: Zone, name: Name): boolean {
  return ADDRESSES.some((type) => recordsAt(zone, name, type).length > 0);
}

function breach(
  rule: ZoneRule,
  severity: ZoneBreach['severity'],
  { file, line, name }: ZoneRecord,
  message: string,
): ZoneBreach {
  return { rule, severity, file, line, name, message };
}
