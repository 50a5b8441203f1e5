import { z } from 'zod';
import { Slug } from '#core/run.ts';
import { claimsOfToken, signToken } from './signed-token.ts';

/** Strict: a token that claims anything else is another kind of token, signed by the same keys. */
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
  return signToken(keyTexts, claims);
}

/** Who the token speaks for, or `undefined` when it is no probe's token of one of these keys. Never throws for what is in it. */
export async function verifyProbeToken(
  keyTexts: readonly string[],
  token: string,
): Promise<ProbeIdentity | undefined> {
  const claims = await claimsOfToken(keyTexts, token, Claims);
  return claims && { region: claims.region, probe: claims.probe };
}
