import type { z } from 'zod';
import type { AttemptResult } from '#core/delivery.ts';
import type { Page } from '#core/page.ts';
import type { ChannelTraits } from '#core/policy.ts';
import type { SecretRef } from '#core/secret-ref.ts';

/** What a channel needs of its surroundings for one attempt or one question. Times in epoch milliseconds. */
export type ChannelContext = {
  fetch: typeof fetch;
  /** The secret's value; throws naming the secret when it is not set. */
  secret(ref: SecretRef): string;
  nowMs: number;
  /** The whole attempt, reading the answers included, ends within this. */
  attemptTimeoutMs: number;
};

export type SendContext = ChannelContext & {
  /** The same for every attempt of one delivery. */
  deliveryId: string;
  /** What the channel gave for the trigger that this message follows, if it gave something. */
  receipt?: string | undefined;
};

/** What a provider says of a page's receipt. `unknown`: it could not be asked, or did not answer in its words. */
export type AckAnswer =
  | { state: 'waiting' }
  | { state: 'acknowledged'; by: string; atMs: number }
  /** It has stopped waking; nobody has acknowledged. */
  | { state: 'expired' }
  | { state: 'unknown'; error: string };

/** A place pages go to. */
export type Channel<S, Input = unknown> = {
  kind: string;
  settings: z.ZodType<S, Input>;
  traits: ChannelTraits | ((settings: S) => ChannelTraits);
  /** The secrets that sending and asking take: whoever sends must have them. */
  secrets(settings: S): SecretRef[];
  /** Makes one attempt. Never rejects; no secret of the channel is in the result. */
  send(page: Page, settings: S, context: SendContext): Promise<AttemptResult>;
  /** Asks once whether somebody has acknowledged. Ends within the attempt's time, never rejects. */
  acknowledgement?(receipt: string, settings: S, context: ChannelContext): Promise<AckAnswer>;
};
