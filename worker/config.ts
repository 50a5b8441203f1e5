import {
  CONFIG_HASH_CHARS,
  canonicalJson,
  parseConfig,
  type Config,
  type ConfigInput,
} from '#core/config.ts';
import type { Service } from '#core/deploy/service/service.ts';
import { hexText } from '#core/dns/codec/octets.ts';
import type { Parsed, Problem } from '#core/problem.ts';
import type { SecretRef } from '#core/secret-ref.ts';
import { isSafeAddress, SAFE_ADDRESS_EXPECTED } from './channels/address.ts';
import { channelSettings, type ChannelInput, type ChannelSettings } from './channels/index.ts';

/** The configuration as the hub sees it: with its channels parsed. */
export type HubConfig = Config<ChannelSettings>;

type AnyInput = ConfigInput<typeof channelSettings>;
type CheckInput = AnyInput['checks'][string];

/** One kind of check at a time, so that each keeps the settings only it has. */
type WithNames<C, Region extends string, Channel extends string> = C extends unknown
  ? Omit<C, 'regions' | 'channels'> & {
      regions?: NoInfer<Region>[] | undefined;
      channels?: NoInfer<Channel>[] | undefined;
    }
  : never;

/** What `defineConfig` takes: regions and channels named in a check must be those defined beside it. */
export type HubConfigInput<Region extends string, Channel extends string> = Omit<
  AnyInput,
  'regions' | 'channels' | 'checks'
> & {
  regions: Record<Region, AnyInput['regions'][string]>;
  channels: Record<Channel, ChannelInput>;
  checks: Record<string, WithNames<CheckInput, Region, Channel>>;
};

/** The configuration of what is watched, checked by type as it is written. It is parsed where it is used. */
export function defineConfig<const Region extends string, const Channel extends string>(
  config: HubConfigInput<Region, Channel>,
): HubConfigInput<Region, Channel> {
  return config;
}

/** Names a secret of the hub's environment, such as `secret('PAGERDUTY_ROUTING_KEY')`. */
export function secret(name: string): SecretRef {
  return { secret: name };
}

/** Parses a configuration with its channels, all problems at once. */
export function parseHubConfig(input: unknown): Parsed<HubConfig> {
  const parsed = parseConfig(input, channelSettings);
  if (!parsed.ok) return parsed;
  const problems = parsed.value.services.flatMap(unsafeAddresses);
  return problems.length > 0 ? { ok: false, problems } : parsed;
}

/** Addresses that a rollback would not be called at, as a channel's would not: it carries a token, or what it says is trusted. */
function unsafeAddresses({ id, rollback }: Service): Problem[] {
  const [field, address] =
    rollback?.kind === 'webhook'
      ? ['url', rollback.url]
      : rollback?.kind === 'github'
        ? ['apiUrl', rollback.apiUrl]
        : [];
  if (field === undefined || typeof address !== 'string' || isSafeAddress(address)) return [];
  return [
    {
      path: `services.${id}.rollback.${field}`,
      expected: SAFE_ADDRESS_EXPECTED.replace(/^expected /, ''),
      received: JSON.stringify(address),
    },
  ];
}

/** Hash of a configuration as written: hub and probes compare theirs. First 12 hex digits of SHA-256. */
export async function configHash(input: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalJson(input));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return hexText(digest).slice(0, CONFIG_HASH_CHARS);
}
