import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { truncate } from '#core/units.ts';
import { NAME_CHARS_MAX } from '#dashboards/operator/acknowledge-form.tsx';
import type { Hub } from '../hub.ts';
import { isSecure } from '../middleware/operator-auth.ts';

/** Only what somebody calls themselves: no authority comes with it. */
const COOKIE = 'latchkey_name';
/** Who signs in by the shared token and gives no name. */
export const NAMELESS = 'the operator';
/** A year: whoever is on call now and then should not have to type it each time. */
const REMEMBERED_S = 31_536_000;

/** What this browser's person has called themselves, if they have. */
export function rememberedName(c: Context<Hub>): string | undefined {
  return tidy(getCookie(c, COOKIE));
}

/**
 * The name given in a form, remembered for the next one; an empty one is forgotten. `given` is `undefined` where the form
 * did not ask: then the remembered one counts.
 */
export function nameFrom(c: Context<Hub>, given: string | undefined): string | undefined {
  if (given === undefined) return rememberedName(c);
  const name = tidy(given);
  const scope = { path: '/', httpOnly: true, secure: isSecure(c), sameSite: 'Lax' } as const;
  if (name === undefined) deleteCookie(c, COOKIE, scope);
  else setCookie(c, COOKIE, name, { ...scope, maxAge: REMEMBERED_S });
  return name;
}

/** As given, but for what would break a line or turn the text round; bounded. */
function tidy(text: string | undefined): string | undefined {
  const plain = text?.replaceAll(/[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu, ' ').trim();
  return plain === undefined || plain === '' ? undefined : truncate(plain, NAME_CHARS_MAX);
}
