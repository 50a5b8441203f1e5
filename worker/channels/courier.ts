import type { AttemptResult } from '#core/delivery.ts';
import type { SecretRef } from '#core/secret-ref.ts';
import { truncate } from '#core/units.ts';
import { discard, readBounded } from './bounded-body.ts';
import type { ChannelContext } from './channel.ts';
import { redactSecrets } from './redact-secrets.ts';
import { retryAfterMsOf } from './retry-after.ts';

/** An attempt that was not accepted, and why. */
export type Failure = Extract<AttemptResult, { ok: false }>;

/** One HTTP request, as a channel wants it made: a POST of JSON, or a GET when there is no body. */
export type ChannelRequest = {
  url: string;
  body?: string | undefined;
  headers?: Record<string, string> | undefined;
  /** The status alone is the answer: its body is not waited for. */
  statusOnly?: boolean | undefined;
  /** Bytes of the answer that are read, where more than `ANSWER_BYTES_MAX` is to be expected. */
  answerBytesMax?: number | undefined;
};

/** What came back, without secrets. A `body` of `undefined` could not be read to its end. No `status`: nothing came. */
export type Answer =
  | { ok: true; status: number; body: string | undefined }
  | { ok: false; status?: number | undefined; failure: Failure; body: string | undefined };

/** Makes the requests of one attempt, all of them within its time. */
export type Courier = {
  /** The secret's value, which is then kept out of every answer. Throws naming the secret when it is not set. */
  secret: (ref: SecretRef) => string;
  /** Keeps what is made of a secret, such as a header, out of every answer too. */
  conceal: (text: string) => string;
  /** Never rejects. */
  ask: (request: ChannelRequest) => Promise<Answer>;
};

/** Bytes of a provider's answer that are read: theirs are under 1 KiB, and an endless one must not fill the isolate. */
const ANSWER_BYTES_MAX = 16 * 1024;
/** Characters of a provider's answer quoted in an error: its reason, never a whole page of HTML. */
const QUOTED_CHARS_MAX = 200;

/**
 * Makes an attempt with a courier. What `use` throws is a failure for good: a missing or unusable secret does not mend
 * by retrying. Never rejects.
 */
export async function withCourier<T>(
  context: ChannelContext,
  use: (courier: Courier) => Promise<T>,
): Promise<T | Failure> {
  const used: string[] = [];
  const signal = AbortSignal.timeout(context.attemptTimeoutMs);
  const redact = (text: string): string => redactSecrets(text, used);
  const conceal = (text: string): string => {
    used.push(text);
    return text;
  };
  const ask: Courier['ask'] = async (request) => {
    try {
      return await exchange(request, context, signal, redact);
    } catch (error) {
      // Of whatever was not foreseen it is not known that it will happen again.
      return {
        ok: false,
        failure: { ok: false, verdict: 'retry', error: redact(messageOf(error)) },
        body: '',
      };
    }
  };
  try {
    return await use({ secret: (ref) => conceal(context.secret(ref)), conceal, ask });
  } catch (error) {
    return { ok: false, verdict: 'refused', error: redact(`cannot make the message: ${messageOf(error)}`) };
  }
}

/** A 2xx that was not in the provider's words: another attempt tells, and believing it could lose the page. */
export function notInWordsOf(provider: string, body: string | undefined): Failure {
  const quoted = truncate(body ?? 'the answer broke off', QUOTED_CHARS_MAX);
  return { ok: false, verdict: 'retry', error: `accepted, but not in ${provider}'s words: ${quoted}` };
}

/** The JSON value of an answer; what is none becomes a value that no schema takes. */
export function jsonOf(body: string | undefined): unknown {
  if (body === undefined) return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    return error;
  }
}

async function exchange(
  request: ChannelRequest,
  context: ChannelContext,
  signal: AbortSignal,
  redact: (text: string) => string,
): Promise<Answer> {
  // A method call would hand workerd's fetch a `this` it refuses.
  const { fetch, attemptTimeoutMs } = context;
  const headers = { 'user-agent': 'Latchkey', ...request.headers };
  let response: Response;
  try {
    response = await fetch(request.url, {
      ...(request.body === undefined
        ? { headers }
        : {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...headers },
            body: request.body,
          }),
      redirect: 'manual',
      signal,
    });
  } catch (error) {
    const reason = signal.aborted ? `no answer within ${attemptTimeoutMs} ms` : redact(messageOf(error));
    return { ok: false, failure: { ok: false, verdict: 'retry', error: reason }, body: '' };
  }
  const accepted = response.status >= 200 && response.status < 300;
  if (accepted && request.statusOnly) {
    discard(response.body);
    return { ok: true, status: response.status, body: '' };
  }
  const read = await readBounded(response.body, request.answerBytesMax ?? ANSWER_BYTES_MAX, signal);
  // Before anything is cut: half a secret would not be found.
  const text = redact(read.text);
  const body = read.complete ? text : undefined;
  const { status } = response;
  return accepted
    ? { ok: true, status, body }
    : { ok: false, status, failure: rejection(response, text, context.nowMs), body };
}

/**
 * The failure for a status that is not 2xx. A redirect is retried, never followed: a signed or keyed message does not go
 * to whom somebody in between names, and what redirects for a while may be a login wall.
 */
function rejection(response: Response, body: string, nowMs: number): Failure {
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
    ...(status === 429 ? { limited: true } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message || error.name}${cause}`;
}
