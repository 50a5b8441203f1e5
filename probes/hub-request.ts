import { z } from 'zod';
import { describeProblems } from '#core/problem.ts';
import { errorText } from './log.ts';

/** The hub answers in milliseconds; behind a tunnel, and while an object is being moved, it takes seconds. */
const REQUEST_TIMEOUT_MS = 15_000;
/** Characters of an answer that are looked at: a deploy of 20 journeys in 10 regions with its runs has some 500,000. */
const ANSWER_CHARS_MAX = 4 * 1024 * 1024;
/** Problems that are told of one refusal, and characters of it. */
const REASON_CHARS_MAX = 4_000;

/** The hub's own words of what is wrong, where it has any. */
const Refusal = z.object({
  error: z.string(),
  problems: z.array(z.object({ path: z.string(), expected: z.string(), received: z.string() })).optional(),
});

/** The hub cannot be reached, or has refused; the message is for people and holds no token. */
export class HubRequestError extends Error {
  override readonly name = 'HubRequestError';
  /** HTTP status of the refusal; absent when there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }

  /** The hub, or a part of it, is not there right now: asking again may help. */
  get isAway(): boolean {
    return this.status === undefined || this.status >= 500;
  }
}

export type HubRequest = {
  method: string;
  headers?: Record<string, string>;
  body?: string;
  /** For an answer that the hub holds back. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
};

/** The hub's answer, whatever its status; redirects are not followed. @throws HubRequestError when there is none */
export async function askHub(hub: URL, path: string, request: HubRequest): Promise<Response> {
  const { timeoutMs = REQUEST_TIMEOUT_MS, signal, ...init } = request;
  const late = AbortSignal.timeout(timeoutMs);
  try {
    return await fetch(new URL(path, hub), {
      ...init,
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
  } catch (error) {
    throw new HubRequestError(`${hub.origin} cannot be reached: ${errorText(error)}`);
  }
}

/** What a good answer says. @throws HubRequestError when it is a refusal, is cut short or has another shape */
export async function answered<T>(answer: Response, path: string, schema: z.ZodType<T>): Promise<T> {
  if (!answer.ok) throw new HubRequestError(await reasonIn(answer, 'the hub has refused'), answer.status);
  const parsed = schema.safeParse(parseJson(await textOf(answer)));
  if (!parsed.success)
    throw new HubRequestError(`${path}: the hub's answer is of another shape`, answer.status);
  return parsed.data;
}

/** Why the hub has refused, in its own words where it has any. @throws HubRequestError when the answer is cut short */
export async function reasonIn(answer: Response, otherwise: string): Promise<string> {
  const refusal = Refusal.safeParse(parseJson(await textOf(answer))).data;
  if (!refusal) return `${otherwise} (${answer.status})`;
  const reason = refusal.problems ? `${refusal.error}: ${describeProblems(refusal.problems)}` : refusal.error;
  return reason.slice(0, REASON_CHARS_MAX);
}

async function textOf(answer: Response): Promise<string> {
  try {
    return (await answer.text()).slice(0, ANSWER_CHARS_MAX);
  } catch (error) {
    throw new HubRequestError(`the hub's answer was cut short: ${errorText(error)}`);
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
