import { CANARY_DEFAULTS } from '../../canary/settings.ts';
import type { Config } from '../../config.ts';
import type { ChannelTraits, Routes } from '../../policy.ts';
import type { DeployPolicy } from '../event.ts';
import type { Service } from './service.ts';
import { MS_PER_SECOND } from '../../units.ts';

/** Start to start where the configuration does not know the service (`ServiceInput.pairEvery`). */
const PAIR_EVERY_MS = 5 * MS_PER_SECOND;

type DeployConfig = Pick<Config, 'publicUrl' | 'regions' | 'checks' | 'services' | 'paging' | 'platform'>;

/** What decisions about a service go by: as it is configured, or made of the checks that an announcement names. */
export function deployPolicy(
  config: DeployConfig,
  traits: Record<string, ChannelTraits>,
  id: string,
  checks: readonly string[],
): DeployPolicy {
  const service = config.services.find((known) => known.id === id) ?? unconfigured(config, id, checks);
  return { config, service, routes: routesOfService(config, service, traits) };
}

function unconfigured({ checks: all }: DeployConfig, id: string, checks: readonly string[]): Service {
  const own = all.filter((check) => checks.includes(check.id));
  return {
    id,
    title: id,
    owner: own[0]?.owner ?? id,
    checks: [...checks],
    channels: [...new Set(own.flatMap(({ channels }) => channels))],
    canaryHosts: [],
    settings: CANARY_DEFAULTS,
    pairEveryMs: PAIR_EVERY_MS,
    checklist: [],
    freezes: [],
  };
}

/** As a check's: pages to the service's channels, notices to those that wake nobody. */
function routesOfService(
  { paging, platform }: DeployConfig,
  { channels }: Service,
  traits: Record<string, ChannelTraits>,
): Routes {
  const notice = paging.notices ?? channels.filter((channel) => traits[channel]?.wakes === false);
  return {
    page: channels,
    fallback: paging.fallback,
    escalation: paging.escalation,
    notice,
    platform: platform?.channels ?? notice,
    traits,
  };
}
