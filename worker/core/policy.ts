import type { Check, Config } from './config.ts';

/** What decisions must know of a channel. */
export type ChannelTraits = {
  /** A page there reaches a person who sleeps. Chat does not. */
  wakes: boolean;
  /** A page there is forgotten by its provider unless it is sent again this often, milliseconds. */
  refreshMs?: number | undefined;
  /** It can be told that somebody has acknowledged. */
  acknowledges: boolean;
  /** It shows deploys beside incidents, and wakes nobody by them. */
  changes?: boolean | undefined;
};

/** Which channels of a check get what. */
export type Routes = {
  page: string[];
  fallback: string[];
  escalation: string[];
  notice: string[];
  /** Whoever runs Latchkey itself. */
  platform: string[];
  traits: Record<string, ChannelTraits>;
};

/** Nobody gets anything. */
export const NO_ROUTES: Routes = {
  page: [],
  fallback: [],
  escalation: [],
  notice: [],
  platform: [],
  traits: {},
};

/** Everything the decisions about one check must know of the configuration. */
export type Policy = {
  config: Pick<Config, 'publicUrl' | 'regions' | 'paging' | 'maintenance'>;
  check: Check;
  routes: Routes;
};

/** The routes of a check. Notices go where nobody is woken; the platform's go to its owner, or with the notices. */
export function routesOf(
  config: Pick<Config, 'paging' | 'platform'>,
  check: Pick<Check, 'channels'>,
  traits: Record<string, ChannelTraits>,
): Routes {
  const { fallback, escalation, notices } = config.paging;
  const notice = notices ?? check.channels.filter((channel) => traits[channel]?.wakes === false);
  return {
    page: check.channels,
    fallback,
    escalation,
    notice,
    platform: config.platform?.channels ?? notice,
    traits,
  };
}

/** What an outbox goes by. */
export function outboxPolicyOf({ routes, config }: Policy): { routes: Routes; escalateAfterMs: number } {
  return { routes, escalateAfterMs: config.paging.escalateAfterMs };
}

/** What decides which channels get what, and when. */
export type OutboxPolicy = { routes: Routes; escalateAfterMs: number };
