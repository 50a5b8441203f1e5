import { z } from 'zod';
import { describeProblems, parseWith } from '#core/problem.ts';
import { channelSettings } from '#worker/channels/index.ts';
import { ConfigFileError, loadConfigFile, type LoadedConfig } from '../config-file.ts';

const Channels = z.object({ channels: z.record(z.string(), channelSettings) });

/**
 * Loads what a hub watches, its channels checked as the hub will. A probe does not look into them.
 * Rejects with `ConfigFileError`.
 */
export async function loadHubConfig(file: string): Promise<LoadedConfig> {
  const loaded = await loadConfigFile(file);
  const parsed = parseWith(Channels, { channels: loaded.config.channels });
  if (!parsed.ok) throw new ConfigFileError(`${file}:\n${describeProblems(parsed.problems)}`);
  return loaded;
}
