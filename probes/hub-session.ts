import type { z } from 'zod';
import { SIGN_IN_PATH } from '#core/operator-path.ts';
import { answered, askHub, HubRequestError, reasonIn, type HubRequest } from './hub-request.ts';

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

  /** Signs in. @throws HubRequestError when the hub does not answer, or the token is not the operator's */
  static async signIn(hub: URL, operatorToken: string): Promise<HubSession> {
    const answer = await ask(hub, SIGN_IN_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token: operatorToken }).toString(),
    });
    const cookie = answer.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
    if (answer.status === 401) throw new HubRequestError('OPERATOR_TOKEN is not the operator’s token', 401);
    if (answer.status === 429)
      throw new HubRequestError('too many failed attempts to sign in; try again in a minute', 429);
    if (answer.status !== 303 || cookie.length === 0)
      throw new HubRequestError(await reasonIn(answer, `${hub.origin} did not sign in`), answer.status);
    await answer.body?.cancel();
    return new HubSession(hub, cookie.join('; '));
  }

  /** What the hub answers to a GET. @throws HubRequestError */
  get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.#json(path, { method: 'GET' }, schema);
  }

  /** What the hub answers to a POST of JSON. @throws HubRequestError */
  post<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.#json(path, { method: 'POST', headers, body: JSON.stringify(body) }, schema);
  }

  async #json<T>(path: string, init: HubRequest, schema: z.ZodType<T>): Promise<T> {
    const headers = { ...init.headers, cookie: this.#cookie };
    return answered(await ask(this.#hub, path, { ...init, headers }), path, schema);
  }
}

function ask(hub: URL, path: string, request: HubRequest): Promise<Response> {
  // What changes something must come from the hub's own pages, or say so as we do.
  return askHub(hub, path, { ...request, headers: { ...request.headers, origin: hub.origin } });
}
