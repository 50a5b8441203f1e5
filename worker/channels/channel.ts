import type { z } from 'zod';
import type { SecretRef } from '#core/secret-ref.ts';
import type { AttemptResult } from '#core/outbox.ts';
import type { Page } from '#core/page.ts';
import { truncate } from '#core/units.ts';
import { discard, readBounded } from './bounded-body.ts';
import { redactSecrets } from './redact-secrets.ts';
import { retryAfterMsOf } from './retry-after.ts';

/** What a channel needs of its surroundings for one attempt. Times in epoch milliseconds. */
export type SendContext = {
  fetch: typeof fetch;
  /** The secret's value; throws naming the secret when it is not set. */
  secret(ref: SecretRef): string;
  nowMs: number;
  /** The whole attempt, reading the answer included, ends within this. */
  attemptTimeoutMs: number;
  /** The same for every attempt of one delivery. */
  deliveryId: string;
};

/** A place pages go to. `send` makes one attempt and never rejects. */
export type Channel<S, Input = unknown> = {
  kind: string;
  settings: z.ZodType<S, Input>;
  send(page: Page, settings: S, context: SendContext): Promise<AttemptResult>;
};

/** One POST of JSON, as a channel wants it made. */
type ChannelRequest = { url: string; body: string; headers?: Record<string, string> };

/** What a 2xx with this body means; `undefined` is a body that could not be read to its end. */
type Acceptance = (body: string | undefined) => AttemptResult;

/** Takes the secrets of the attempt out of a text. */
type Redact = (text: string) => string;

type HttpChannel<K extends string, S, Input> = {
  kind: K;
  settings: z.ZodType<S, Input>;
  /** Renders the page. What it throws refuses the page: a missing or unusable secret does not mend by retrying. */
  request(page: Page, settings: S, context: SendContext): ChannelRequest;
  /** Absent: the status alone is the acceptance, and the body is not waited for. */
  acceptance?: Acceptance;
};

/** Bytes of a provider's answer that are read: theirs are under 1 KiB, and an endless one must not fill the isolate. */
const ANSWER_BYTES_MAX = 16 * 1024;
/** Characters of a provider's answer quoted in an error: its reason, never a whole page of HTML. */
const QUOTED_CHARS_MAX = 200;

/** A channel that makes one HTTP POST per attempt. Everything but the rendering is the same for all of them. */
export function httpChannel<K extends string, S, Input>(
  channel: HttpChannel<K, S, Input>,
): Channel<S, Input> & { kind: K } {
  return {
    kind: channel.kind,
    settings: channel.settings,
    send: (page, settings, context) => attempt(channel, page, settings, context),
  };
}

async function attempt<K extends string, S, Input>(
  channel: HttpChannel<K, S, Input>,
  page: Page,
  settings: S,
  context: SendContext,
): Promise<AttemptResult> {
  const used: string[] = [];
  const secret: SendContext['secret'] = (ref) => {
    const value = context.secret(ref);
    used.push(value);
    return value;
  };
  const redact: Redact = (text) => redactSecrets(text, used);
  let request: ChannelRequest;
  try {
    request = channel.request(page, settings, { ...context, secret });
  } catch (error) {
    return { ok: false, verdict: 'refused', error: redact(`cannot make the message: ${messageOf(error)}`) };
  }
  try {
    return await post(request, channel.acceptance, context, redact);
  } catch (error) {
    // Of whatever was not foreseen it is not known that it will happen again.
    return { ok: false, verdict: 'retry', error: redact(messageOf(error)) };
  }
}

async function post(
  request: ChannelRequest,
  acceptance: Acceptance | undefined,
  context: SendContext,
  redact: Redact,
): Promise<AttemptResult> {
  // A method call would hand workerd's fetch a `this` it refuses.
  const { fetch, attemptTimeoutMs } = context;
  const signal = AbortSignal.timeout(attemptTimeoutMs);
  let response: Response;
  try {
    response = await fetch(request.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Latchkey', ...request.headers },
      body: request.body,
      redirect: 'manual',
      signal,
    });
  } catch (error) {
    const reason = signal.aborted ? `no answer within ${attemptTimeoutMs} ms` : redact(messageOf(error));
    return { ok: false, verdict: 'retry', error: reason };
  }
  const accepted = response.status >= 200 && response.status < 300;
  if (accepted && !acceptance) {
    discard(response.body);
    return { ok: true };
  }
  const body = await readBounded(response.body, ANSWER_BYTES_MAX, signal);
  // Before anything is cut: half a secret would not be found.
  const text = redact(body.text);
  return accepted && acceptance
    ? acceptance(body.complete ? text : undefined)
    : rejection(response, text, context.nowMs);
}

/**
 * The result for a status that is not 2xx. A redirect is retried, never followed: a signed or keyed message does not go
 * to whom somebody in between names, and what redirects for a while may be a login wall.
 */
function rejection(response: Response, body: string, nowMs: number): AttemptResult {
  const { status } = response;
  const quoted = truncate(body.replaceAll(/\s+/g, ' ').trim(), QUOTED_CHARS_MAX);
  const error = `http ${status}${quoted === '' ? '' : `: ${quoted}`}`;
  const passing = status === 408 || status === 425 || status === 429;
  if (status >= 400 && status < 500 && !passing) return { ok: false, verdict: 'refused', error };
  const retryAfterMs = retryAfterMsOf(response.headers.get('retry-after'), nowMs);
  return {
    ok: false,
    verdict: 'retry',
    error: status >= 300 && status < 400 ? `http ${status}: redirects are not followed` : error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message || error.name}${cause}`;
}
