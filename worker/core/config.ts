import { z } from 'zod';
import { normaliseDns, type DnsSettings } from './checks/dns.ts';
import { CHECK_KINDS, WORKER_KINDS } from './checks/index.ts';
import {
  checksNamed,
  DEPLOY_CHECKS_MAX,
  ServiceInput,
  serviceSettings,
  type Service,
} from './deploy/service/service.ts';
import { parseWith, type Parsed } from './problem.ts';
import { Slug } from './run.ts';
import { duration } from './duration.ts';
import { WindowSettings, WINDOWS_MAX, type MaintenanceWindow } from './maintenance.ts';
import { isNetworkSubject } from './network/network-subject.ts';
import { PagingInput, pagingSettings, type PagingSettings } from './paging-settings.ts';
import { SecretRef } from './secret-ref.ts';

/** Checks in one configuration; the operator's page shows them all. */
export const CHECKS_MAX = 500;
/** Regions; the rules are tabulated for 1–5 (reference: `quorumStreak`). */
export const REGIONS_MAX = 20;
export const CHANNELS_MAX = 20;
/** Services: each has an object of its own. */
export const SERVICES_MAX = 100;

export const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const;

const commonCheck = {
  /** Shown to people; the id when absent. */
  title: z.string().min(1).max(100).optional(),
  /** Start to start, per region. DESIGN section 5: T = 30 s. */
  interval: duration(1_000, 86_400_000).default(30_000),
  /** Hard deadline of a run, below the interval. DESIGN section 5: X = 20 s, never over 23 s for a page in time. */
  timeout: duration(500, 600_000).default(20_000),
  /** Regions that run it, in the order of their phases. All of them when absent. */
  regions: z.array(Slug).min(1).max(REGIONS_MAX).optional(),
  /** Channels that get its pages. All of them when absent. */
  channels: z.array(Slug).min(1).max(CHANNELS_MAX).optional(),
  runbook: z.url().max(2_000).optional(),
  /** Names of what the check hangs on, such as `identity-provider`: checks that share one are paged as one. */
  dependsOn: z.array(Slug).max(20).default([]),
  /** Names that several checks share: a deploy can be verified by all with one of them. */
  tags: z.array(Slug).max(20).default([]),
  owner: z.string().min(1).max(200),
  severity: z.enum(SEVERITIES).default('critical'),
};

const CheckSettings = z.discriminatedUnion('kind', [
  z.strictObject({ ...commonCheck, ...CHECK_KINDS.journey }),
  z.strictObject({ ...commonCheck, ...CHECK_KINDS.dns }),
]);

/** Where Cloudflare can be asked to keep a Durable Object (developers.cloudflare.com/durable-objects/reference/data-location). */
export const LOCATION_HINTS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;
export type LocationHint = (typeof LOCATION_HINTS)[number];

const RegionSettings = z.strictObject({
  title: z.string().min(1).max(100).optional(),
  /** A region without probes: the hub itself asks from a Durable Object there. Runs only checks that need no browser. */
  worker: z
    .strictObject({
      /** Heeded when the object is made, at the region's first use, and never again: elsewhere is a region of another id. */
      locationHint: z.enum(LOCATION_HINTS).optional(),
      /**
       * Questions of one run. A Worker may make 50 requests per invocation on the free plan and 10,000 on the paid one
       * (developers.cloudflare.com/workers/platform/limits); a few are the object's own. Two runs may share an invocation:
       * what is refused then is not measurable.
       */
      questionsMax: z.int().min(5).max(1_000).default(45),
    })
    .optional(),
});

/** A static page elsewhere: not on the target's network, nor of its provider. Its deadline is part of the way to a page. */
const ControlSettings = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  timeout: duration(100, 10_000).default(3_000),
});

const PlatformSettings = z.strictObject({
  owner: z.string().min(1).max(200),
  channels: z.array(Slug).min(1).max(20),
});

/** Watchdogs outside: one and a second one elsewhere (reference: paging, section 0), and room for a change. */
const WATCHDOGS_MAX = 5;
/** `url` may be a secret: whoever knows it can say that all is well. Better Stack takes 30 s and up (reference: paging, 1.2). */
const WatchdogSettings = z.strictObject({
  url: z.union([z.url({ protocol: /^https?$/ }).max(2_000), SecretRef]),
  every: duration(1_000, 3_600_000).default(30_000),
});

/** Channel settings as the probe sees them: not its business. The hub parses each by its channel's own schema. */
const AnyChannel = z.looseObject({ kind: z.string() });

function configSchema<C extends z.ZodType>(channelSettings: C) {
  return z
    .strictObject({
      /** Where people reach the hub: the base of the links in a page. */
      publicUrl: z.url().max(2_000),
      regions: z.record(Slug, RegionSettings),
      checks: z.record(Slug, CheckSettings),
      channels: z.record(Slug, channelSettings),
      paging: PagingInput.prefault({}),
      /** What is deployed: how a deploy is verified, and how it is taken back. */
      services: z.record(Slug, ServiceInput).default({}),
      /** Fetched by a probe whose run has just failed: when this fails too, the trouble is the probe's own way out. */
      control: ControlSettings.optional(),
      maintenance: z.array(WindowSettings).max(WINDOWS_MAX).default([]),
      /** Whoever runs Latchkey itself: told of probes that measure nothing and of channels that are broken. */
      platform: PlatformSettings.optional(),
      /** Pinged only after two live regions have really been evaluated; silence there wakes by another way. */
      watchdogs: z.array(WatchdogSettings).max(WATCHDOGS_MAX).default([]),
    })
    .superRefine((config, context) => {
      const problem = (path: PropertyKey[], message: string, input: unknown) =>
        context.addIssue({ code: 'custom', path, message, input });
      const regions = Object.keys(config.regions);
      const channels = Object.keys(config.channels);
      const checks = Object.entries(config.checks);
      if (regions.length === 0) problem(['regions'], 'expected at least one region', config.regions);
      if (regions.length > REGIONS_MAX)
        problem(['regions'], `expected at most ${REGIONS_MAX} regions`, regions.length);
      // Without a channel nobody is ever woken, and nothing would say so.
      if (channels.length === 0) problem(['channels'], 'expected at least one channel', config.channels);
      if (channels.length > CHANNELS_MAX)
        problem(['channels'], `expected at most ${CHANNELS_MAX} channels`, channels.length);
      if (checks.length > CHECKS_MAX)
        problem(['checks'], `expected at most ${CHECKS_MAX} checks`, checks.length);
      if (config.paging.resolveAfter < config.paging.clearAfter)
        problem(
          ['paging', 'resolveAfter'],
          `expected at least paging.clearAfter (${config.paging.clearAfter} ms)`,
          config.paging.resolveAfter,
        );
      const channelLists = {
        fallback: config.paging.fallback,
        escalation: config.paging.escalation,
        notices: config.paging.notices,
        breakGlass: config.paging.breakGlass,
      };
      for (const [name, list] of Object.entries(channelLists))
        unknownNames(list, channels).forEach(([index, channel]) =>
          problem(['paging', name, index], `expected one of ${channels.join(', ')}`, channel),
        );
      unknownNames(config.platform?.channels, channels).forEach(([index, channel]) =>
        problem(['platform', 'channels', index], `expected one of ${channels.join(', ')}`, channel),
      );
      const checkIds = Object.keys(config.checks);
      config.maintenance.forEach((window, at) =>
        unknownNames(window.checks, checkIds).forEach(([index, name]) =>
          problem(['maintenance', at, 'checks', index], `expected one of ${checkIds.join(', ')}`, name),
        ),
      );
      const services = Object.entries(config.services);
      if (services.length > SERVICES_MAX)
        problem(['services'], `expected at most ${SERVICES_MAX} services`, services.length);
      const journeys = checks.filter(([, { kind }]) => kind === 'journey').map(([id]) => id);
      const tags = [...new Set(checks.flatMap(([, check]) => (check.kind === 'journey' ? check.tags : [])))];
      for (const [id, service] of services) {
        unknownNames(service.checks, journeys).forEach(([index, name]) =>
          problem(
            ['services', id, 'checks', index],
            `expected one of the journeys ${journeys.join(', ')}`,
            name,
          ),
        );
        unknownNames(service.tags, tags).forEach(([index, name]) =>
          problem(
            ['services', id, 'tags', index],
            `expected a tag of a journey: ${tags.join(', ') || '(no journey has one)'}`,
            name,
          ),
        );
        unknownNames(service.channels, channels).forEach(([index, name]) =>
          problem(['services', id, 'channels', index], `expected one of ${channels.join(', ')}`, name),
        );
        const named = checksNamed(
          checks.map(([checkId, check]) => ({ ...check, id: checkId, channels: check.channels ?? channels })),
          service,
        );
        if (named.length > DEPLOY_CHECKS_MAX)
          problem(['services', id, 'tags'], `expected at most ${DEPLOY_CHECKS_MAX} journeys`, named.length);
      }
      const { lateness } = config.paging;
      if (lateness.ceiling < lateness.floor)
        problem(
          ['paging', 'lateness', 'ceiling'],
          `expected at least paging.lateness.floor (${lateness.floor} ms)`,
          lateness.ceiling,
        );
      for (const [id, check] of checks) {
        if (isNetworkSubject(id))
          problem(['checks', id], 'expected another id: pages about the hub itself go by this one', id);
        if (check.timeout >= check.interval)
          problem(
            ['checks', id, 'timeout'],
            `expected less than the interval (${check.interval} ms)`,
            check.timeout,
          );
        const usable = regions.filter((region) => canRun(check.kind, config.regions[region]));
        unknownNames(check.regions, usable).forEach(([index, name]) =>
          problem(
            ['checks', id, 'regions', index],
            config.regions[name]?.worker
              ? `expected a region with probes: a Worker runs no ${check.kind}`
              : `expected one of ${usable.join(', ')}`,
            name,
          ),
        );
        if (regions.length > 0 && usable.length === 0)
          problem(['checks', id], 'expected a region with probes', check.kind);
        unknownNames(check.channels, channels).forEach(([index, name]) =>
          problem(
            ['checks', id, 'channels', index],
            `expected one of ${channels.join(', ') || '(no channels)'}`,
            name,
          ),
        );
      }
    });
}

function unknownNames(names: readonly string[] | undefined, known: readonly string[]): [number, string][] {
  return (names ?? []).flatMap((name, index): [number, string][] => {
    const repeated = (names ?? []).indexOf(name) !== index;
    return known.includes(name) && !repeated ? [] : [[index, name]];
  });
}

type RawConfig<C extends z.ZodType> = z.infer<ReturnType<typeof configSchema<C>>>;

/** Whether a region can run checks of a kind. */
function canRun(kind: keyof typeof CHECK_KINDS, region: { worker?: unknown } | undefined): boolean {
  return region !== undefined && (region.worker === undefined || WORKER_KINDS.includes(kind));
}

/** What every check has, whatever its kind: durations in `…Ms`, regions and channels filled in. */
type CommonCheck = {
  id: string;
  title: string;
  intervalMs: number;
  timeoutMs: number;
  regions: string[];
  channels: string[];
  runbook?: string | undefined;
  dependsOn: string[];
  tags: string[];
  owner: string;
  severity: (typeof SEVERITIES)[number];
};

export type JourneyCheck = CommonCheck & {
  kind: 'journey';
  file: string;
  vars: Record<string, string>;
  secrets: string[];
};
export type DnsCheck = CommonCheck & { kind: 'dns'; dns: DnsSettings };

/** A check as everything past the edge sees it. */
export type Check = JourneyCheck | DnsCheck;
/** The check of one kind. */
export type CheckOf<Kind extends Check['kind']> = Extract<Check, { kind: Kind }>;

/** A region. `worker`: the hub itself asks from there, and it has no probes. */
export type Region = {
  id: string;
  title: string;
  worker?: { locationHint?: LocationHint | undefined; questionsMax: number } | undefined;
};

/** The configuration as everything past the edge sees it. Durations in milliseconds. */
export type Config<Channel = unknown> = {
  publicUrl: string;
  regions: Region[];
  checks: Check[];
  channels: Record<string, Channel>;
  paging: PagingSettings;
  control?: { url: string; timeoutMs: number } | undefined;
  maintenance: MaintenanceWindow[];
  platform?: { owner: string; channels: string[] } | undefined;
  watchdogs: { url: string | SecretRef; everyMs: number }[];
  services: Service[];
};

/** What `defineConfig` takes: the configuration as people write it. */
export type ConfigInput<C extends z.ZodType = typeof AnyChannel> = z.input<
  ReturnType<typeof configSchema<C>>
>;

/**
 * Parses a configuration strictly: unknown keys are errors, and all problems come at once.
 * The hub passes the schema of its channels; a probe leaves it out and does not look into them.
 */
export function parseConfig(input: unknown): Parsed<Config>;
export function parseConfig<C extends z.ZodType>(
  input: unknown,
  channelSettings: C,
): Parsed<Config<z.infer<C>>>;
export function parseConfig(input: unknown, channelSettings: z.ZodType = AnyChannel): Parsed<Config> {
  const parsed = parseWith(configSchema(channelSettings), input);
  return parsed.ok ? { ok: true, value: normalise(parsed.value) } : parsed;
}

function normalise(raw: RawConfig<z.ZodType>): Config {
  const channels = Object.keys(raw.channels);
  const checks = Object.entries(raw.checks).map(([id, check]) => ({
    ...kindOf(check),
    id,
    title: check.title ?? id,
    intervalMs: check.interval,
    timeoutMs: check.timeout,
    regions:
      check.regions ?? Object.keys(raw.regions).filter((region) => canRun(check.kind, raw.regions[region])),
    channels: check.channels ?? channels,
    runbook: check.runbook,
    dependsOn: check.dependsOn,
    tags: check.tags,
    owner: check.owner,
    severity: check.severity,
  }));
  return {
    publicUrl: raw.publicUrl.replace(/\/+$/, ''),
    regions: Object.entries(raw.regions).map(([id, region]) => ({
      id,
      title: region.title ?? id,
      ...(region.worker ? { worker: region.worker } : {}),
    })),
    checks,
    channels: raw.channels,
    paging: pagingSettings(raw.paging),
    ...(raw.control ? { control: { url: raw.control.url, timeoutMs: raw.control.timeout } } : {}),
    maintenance: raw.maintenance.map(({ title, from, until, checks }) => ({
      title,
      fromMs: from,
      untilMs: until,
      ...(checks ? { checks } : {}),
    })),
    ...(raw.platform ? { platform: raw.platform } : {}),
    watchdogs: raw.watchdogs.map(({ url, every }) => ({ url, everyMs: every })),
    services: Object.entries(raw.services).map(([id, service]) => serviceSettings(id, service, checks)),
  };
}

type RawCheck = RawConfig<z.ZodType>['checks'][string];

/** What only a check's kind has, in its form past the edge. */
function kindOf(raw: RawCheck) {
  switch (raw.kind) {
    case 'journey':
      return { kind: raw.kind, file: raw.file, vars: raw.vars, secrets: raw.secrets };
    case 'dns':
      return { kind: raw.kind, dns: normaliseDns(raw) };
  }
}

/** Hexadecimal digits of a configuration's hash: enough to tell configurations apart, short enough to read aloud. */
export const CONFIG_HASH_CHARS = 12;

/** JSON with sorted keys: equal configurations give equal text, whatever the order they were written in. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}
