import { z } from 'zod';
import type { AttemptResult } from '#core/delivery.ts';
import type { Page } from '#core/page.ts';
import type { ChannelTraits } from '#core/policy.ts';
import { alertmanager } from './alertmanager.ts';
import type { AckAnswer, Channel, ChannelContext, SendContext } from './channel.ts';
import { pagerduty } from './pagerduty.ts';
import { pushover } from './pushover.ts';
import { slack } from './slack.ts';
import { webhook } from './webhook.ts';

/** Every channel. One more is one file and one line here. */
export const CHANNELS = { pagerduty, webhook, slack, pushover, alertmanager } as const;
export type ChannelKind = keyof typeof CHANNELS;

type AnySettings = { [K in ChannelKind]: (typeof CHANNELS)[K]['settings'] }[ChannelKind];
/** Settings of any channel, parsed. */
export type ChannelSettings = z.output<AnySettings>;
/** Settings of any channel as people write them. */
export type ChannelInput = z.input<AnySettings>;

/** One schema for the settings of all channels, told apart by `kind`. */
export const channelSettings: z.ZodType<ChannelSettings, ChannelInput> = unionOfSettings();

/** One attempt to bring a page to a channel. Never rejects; no secret of the channel is in the result. */
export async function sendPage(
  page: Page,
  settings: ChannelSettings,
  context: SendContext,
): Promise<AttemptResult> {
  return channelOf(settings).send(page, settings, context);
}

/** What decisions must know of a channel with these settings. */
export function traitsOf(settings: ChannelSettings): ChannelTraits {
  const { traits } = channelOf(settings);
  return typeof traits === 'function' ? traits(settings) : traits;
}

/** Names of the secrets that sending takes, which may be fewer than the settings name: some are for receiving. */
export function sendingSecrets(settings: ChannelSettings): string[] {
  return channelOf(settings)
    .secrets(settings)
    .map(({ secret }) => secret);
}

/**
 * Asks a channel once whether somebody has acknowledged the page it gave this receipt for. Never rejects. The caller
 * leaves 5 s or more between two questions: providers ask for that (Pushover, “Receipts API”).
 */
export async function pollReceipt(
  settings: ChannelSettings,
  receipt: string,
  context: ChannelContext,
): Promise<AckAnswer> {
  const answer = channelOf(settings).acknowledgement?.(receipt, settings, context);
  return answer ?? { state: 'unknown', error: `channel ${settings.kind} gives no receipts` };
}

function channelOf(settings: ChannelSettings): Channel<ChannelSettings> {
  // The settings' kind chooses the channel that takes them, which the type system cannot follow.
  return CHANNELS[settings.kind] as unknown as Channel<ChannelSettings>;
}

function unionOfSettings(): z.ZodType<ChannelSettings, ChannelInput> {
  const [first, ...rest] = Object.values(CHANNELS).map(
    (channel) => channel.settings as unknown as z.core.$ZodTypeDiscriminable,
  );
  if (!first) throw new Error('there is no channel');
  return z.discriminatedUnion('kind', [first, ...rest]) as unknown as z.ZodType<
    ChannelSettings,
    ChannelInput
  >;
}
