import { z } from 'zod';
import type { AttemptResult } from '#core/outbox.ts';
import type { Page } from '#core/page.ts';
import type { SendContext } from './channel.ts';
import { pagerduty } from './pagerduty.ts';
import { slack } from './slack.ts';
import { webhook } from './webhook.ts';

/** Every channel. One more is one file and one line here. */
export const CHANNELS = { pagerduty, webhook, slack } as const;
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
  const channel = CHANNELS[settings.kind];
  // The settings' kind chose the channel, which the type system cannot follow.
  return (
    channel.send as (page: Page, settings: ChannelSettings, context: SendContext) => Promise<AttemptResult>
  )(page, settings, context);
}

function unionOfSettings(): z.ZodType<ChannelSettings, ChannelInput> {
  const [first, ...rest] = Object.values(CHANNELS).map(
    (channel) => channel.settings as z.core.$ZodTypeDiscriminable,
  );
  if (!first) throw new Error('there is no channel');
  return z.discriminatedUnion('kind', [first, ...rest]) as unknown as z.ZodType<
    ChannelSettings,
    ChannelInput
  >;
}
