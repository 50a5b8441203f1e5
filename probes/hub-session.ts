import { z } from 'zod';
import { SIGN_IN_PATH } from '#core/operator-path.ts';
import { describeProblems } from '#core/problem.ts';
import { errorText } from './log.ts';

/** The hub answers in milliseconds; behind a tunnel, and while an object is being moved, it takes seconds. */
const REQUEST_TIMEOUT_MS = 15_000;
/** Bytes of an answer that are looked at. */
const ANSWER_CHARS_MAX = 64 * 1024;

/** The hub's own words of what is wrong, where it has any. */
const Refusal = z.object({
  error: z.string(),
  problems: z.array(z.object({ path: z.string(), expected: z.string(), received: z.string() })).optional(),
});

/** The hub cannot be reached, or has refused; the message is for people and holds no token. */
export class HubSessionError extends Error {
  override readonly name = 'HubSessionError';
  /** HTTP status of the refusal; absent when there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/**
 * An operator who is signed in at a hub, as a person is in a browser: the token alone may only read. The session is
 * forgotten with this object; the hub keeps none.
 */
export class HubSession {
  readonly #hub: URL;
  readonly #cookie: string;

  private constructor(hub: URL, cookie: string) {
    this.#hub = hub;
    this.#cookie = cookie;
  }

  /** Signs in. @throws HubSessionError when the hub does not answer, or the token is not the operator's */
  static async signIn(hub: URL, operatorToken: string): Promise<HubSession> {
    const answer = await ask(hub, SIGN_IN_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token: operatorToken }).toString(),
    });
    const cookie = answer.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
    if (answer.status === 401) throw new HubSessionError('OPERATOR_TOKEN is not the operator’s token', 401);
    if (answer.status === 429)
      throw new HubSessionError('too many failed attempts to sign in; try again in a minute', 429);
    if (answer.status !== 303 || cookie.length === 0)
      throw new HubSessionError(await reasonIn(answer, `${hub.origin} did not sign in`), answer.status);
    await answer.body?.cancel();
    return new HubSession(hub, cookie.join('; '));
  }

  /** What the hub answers to a GET. @throws HubSessionError */
  get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.#json(path, { method: 'GET' }, schema);
  }

  /** What the hub answers to a POST of JSON. @throws HubSessionError */
  post<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.#json(path, { method: 'POST', headers, body: JSON.stringify(body) }, schema);
  }

  async #json<T>(path: string, init: AskInit, schema: z.ZodType<T>): Promise<T> {
    const headers = { ...init.headers, cookie: this.#cookie };
    const answer = await ask(this.#hub, path, { ...init, headers });
    if (!answer.ok) throw new HubSessionError(await reasonIn(answer, 'the hub has refused'), answer.status);
    const parsed = schema.safeParse(parseJson(await textOf(answer)));
    if (!parsed.success) throw new HubSessionError(`${path}: the hub's answer is of another shape`);
    return parsed.data;
  }
}

type AskInit = { method: string; headers?: Record<string, string>; body?: string };

async function ask(hub: URL, path: string, init: AskInit): Promise<Response> {
  try {
    return await fetch(new URL(path, hub), {
      ...init,
      redirect: 'manual',
      // What changes something must come from the hub's own pages, or say so as we do.
      headers: { ...init.headers, origin: hub.origin },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (error) {
    throw new HubSessionError(`${hub.origin} cannot be reached: ${errorText(error)}`);
  }
}

async function reasonIn(answer: Response, otherwise: string): Promise<string> {
  const refusal = Refusal.safeParse(parseJson(await textOf(answer))).data;
  if (!refusal) return `${otherwise} (${answer.status})`;
  return refusal.problems ? `${refusal.error}: ${describeProblems(refusal.problems)}` : refusal.error;
}

async function textOf(answer: Response): Promise<string> {
  try {
    return (await answer.text()).slice(0, ANSWER_CHARS_MAX);
  } catch (error) {
    throw new HubSessionError(`the hub's answer was cut short: ${errorText(error)}`, answer.status);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
