import type { z } from 'zod';
import type { AttemptResult } from '#core/delivery.ts';
import type { Page } from '#core/page.ts';
import type { SecretRef } from '#core/secret-ref.ts';
import type { Channel, SendContext } from './channel.ts';
import { withCourier, type ChannelRequest } from './courier.ts';

type HttpChannel<K extends string, S, Input> = {
  kind: K;
  settings: z.ZodType<S, Input>;
  traits: Channel<S>['traits'];
  secrets(settings: S): SecretRef[];
  /** Renders the page. What it throws refuses the page. */
  request(page: Page, settings: S, context: SendContext): ChannelRequest & { body: string };
  /** What a 2xx with this body means, `undefined` being one that broke off. Absent: the status alone is the acceptance. */
  acceptance?: (body: string | undefined) => AttemptResult;
};

/** A channel that makes one HTTP POST per attempt. Everything but the rendering is the same for all of them. */
export function httpChannel<K extends string, S, Input>(
  channel: HttpChannel<K, S, Input>,
): Channel<S, Input> & { kind: K } {
  const { kind, settings, traits, acceptance } = channel;
  return {
    kind,
    settings,
    traits,
    secrets: (settings) => channel.secrets(settings),
    send: (page, settings, context) =>
      withCourier<AttemptResult>(context, async ({ secret, ask }) => {
        const request = channel.request(page, settings, { ...context, secret });
        const answer = await ask({ ...request, statusOnly: acceptance === undefined });
        if (!answer.ok) return answer.failure;
        return acceptance === undefined ? { ok: true } : acceptance(answer.body);
      }),
  };
}
