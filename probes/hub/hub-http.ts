import type { z } from 'zod';
import { describeExpected, parseWith } from '#core/problem.ts';
import {
  Ack,
  MESSAGE_BYTES_MAX,
  PollAnswer,
  PROBE_PATHS,
  type BrokeGlass,
  type Hello,
  type Report,
} from '#core/wire.ts';
import { truncate } from '#core/units.ts';
import { retryAfterMs } from './backoff.ts';
import type { HubTimings } from './hub-timings.ts';
import type { Saying } from './saying.ts';
import { errorText } from '../log.ts';

/**
 * What became of a message: answered; refused with the HTTP status it got (on a socket: would have got), `byHub` or by
 * somebody on the way; or lost, when nobody knows whether the hub has it.
 */
export type HubAnswer<T> =
  | { kind: 'ok'; value: T }
  | { kind: 'refused'; byHub: boolean; status: number; error: string; retryAfterMs?: number | undefined }
  | { kind: 'lost'; error: string };

/**
 * Statuses by which a hub says that the message itself is bad. Others of the 4xx are about the way to the hub (a token, a
 * version, a route that a proxy or another release lacks): the message is good, and waits.
 */
export const BAD_MESSAGE: ReadonlySet<number> = new Set([400, 413, 422]);
/** Characters of a refusal's body that are kept: the reason, not a proxy's whole error page. */
const ERROR_CHARS_MAX = 300;

/** The hub's probe API over plain HTTP. Every call ends within its deadline and never rejects. */
export class HubHttp {
  readonly #hubUrl: string;
  readonly #token: string;
  readonly #timings: HubTimings;

  constructor(hubUrl: string, token: string, timings: HubTimings) {
    this.#hubUrl = hubUrl.replace(/\/+$/, '');
    this.#token = token;
    this.#timings = timings;
  }

  report(report: Report): Promise<HubAnswer<Ack>> {
    return this.#postJson(PROBE_PATHS.report, report, Ack);
  }

  brokeGlass(message: BrokeGlass): Promise<HubAnswer<Ack>> {
    return this.#postJson(PROBE_PATHS.brokeGlass, message, Ack);
  }

  poll(hello: Hello, deadlineMs?: number): Promise<HubAnswer<PollAnswer>> {
    return this.#postJson(PROBE_PATHS.poll, hello, PollAnswer, deadlineMs);
  }

  async say(saying: Saying): Promise<string | undefined> {
    const answer = await this.#post(PROBE_PATHS[saying.type], saying);
    return answer.kind === 'ok' ? undefined : answer.error;
  }

  async uploadScreenshot(runId: string, image: Uint8Array): Promise<HubAnswer<undefined>> {
    const path = `${PROBE_PATHS.screenshots}/${encodeURIComponent(runId)}`;
    const answer = await this.#request('PUT', path, imageType(image), image, this.#timings.uploadMs);
    return answer.kind === 'ok' ? { kind: 'ok', value: undefined } : answer;
  }

  async #postJson<T>(
    path: string,
    message: unknown,
    schema: z.ZodType<T>,
    deadlineMs?: number,
  ): Promise<HubAnswer<T>> {
    const answer = await this.#post(path, message, deadlineMs);
    if (answer.kind !== 'ok') return answer;
    const parsed = parseWith(schema, jsonOf(answer.value));
    // A login page of a captive network also answers 200.
    return parsed.ok
      ? { kind: 'ok', value: parsed.value }
      : {
          kind: 'lost',
          error: `${path} answered 200, but not as a hub: ${describeExpected(parsed.problems)}`,
        };
  }

  #post(path: string, message: unknown, deadlineMs = this.#timings.requestMs): Promise<HubAnswer<string>> {
    return this.#request('POST', path, 'application/json', JSON.stringify(message), deadlineMs);
  }

  async #request(
    method: string,
    path: string,
    contentType: string,
    body: BodyInit | Uint8Array,
    deadlineMs: number,
  ): Promise<HubAnswer<string>> {
    try {
      const response = await fetch(`${this.#hubUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': contentType },
        body: body as BodyInit,
        redirect: 'manual',
        signal: AbortSignal.timeout(deadlineMs),
      });
      const text = await readText(response);
      if (response.ok) return { kind: 'ok', value: text };
      const waitMs = retryAfterMs(response.headers.get('retry-after'), Date.now());
      const reason = hubReasonOf(text);
      return {
        kind: 'refused',
        byHub: reason !== undefined,
        status: response.status,
        error: truncate(reason ?? text, ERROR_CHARS_MAX),
        retryAfterMs: waitMs,
      };
    } catch (error) {
      return { kind: 'lost', error: `${method} ${path}: ${errorText(error)}` };
    }
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  if (response.body === null) return text;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MESSAGE_BYTES_MAX) throw new Error(`the answer is over ${MESSAGE_BYTES_MAX} bytes`);
  }
  return text + decoder.decode();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return truncate(text, ERROR_CHARS_MAX);
    throw error;
  }
}

/** The reason a hub gives in `error` of a JSON body; `undefined` when this was not said by a hub. */
function hubReasonOf(text: string): string | undefined {
  const body = jsonOf(text);
  const reason = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  return typeof reason === 'string' ? reason : undefined;
}

/** PNG by its signature (RFC 2083), anything else a runner makes is JPEG. */
function imageType(image: Uint8Array): string {
  return image[0] === 0x89 && image[1] === 0x50 ? 'image/png' : 'image/jpeg';
}
