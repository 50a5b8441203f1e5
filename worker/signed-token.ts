import { sign, verify } from 'hono/jwt';
import type { z } from 'zod';
import { bytesOf } from './secrets.ts';

/** Bytes of a key that signs tokens: as long as the hash (RFC 7518, section 3.2). */
export const TOKEN_KEY_BYTES_MIN = 32;
/** Keys valid at once: the one that mints, and the one it replaced. */
export const TOKEN_KEYS_MAX = 2;
/** Characters of a token: with the longest claims it has under 400. */
const TOKEN_CHARS_MAX = 1_024;
/** The one algorithm. A token that names another is refused whatever its signature. */
const ALGORITHM = 'HS256';

/**
 * A token with these claims.
 * @param keyTexts the hub's `PROBE_TOKEN_KEYS`, split; the first one signs
 * @throws when that key is not 32 or more bytes in base64url
 */
export async function signToken(
  keyTexts: readonly string[],
  claims: Record<string, string | number | undefined>,
): Promise<string> {
  const [first = ''] = keyTexts;
  return sign(claims, await importKey(first, 'sign'), ALGORITHM);
}

/**
 * The claims of a token, or `undefined` when no key signed it or they are not of this schema: make it strict, so that a token
 * of one kind is none of another. Signatures are compared by `crypto.subtle.verify`, in constant time. An expiry is for
 * whoever asks to judge. Never throws for what is in the token.
 */
export async function claimsOfToken<T>(
  keyTexts: readonly string[],
  token: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  if (token.length > TOKEN_CHARS_MAX) return undefined;
  const keys = await Promise.all(keyTexts.map((text) => importKey(text, 'verify')));
  for (const key of keys) {
    const payload = await payloadOf(token, key);
    const claims = schema.safeParse(payload);
    if (claims.success) return claims.data;
  }
  return undefined;
}

async function payloadOf(token: string, key: CryptoKey): Promise<unknown> {
  try {
    // A laptop that mints a token a second in the future must not lock its bearer out: `iat` is not compared.
    return await verify(token, key, { alg: ALGORITHM, iat: false, exp: false });
  } catch (error) {
    // Hono throws for every kind of bad token; to whoever sent it they are one.
    void error;
    return undefined;
  }
}

async function importKey(text: string, use: 'sign' | 'verify'): Promise<CryptoKey> {
  const bytes = bytesOf(text);
  if (!bytes || bytes.length < TOKEN_KEY_BYTES_MIN)
    throw new Error(`a key that signs tokens must be ${TOKEN_KEY_BYTES_MIN} or more bytes in base64url`);
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [use]);
}
