import { z } from 'zod';
import { parseServer, type Server } from '../dns/asking/server.ts';
import { ProfileSettings, type Profile } from '../dns/clients/profile.ts';
import { RR_TYPES, typeNumber, type RrTypeName } from '../dns/codec/registry.ts';
import { LimitSettings, type Limits } from '../dns/measure/limits.ts';
import { duration } from '../duration.ts';
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE } from '../units.ts';

/** Parts of a check that can be left out; the order is the order they are told in. */
export const ASPECT_NAMES = [
  'resolvability',
  'size',
  'tcp',
  'edns',
  'profiles',
  'content',
  'delegation',
  'dnssec',
  'freshness',
  'encrypted',
] as const;
export type AspectName = (typeof ASPECT_NAMES)[number];

/**
 * Servers one check asks. Each of the zone's costs 28 questions a run, about one a second at the usual interval, and three more
 * for every further type; the first resolver as many as half of them, the others ten. With many types, ask less often.
 */
const SERVERS_MAX = 20;
const NAMES_MAX = 20;

const hostName = z
  .string()
  .max(254)
  .regex(
    /^(?:(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i,
    'expected a domain name such as portal.example.com',
  )
  .transform((name) => name.toLowerCase().replace(/\.$/, ''));

const rrType = z.string().transform((text, context): RrTypeName => {
  const upper = text.toUpperCase();
  if (upper in RR_TYPES && upper !== 'OPT') return upper as RrTypeName;
  context.addIssue({
    code: 'custom',
    message: `expected a record type such as ${['A', 'AAAA', 'TXT', 'HTTPS'].join(', ')}`,
    input: text,
  });
  return z.NEVER;
});

const server = z
  .string()
  .max(500)
  .transform((text, context): Server => {
    const parsed = parseServer(text);
    if (parsed) return parsed;
    context.addIssue({
      code: 'custom',
      message:
        'expected a server such as dns://192.0.2.53, tls://192.0.2.53?name=dns.example or https://dns.example/dns-query',
      input: text,
    });
    return z.NEVER;
  });

/** What a record set must be. Order and case never matter. */
const ExpectSettings = z.strictObject({
  /** These and no others. */
  exact: z.array(z.string().max(1_000)).max(500).optional(),
  /** At least these. */
  contains: z.array(z.string().max(1_000)).max(500).optional(),
  /** None but these. */
  only: z.array(z.string().max(1_000)).max(500).optional(),
  min: z.int().min(0).optional(),
  max: z.int().min(0).optional(),
});
export type Expectation = z.infer<typeof ExpectSettings>;

/** Settings of a DNS check beside those every check has. */
export const dnsSettings = {
  kind: z.literal('dns'),
  /** The name that is asked for. */
  name: hostName,
  /** Must be answered. */
  types: z.array(rrType).min(1).max(10).default(['A']),
  /** Must be answered or be said not to exist; never an error. */
  optionalTypes: z.array(rrType).max(10).default([]),
  /** The zone the name is in; found by its SOA when absent. */
  zone: hostName.optional(),
  /** The zone's own servers; found by the delegation when absent. Sizes and consistency are asked of these. */
  authorities: z.array(server).max(SERVERS_MAX).optional(),
  /** Servers that resolve for people; what clients see is asked of these. */
  resolvers: z.array(server).max(SERVERS_MAX).default([]),
  /** Where a delegation walk begins, instead of at the root servers. */
  roots: z.array(server).max(SERVERS_MAX).optional(),
  /** What is looked at; everything when absent. */
  aspects: z.array(z.enum(ASPECT_NAMES)).min(1).optional(),
  expect: z
    .partialRecord(z.enum(Object.keys(RR_TYPES) as [RrTypeName, ...RrTypeName[]]), ExpectSettings)
    .default({}),
  limits: LimitSettings.prefault({}),
  /** The answer is a changing part of a pool. */
  rotation: z
    .strictObject({
      /** Addresses in the pool. */
      addresses: z.int().min(1).max(10_000),
      /** Over which the pool must be seen whole. */
      window: duration(MS_PER_MINUTE, 30 * MS_PER_DAY).default(MS_PER_HOUR),
    })
    .optional(),
  /** Addresses customers were promised, in a published file. */
  allowList: z
    .strictObject({
      /** Where the file is published; all of them must say the same. */
      urls: z
        .array(z.url({ protocol: /^https?$/ }).max(2_000))
        .min(1)
        .max(4),
      /** Only the file's ranges of this service. */
      service: z.string().max(100).optional(),
      /** How long before its use a range must have been in the file. */
      notice: duration(0, 366 * MS_PER_DAY).default(14 * MS_PER_DAY),
      /** How long before its removal from the file a range must not be in use any more. */
      removeNotice: duration(0, 366 * MS_PER_DAY).default(0),
    })
    .optional(),
  /** Each address must take connections on this port, with a certificate for `serverName`. */
  service: z.strictObject({ port: z.int().min(1).max(65_535), serverName: hostName.optional() }).optional(),
  /** Client profiles beside those that come with Latchkey, or instead of one of the same id. */
  profiles: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), ProfileSettings).default({}),
  /** Ids of profiles that do not matter here. */
  profilesOff: z.array(z.string().max(64)).max(50).default([]),
  /** `required`: the zone must be signed. `when-signed`: what is signed must hold. */
  dnssec: z.enum(['required', 'when-signed']).default('when-signed'),
  /** Other names whose TXT sizes matter: `_dmarc.example.com`. */
  txtNames: z.array(hostName).max(NAMES_MAX).default([]),
  /** Answers that differ by region are meant. */
  differsByRegion: z.boolean().default(false),
  /** Names are made in the zone as people sign up: a long negative TTL hurts. */
  dynamicNames: z.boolean().default(false),
  /** A name that must resolve somewhere else: when it does not, the trouble is our own way out. */
  controlName: z.strictObject({ server, name: hostName }).optional(),
  /** Between two questions to one server: rate limits answer bursts with TC or silence. */
  pace: duration(0, 10_000).default(50),
  /** One question's deadline; over UDP the last of three tries ends with it. */
  exchangeTimeout: duration(100, 10_000).default(3_000),
};

/** A DNS check's settings as everything past the edge sees them. Durations in milliseconds, types by number. */
export type DnsSettings = {
  name: string;
  types: number[];
  optionalTypes: number[];
  zone?: string | undefined;
  authorities?: Server[] | undefined;
  resolvers: Server[];
  roots?: Server[] | undefined;
  aspects: AspectName[];
  /** By type number. */
  expect: ReadonlyMap<number, Expectation>;
  limits: Limits;
  rotation?: { addresses: number; windowMs: number } | undefined;
  allowList?:
    | { urls: string[]; service?: string | undefined; noticeMs: number; removeNoticeMs: number }
    | undefined;
  service?: { port: number; serverName?: string | undefined } | undefined;
  profiles: Record<string, Profile>;
  profilesOff: string[];
  dnssec: 'required' | 'when-signed';
  txtNames: string[];
  differsByRegion: boolean;
  dynamicNames: boolean;
  controlName?: { server: Server; name: string } | undefined;
  paceMs: number;
  exchangeTimeoutMs: number;
};

const DnsInput = z.strictObject(dnsSettings);
export type DnsInput = z.input<typeof DnsInput>;

/** The settings in their form past the edge. */
export function normaliseDns(raw: z.infer<typeof DnsInput>): DnsSettings {
  const number = (name: string): number => typeNumber(name) ?? 0;
  const { allowList, rotation } = raw;
  return {
    name: raw.name,
    types: raw.types.map(number),
    optionalTypes: raw.optionalTypes.map(number).filter((type) => !raw.types.map(number).includes(type)),
    zone: raw.zone,
    authorities: raw.authorities,
    resolvers: raw.resolvers,
    roots: raw.roots,
    aspects: raw.aspects ?? [...ASPECT_NAMES],
    expect: new Map(Object.entries(raw.expect).map(([name, expected]) => [number(name), expected])),
    limits: raw.limits,
    rotation: rotation && { addresses: rotation.addresses, windowMs: rotation.window },
    allowList: allowList && {
      urls: allowList.urls,
      service: allowList.service,
      noticeMs: allowList.notice,
      removeNoticeMs: allowList.removeNotice,
    },
    service: raw.service,
    profiles: raw.profiles,
    profilesOff: raw.profilesOff,
    dnssec: raw.dnssec,
    txtNames: raw.txtNames,
    differsByRegion: raw.differsByRegion,
    dynamicNames: raw.dynamicNames,
    controlName: raw.controlName,
    paceMs: raw.pace,
    exchangeTimeoutMs: raw.exchangeTimeout,
  };
}

/** The settings of a question asked by hand, with the defaults of a check. @throws ZodError when they are not valid */
export function dnsSettingsOf(input: Omit<DnsInput, 'kind'>): DnsSettings {
  return normaliseDns(DnsInput.parse({ ...input, kind: 'dns' }));
}
