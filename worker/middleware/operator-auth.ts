import type { Context } from 'hono';
import { deleteCookie, getSignedCookie, setSignedCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import { timingSafeEqual } from 'hono/utils/buffer';
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '#core/units.ts';
import { OPERATOR_PATH, SIGN_IN_PATH, SIGN_OUT_PATH } from '#core/operator-path.ts';
import { AttemptLimit } from './attempt-limit.ts';
import { AppError } from '../errors.ts';
import type { HubSecrets } from '../env.ts';
import type { Hub } from '../hub.ts';
import { config } from '../settings.ts';

const COOKIE = 'latchkey_operator';
/** A shift: whoever is on call signs in once. */
const SESSION_MS = 12 * MS_PER_HOUR;
/** Characters of a token worth comparing. */
const TOKEN_CHARS_MAX = 512;
/**
 * Failed attempts answered in a minute, of everybody together and in each isolate. The token cannot be guessed
 * (`OPERATOR_TOKEN_CHARS_MIN`); this keeps the log readable.
 */
const ATTEMPTS_MAX = 10;

const attempts = new AttemptLimit(ATTEMPTS_MAX, MS_PER_MINUTE);

/**
 * Lets in whoever is signed in, or reads with `Authorization: Bearer <operator token>`. A person is sent to the
 * sign-in and back to where the link pointed; a script is told 401.
 */
export const operatorAuth = createMiddleware<Hub>(async function operatorAuth(c, next) {
  const bearer = c.req.header('authorization');
  if (bearer !== undefined) await acceptBearer(c, bearer);
  else if (!(await hasSession(c))) {
    const isPage = c.req.method === 'GET' && c.req.query('fragment') === undefined;
    if (!isPage || c.req.path.startsWith(`${OPERATOR_PATH}/api/`))
      throw new AppError(
        'unauthenticated',
        'expected an operator: sign in, or Authorization: Bearer <operator token>',
      );
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(signInPath(pathname + search), 303);
  }
  return next();
});

/** What became of an attempt to sign in. */
export type Attempt = { ok: true } | { ok: false; status: 401 | 429; problem: string };

/**
 * Compares a token with the operator's, in constant time. The right one is always let in: a stranger who guesses must not
 * be able to keep the operator out.
 */
export async function attemptToken(secrets: HubSecrets, token: string): Promise<Attempt> {
  // Digests are compared, so that neither the length nor the first wrong character can be timed.
  if (token.length <= TOKEN_CHARS_MAX && (await timingSafeEqual(token, secrets.operatorToken)))
    return { ok: true };
  const nowMs = Date.now();
  const waitMs = attempts.waitMs(nowMs);
  if (waitMs > 0) {
    const waitS = Math.ceil(waitMs / MS_PER_SECOND);
    return { ok: false, status: 429, problem: `Too many failed attempts. Try again in ${waitS} s.` };
  }
  attempts.failed(nowMs);
  return { ok: false, status: 401, problem: 'This is not the operator token.' };
}

/**
 * Signs in. The expiry is inside the signed value, because a cookie's own is the browser's business. `Lax` and not
 * `Strict`: the link in a page is followed from another site, and must not ask somebody who is signed in to do so
 * again; a GET changes nothing here.
 */
export async function startSession(c: Context<Hub>): Promise<void> {
  const expiresAtMs = Date.now() + SESSION_MS;
  await setSignedCookie(c, COOKIE, String(expiresAtMs), signingKey(c.get('secrets')), {
    ...cookieScope(c),
    maxAge: SESSION_MS / MS_PER_SECOND,
  });
}

/** Signs out: this browser forgets. */
export function endSession(c: Context<Hub>): void {
  deleteCookie(c, COOKIE, cookieScope(c));
}

/** Whether the request carries a session that we signed and that is not over. */
export async function hasSession(c: Context<Hub>): Promise<boolean> {
  const value = await getSignedCookie(c, signingKey(c.get('secrets')), COOKIE);
  return typeof value === 'string' && /^\d{13}$/.test(value) && Number(value) > Date.now();
}

/** Where to sign in, and be brought to `next`. */
export function signInPath(next: string): string {
  return next === OPERATOR_PATH ? SIGN_IN_PATH : `${SIGN_IN_PATH}?next=${encodeURIComponent(next)}`;
}

/** `next` if it is one of the operator's own pages; the first page otherwise: nobody is sent elsewhere. */
export function localNext(next: string | undefined): string {
  if (next === undefined || !next.startsWith(OPERATOR_PATH)) return OPERATOR_PATH;
  const url = URL.parse(next, 'https://hub.invalid');
  const isOwn =
    url?.origin === 'https://hub.invalid' &&
    (url.pathname === OPERATOR_PATH || url.pathname.startsWith(`${OPERATOR_PATH}/`)) &&
    ![SIGN_IN_PATH, SIGN_OUT_PATH].includes(url.pathname);
  return isOwn ? url.pathname + url.search : OPERATOR_PATH;
}

async function acceptBearer(c: Context<Hub>, header: string): Promise<void> {
  if (!['GET', 'HEAD'].includes(c.req.method))
    throw new AppError('forbidden', 'the operator token alone may only read: sign in to change something');
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '';
  const attempt = await attemptToken(c.get('secrets'), token);
  if (!attempt.ok)
    throw new AppError(attempt.status === 429 ? 'too-many' : 'unauthenticated', attempt.problem);
}

/** A new operator token ends every session, as a new cookie key does. */
function signingKey({ cookieKey, operatorToken }: HubSecrets): string {
  return `${cookieKey}\n${operatorToken}`;
}

function cookieScope(c: Context<Hub>) {
  return { path: OPERATOR_PATH, httpOnly: true, secure: isSecure(c), sameSite: 'Lax' } as const;
}

/** Whether people reach the hub over https. Behind a proxy that ends TLS the hub itself sees http. */
export function isSecure(c: Context<Hub>): boolean {
  return [c.req.url, config.publicUrl].some((url) => new URL(url).protocol === 'https:');
}
