import rawConfig from '#config';
import type { Check, Region } from '#core/config.ts';
import type { DeployPolicy } from '#core/deploy/event.ts';
import { deployPolicy } from '#core/deploy/service/policy.ts';
import { describeProblems } from '#core/problem.ts';
import { networkPolicyOf, type NetworkPolicy } from '#core/network/network.ts';
import { routesOf, type ChannelTraits, type Policy } from '#core/policy.ts';
import { traitsOf } from './channels/index.ts';
import { configHash, parseHubConfig, type HubConfig } from './config.ts';

/**
 * The bundled configuration, parsed once per isolate.
 * @throws at the start of the isolate when it is wrong: a hub that cannot know what to watch must not come up
 */
export const config: HubConfig = parsedConfig();

/** What decisions must know of each channel, by its id. */
export const channelTraits: Record<string, ChannelTraits> = Object.fromEntries(
  Object.entries(config.channels).map(([id, settings]) => [id, traitsOf(settings)]),
);

const checksById = new Map(config.checks.map((check) => [check.id, check]));
const policiesById = new Map<string, Policy>(
  config.checks.map((check) => [check.id, { config, check, routes: routesOf(config, check, channelTraits) }]),
);

/** What decisions about all regions together go by. */
export const networkPolicy: NetworkPolicy = networkPolicyOf(config, channelTraits);

let hash: Promise<string> | undefined;

/** Hash of the bundled configuration; probes report theirs. */
export function hubConfigHash(): Promise<string> {
  hash ??= configHash(rawConfig);
  return hash;
}

/** The check of that id, if the configuration has it. */
export function checkOf(id: string): Check | undefined {
  return checksById.get(id);
}

/** The regions the hub asks from by itself. */
export const workerRegions: readonly Region[] = config.regions.filter(({ worker }) => worker !== undefined);

/** What decisions about the check of that id go by, if the configuration has it. */
export function policyOf(id: string): Policy | undefined {
  return policiesById.get(id);
}

/**
 * What decisions about a service's deploys go by: as the configuration has it, or, when it has not (any more), made of the
 * checks that verify them.
 */
export function deployPolicyOf(service: string, checks: readonly string[]): DeployPolicy {
  return deployPolicy(config, channelTraits, service, checks);
}

function parsedConfig(): HubConfig {
  const parsed = parseHubConfig(rawConfig);
  if (!parsed.ok) throw new Error(`latchkey.config.ts is not valid:\n${describeProblems(parsed.problems)}`);
  return parsed.value;
}
