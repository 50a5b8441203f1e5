import { z } from 'zod';
import { Slug } from '#core/run.ts';
import { MS_PER_DAY, MS_PER_MINUTE, MS_PER_SECOND } from '#core/units.ts';
import { claimsOfToken, signToken } from './signed-token.ts';

/** What tells it from a probe's token, which the same keys sign. */
const AUDIENCE = 'latchkey-service';

/** An expiry sooner than this is over before the token is stored; one later than ten years is none. */
export const SERVICE_TOKEN_LIFE_MS_MIN = MS_PER_MINUTE;
export const SERVICE_TOKEN_LIFE_MS_MAX = 3_650 * MS_PER_DAY;

const Claims = z.strictObject({
  aud: z.literal(AUDIENCE),
  service: Slug,
  /** When it was minted, epoch seconds. For people; clocks are not trusted with it. */
  iat: z.int().min(0),
  /** From when on it is no good, epoch seconds; never when absent. */
  exp: z.int().min(0).optional(),
});

/** What a token is good for. `expired`: it was a service's. */
export type ServiceTokenVerdict =
  | { state: 'good'; service: string }
  | { state: 'expired'; service: string; expiredAtMs: number }
  | { state: 'invalid' };

/**
 * Mints a token that may announce, ask and roll back deploys of one service, and report its attempts. Good until its key is
 * taken away, or for `lifeMs` when that is given.
 * @param keyTexts the hub's `PROBE_TOKEN_KEYS`, split; the first one signs
 * @throws when a key is not 32 or more bytes in base64url, or the service is no id
 */
export async function mintServiceToken(
  keyTexts: readonly string[],
  service: string,
  nowMs: number,
  lifeMs?: number,
): Promise<string> {
  const claims = Claims.parse({
    aud: AUDIENCE,
    service,
    iat: Math.floor(nowMs / MS_PER_SECOND),
    ...(lifeMs === undefined ? {} : { exp: Math.ceil((nowMs + lifeMs) / MS_PER_SECOND) }),
  });
  return signToken(keyTexts, claims);
}

/** Whose token it is, and whether it is still good. Never throws for what is in it. */
export async function verifyServiceToken(
  keyTexts: readonly string[],
  token: string,
  nowMs: number,
): Promise<ServiceTokenVerdict> {
  const claims = await claimsOfToken(keyTexts, token, Claims);
  if (!claims) return { state: 'invalid' };
  const { service, exp } = claims;
  if (exp !== undefined && nowMs >= exp * MS_PER_SECOND)
    return { state: 'expired', service, expiredAtMs: exp * MS_PER_SECOND };
  return { state: 'good', service };
}
