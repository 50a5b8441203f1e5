import type { Config } from '#core/config.ts';
import type { ChannelTraits } from '#core/policy.ts';
import { parseWith, type Parsed, type Problem } from '#core/problem.ts';
import { channelSettings, sendingSecrets, traitsOf, type ChannelSettings } from '#worker/channels/index.ts';

/** A channel that the probe can page by itself. */
export type GlassChannel = { settings: ChannelSettings; traits: ChannelTraits };
export type GlassChannels = ReadonlyMap<string, GlassChannel>;

/**
 * The channels of `paging.breakGlass`, their settings parsed and their secrets found in the probe's environment; all
 * problems at once, none with a secret's value. Only these channels are looked into: the others are the hub's business.
 */
export function glassChannels(
  { channels, paging }: Pick<Config, 'channels' | 'paging'>,
  env: Readonly<Record<string, string | undefined>>,
): Parsed<GlassChannels> {
  const found = new Map<string, GlassChannel>();
  const problems: Problem[] = [];
  for (const name of paging.breakGlass) {
    const parsed = parseWith(channelSettings, channels[name]);
    if (!parsed.ok) {
      problems.push(...parsed.problems.map((each) => ({ ...each, path: `channels.${name}.${each.path}` })));
      continue;
    }
    const settings = parsed.value;
    for (const secret of new Set(sendingSecrets(settings)))
      if ((env[secret] ?? '') === '')
        problems.push({
          path: secret,
          expected: `an environment variable of the probe, as paging.breakGlass names channel ${name}`,
          received: 'nothing',
        });
    found.set(name, { settings, traits: traitsOf(settings) });
  }
  return problems.length === 0 ? { ok: true, value: found } : { ok: false, problems };
}
