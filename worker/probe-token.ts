import { sign, verify } from 'hono/jwt';
import { z } from 'zod';
import { Slug } from '#core/run.ts';
import { bytesOf } from './secrets.ts';

/** Bytes of a key that signs probe tokens: as long as the hash (RFC 7518, section 3.2). */
export const TOKEN_KEY_BYTES_MIN = 32;
/** Keys valid at once: the one that mints, and the one it replaced. */
export const TOKEN_KEYS_MAX = 2;
/** Characters of a token: with the longest region and probe it has under 400. */
const TOKEN_CHARS_MAX = 1_024;
/** The one algorithm. A token that names another is refused whatever its signature. */
const ALGORITHM = 'HS256';

const Claims = z.strictObject({
  region: Slug,
  /** When it was minted, epoch seconds. For people; clocks are not trusted with it. */
  iat: z.int().min(0),
  /** When set, the token is good for this probe only. */
  probe: Slug.optional(),
});

/** Who a token speaks for. */
export type ProbeIdentity = { region: string; probe?: string | undefined };

/**
 * Mints a token for a region, and when `probe` is given for that probe only.
 * @param keyTexts the hub's `PROBE_TOKEN_KEYS`, split; the first one signs
 * @throws when a key is not 32 or more bytes in base64url, or an id is not one
 */
export async function mintProbeToken(
  keyTexts: readonly string[],
  identity: ProbeIdentity,
  nowMs: number,
): Promise<string> {
  const claims = Claims.parse({
    region: identity.region,
    iat: Math.floor(nowMs / 1_000),
    ...(identity.probe === undefined ? {} : { probe: identity.probe }),
  });
  const [first = ''] = keyTexts;
  return sign(claims, await importKey(first, 'sign'), ALGORITHM);
}

/**
 * Who the token speaks for, or `undefined` when no key signed it. Signatures are compared by `crypto.subtle.verify`,
 * in constant time. Never throws for what is in the token.
 */
export async function verifyProbeToken(
  keyTexts: readonly string[],
  token: string,
): Promise<ProbeIdentity | undefined> {
  if (token.length > TOKEN_CHARS_MAX) return undefined;
  const keys = await Promise.all(keyTexts.map((text) => importKey(text, 'verify')));
  for (const key of keys) {
    const claims = await claimsOf(token, key);
    if (claims) return { region: claims.region, probe: claims.probe };
  }
  return undefined;
}

async function claimsOf(token: string, key: CryptoKey): Promise<z.infer<typeof Claims> | undefined> {
  try {
    // A laptop that mints a token a second in the future must not lock its probe out: `iat` is not compared.
    const payload = await verify(token, key, { alg: ALGORITHM, iat: false });
    return Claims.safeParse(payload).data;
  } catch (error) {
    // Hono throws for every kind of bad token; to whoever sent it they are one.
    void error;
    return undefined;
  }
}

async function importKey(text: string, use: 'sign' | 'verify'): Promise<CryptoKey> {
  const bytes = bytesOf(text);
  if (!bytes || bytes.length < TOKEN_KEY_BYTES_MIN)
    throw new Error(`a probe token key must be ${TOKEN_KEY_BYTES_MIN} or more bytes in base64url`);
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [use]);
}
