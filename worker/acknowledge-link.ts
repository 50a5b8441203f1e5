import { sign, verify } from 'hono/jwt';
import { z } from 'zod';
import { serviceOfSubject } from '#core/deploy/telling/subject.ts';
import { Slug } from '#core/run.ts';
import { MS_PER_DAY } from '#core/units.ts';
import { bytesOf } from './secrets.ts';

/** A link in an old chat message must not acknowledge for ever: an incident is over or known after a week. */
const LINK_AGE_MAX_MS = 7 * MS_PER_DAY;
/** Characters of a link's token: with the longest check it has under 350. */
const TOKEN_CHARS_MAX = 1_024;
const ALGORITHM = 'HS256';
/** Keeps a link apart from everything else that is signed by the same key. */
const AUDIENCE = 'acknowledge';

/** A check's id, `network`, `drill`, or of a deploy its service after a prefix. */
const SubjectName = z.string().refine((name) => Slug.safeParse(serviceOfSubject(name) ?? name).success);

const Claims = z.object({
  aud: z.literal(AUDIENCE),
  check: SubjectName,
  seq: z.int().min(1),
  exp: z.int(),
});

/** Path of the page that a link leads to, followed by its token. */
export const ACKNOWLEDGE_PATH = '/acknowledge';

/** The link that acknowledges one incident, and nothing else; good for a week. `cookieKey`: the hub's `COOKIE_KEY`. */
export async function acknowledgeLink(
  publicUrl: string,
  cookieKey: string,
  incident: { check: string; seq: number },
  nowMs: number,
): Promise<string> {
  const exp = Math.floor((nowMs + LINK_AGE_MAX_MS) / 1_000);
  const { check, seq } = incident;
  const token = await sign({ aud: AUDIENCE, check, seq, exp }, await importKey(cookieKey, 'sign'), ALGORITHM);
  return `${publicUrl}${ACKNOWLEDGE_PATH}/${token}`;
}

/** What a link's token acknowledges, or `undefined` when it is not ours or too old. Never throws for what is in it. */
export async function acknowledgedBy(
  cookieKey: string,
  token: string,
): Promise<{ check: string; seq: number } | undefined> {
  if (token.length > TOKEN_CHARS_MAX) return undefined;
  try {
    const payload = await verify(token, await importKey(cookieKey, 'verify'), { alg: ALGORITHM, iat: false });
    const claims = Claims.safeParse(payload).data;
    return claims && { check: claims.check, seq: claims.seq };
  } catch (error) {
    // Hono throws for every kind of bad token; to whoever sent it they are one.
    void error;
    return undefined;
  }
}

function importKey(text: string, use: 'sign' | 'verify'): Promise<CryptoKey> {
  const bytes = bytesOf(text);
  if (!bytes) throw new Error('COOKIE_KEY must be base64url');
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [use]);
}
