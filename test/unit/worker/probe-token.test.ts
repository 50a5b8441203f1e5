import { expect, it } from 'vitest';
import { mintProbeToken, verifyProbeToken } from '#worker/probe-token.ts';

const key = (letter: string) => Buffer.from(letter.repeat(32)).toString('base64url');

it('a token minted on Node speaks for its region, and for its probe when it names one', async () => {
  const token = await mintProbeToken([key('a')], { region: 'north' }, 1_000);
  expect(await verifyProbeToken([key('a')], token)).toEqual({ region: 'north', probe: undefined });
  const bound = await mintProbeToken([key('a')], { region: 'north', probe: 'one' }, 1_000);
  expect(await verifyProbeToken([key('a')], bound)).toEqual({ region: 'north', probe: 'one' });
});

it('a token minted by a clock that is ahead is good', async () => {
  const token = await mintProbeToken([key('a')], { region: 'north' }, Date.now() + 3_600_000);
  expect(await verifyProbeToken([key('a')], token)).toMatchObject({ region: 'north' });
});

it('both keys are good while a key is rotated', async () => {
  const token = await mintProbeToken([key('a')], { region: 'north' }, 1_000);
  expect(await verifyProbeToken([key('b'), key('a')], token)).toMatchObject({ region: 'north' });
  expect(await verifyProbeToken([key('b')], token)).toBeUndefined();
});

it('a key that is too short is refused, not used', async () => {
  const short = Buffer.from('short').toString('base64url');
  await expect(mintProbeToken([short], { region: 'north' }, 1_000)).rejects.toThrow('32 or more bytes');
  await expect(mintProbeToken([], { region: 'north' }, 1_000)).rejects.toThrow('32 or more bytes');
});

it('a region that is no id is refused', async () => {
  await expect(mintProbeToken([key('a')], { region: 'North Pole' }, 1_000)).rejects.toThrow('region');
});
