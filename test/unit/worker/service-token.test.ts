import { sign } from 'hono/jwt';
import { expect, it } from 'vitest';
import { mintProbeToken, verifyProbeToken } from '#worker/probe-token.ts';
import { mintServiceToken, verifyServiceToken } from '#worker/service-token.ts';

const key = (letter: string) => Buffer.from(letter.repeat(32)).toString('base64url');
const keys = [key('a')];
const NOW_MS = 1_795_000_000_000;
const DAY_MS = 86_400_000;

it('a token is good for its service, years later too', async () => {
  const token = await mintServiceToken(keys, 'portal', NOW_MS);
  expect(await verifyServiceToken(keys, token, NOW_MS + 3_650 * DAY_MS)).toEqual({
    state: 'good',
    service: 'portal',
  });
});

it('a token with an expiry is good until then, and says that it was', async () => {
  const token = await mintServiceToken(keys, 'portal', NOW_MS, DAY_MS);
  expect(await verifyServiceToken(keys, token, NOW_MS + DAY_MS - 1)).toMatchObject({ state: 'good' });
  expect(await verifyServiceToken(keys, token, NOW_MS + DAY_MS)).toEqual({
    state: 'expired',
    service: 'portal',
    expiredAtMs: NOW_MS + DAY_MS,
  });
});

it('a service is no probe and a probe no service, though the same keys sign', async () => {
  const service = await mintServiceToken(keys, 'portal', NOW_MS);
  const probe = await mintProbeToken(keys, { region: 'portal' }, NOW_MS);
  expect(await verifyProbeToken(keys, service)).toBeUndefined();
  expect(await verifyServiceToken(keys, probe, NOW_MS)).toEqual({ state: 'invalid' });
});

const WHOLE = { aud: 'latchkey-service', service: 'portal', iat: 1 };

it.each<[string, Record<string, unknown>]>([
  ['names no audience', { service: 'portal', iat: 1 }],
  ['is for somebody else', { ...WHOLE, aud: 'latchkey-probe' }],
  ['claims a region beside its service', { ...WHOLE, region: 'north' }],
  ['has no service', { aud: 'latchkey-service', iat: 1 }],
  ['has an expiry that is no time', { ...WHOLE, exp: 'never' }],
])('a well-signed token is refused when it %s', async (_what, claims) => {
  const secret = Buffer.from(key('a'), 'base64url').toString();
  expect(await verifyServiceToken(keys, await sign(claims, secret, 'HS256'), NOW_MS)).toEqual({
    state: 'invalid',
  });
  expect(await verifyServiceToken(keys, await sign(WHOLE, secret, 'HS256'), NOW_MS)).toMatchObject({
    state: 'good',
  });
});

it.each(['', 'nonsense', 'a.b.c', 'x'.repeat(5_000)])('what is no token is refused', async (text) => {
  expect(await verifyServiceToken(keys, text, NOW_MS)).toEqual({ state: 'invalid' });
});

it('both keys are good while a key is rotated', async () => {
  const token = await mintServiceToken(keys, 'portal', NOW_MS);
  expect(await verifyServiceToken([key('b'), key('a')], token, NOW_MS)).toMatchObject({ state: 'good' });
  expect(await verifyServiceToken([key('b')], token, NOW_MS)).toEqual({ state: 'invalid' });
});

it('a service that is no id is refused', async () => {
  await expect(mintServiceToken(keys, 'The Portal', NOW_MS)).rejects.toThrow('service');
});
