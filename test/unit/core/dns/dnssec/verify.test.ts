import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { encodeResponse } from '#core/dns/codec/encode.ts';
import { wireName } from '#core/dns/codec/name.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { signedOctets } from '#core/dns/dnssec/canonical-form.ts';
import { cryptographyOf } from '#core/dns/dnssec/cryptography.ts';
import type { Rrsig } from '#core/dns/dnssec/signed-zone.ts';
import { verified } from '#core/dns/dnssec/verify.ts';
import { recordsAt } from '#core/dns/zone/zone.ts';
import { run, type World } from '#test/fixtures/dns/world.ts';
import { zoneFrom } from '#test/fixtures/dns/zone-reply.ts';
import { CHILD_ZONE, delegatedWorld, PARENT_ZONE, WALKED } from '../a-delegated-zone.ts';
import { DS, SIGNED_ZONE } from './signed-example.ts';

const cryptography = cryptographyOf(crypto.subtle);

const worldOf = (zone = SIGNED_ZONE, other = zone, ds = DS): World =>
  delegatedWorld({ ns1: zone, ns2: other, parent: `${PARENT_ZONE}${ds}\n` });

async function found(world: World, over = {}): Promise<string[]> {
  const inquirer = await run(world, { ...WALKED, aspects: ['dnssec'], ...over });
  const findings = await verified(inquirer.inquiry(), cryptography);
  return findings.map(({ severity, message }) => `${severity}: ${message}`);
}

describe('signatures of a real signer', () => {
  it.each([
    ['addresses', { types: ['A'] }],
    ['names in data, of mixed case', { name: 'mixed.example.test', types: ['MX'] }],
    ['what a wildcard made', { name: 'any.wild.example.test' }],
    ['the wildcard itself', { name: '*.wild.example.test' }],
    ['name servers at the apex', { name: 'example.test', types: ['NS', 'SOA'] }],
  ])('hold for %s', async (_title, over) => {
    expect(await found(worldOf(), over)).toEqual([]);
  });

  it('hold no more when an address is another', async () => {
    const forged = SIGNED_ZONE.replace('198.51.100.2', '198.51.100.66');
    expect(await found(worldOf(forged))).toEqual([
      'critical: The signature of www.example.test A by 27063 ECDSAP256SHA256 does not fit the records: validating resolvers answer SERVFAIL. The same at all 2 authorities.',
    ]);
  });

  it('tell which server has the forged one', async () => {
    const forged = SIGNED_ZONE.replace('198.51.100.2', '198.51.100.66');
    expect((await found(worldOf(SIGNED_ZONE, forged))).join()).toContain('At ns2.example.test');
  });

  it('hold for the DS, and not for another digest under the same tag', async () => {
    expect((await found(worldOf(SIGNED_ZONE, SIGNED_ZONE, DS.replace('37AB', '37AC')))).join()).toContain(
      'has the tag of its key 59348 but is not its digest',
    );
  });

  it('are not looked for in a zone without any', async () => {
    expect(await found(delegatedWorld({ ns1: CHILD_ZONE }))).toEqual([]);
  });

  it('prove nothing by an algorithm that is not known here', async () => {
    const unknown = SIGNED_ZONE.replaceAll(/ 3 13 /g, ' 3 16 ').replaceAll(/(RRSIG \S+) 13 /g, '$1 16 ');
    expect(await found(worldOf(unknown, unknown, ''))).toEqual([]);
  });
});

describe('cryptographyOf', () => {
  const octets = wireName('signed.example');
  const signedBy = (privateKey: KeyObject, hash: string | null) =>
    new Uint8Array(sign(hash, octets, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
  const number = (text: string | undefined) => new Uint8Array(Buffer.from(text ?? '', 'base64url'));

  const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsaJwk = RSA.publicKey.export({ format: 'jwk' });
  const exponent = number(rsaJwk.e);
  const rsaKey = Uint8Array.from([exponent.length, ...exponent, ...number(rsaJwk.n)]);
  const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const p384Jwk = P384.publicKey.export({ format: 'jwk' });
  const ED = generateKeyPairSync('ed25519');
  const edJwk = ED.publicKey.export({ format: 'jwk' });

  it.each([
    ['RSASHA256', 8, rsaKey, signedBy(RSA.privateKey, 'sha256')],
    ['RSASHA512', 10, rsaKey, signedBy(RSA.privateKey, 'sha512')],
    [
      'ECDSAP384SHA384',
      14,
      Uint8Array.from([...number(p384Jwk.x), ...number(p384Jwk.y)]),
      signedBy(P384.privateKey, 'sha384'),
    ],
    ['ED25519', 15, number(edJwk.x), signedBy(ED.privateKey, null)],
  ])('verifies %s, and refuses it under other octets', async (_name, algorithm, key, signature) => {
    expect(await cryptography.verify({ algorithm, key, octets, signature })).toBe(true);
    const other = wireName('other.example');
    expect(await cryptography.verify({ algorithm, key, octets: other, signature })).toBe(false);
  });

  it.each([
    ['a point that is not on the curve', 13, new Uint8Array(64).fill(7)],
    ['half a point', 13, new Uint8Array(32)],
    ['a short key of Ed25519', 15, new Uint8Array(31)],
  ])('takes %s for a key that signs nothing', async (_title, algorithm, key) => {
    expect(await cryptography.verify({ algorithm, key, octets, signature: new Uint8Array(64) })).toBe(false);
  });

  it('takes an RSA key without a modulus for none', async () => {
    const signature = new Uint8Array(256);
    expect(
      await cryptography.verify({ algorithm: 8, key: new Uint8Array([3, 1, 0, 1]), octets, signature }),
    ).toBe(false);
  });

  it('knows nothing of algorithms and digests it has not', async () => {
    const none = new Uint8Array(8);
    expect(await cryptography.verify({ algorithm: 12, key: none, octets, signature: none })).toBeUndefined();
    expect(await cryptography.digest(3, none)).toBeUndefined();
  });
});

describe('signedOctets', () => {
  const zone = zoneFrom(SIGNED_ZONE);
  const answers = recordsAt(zone, 'www.example.test', RR_TYPES.A);
  const rrsig = recordsAt(zone, 'www.example.test', RR_TYPES.RRSIG).flatMap(({ rdata }) =>
    rdata.kind === 'RRSIG' && rdata.covered === RR_TYPES.A ? [rdata] : [],
  )[0] as Rrsig;
  const octetsOf = (records: typeof answers) => {
    const { bytes, answers: read } = decodeMessage(
      encodeResponse({ id: 0, name: 'www.example.test', type: 1, recursionDesired: false, answers: records }),
    );
    return signedOctets(rrsig, { owner: 'WWW.example.test', type: 1, class: 1, records: read, bytes });
  };

  it('does not depend on order, TTL, case or repetition', () => {
    const changed = [...answers.toReversed(), ...answers].map((record) => ({ ...record, ttlS: 5 }));
    expect(octetsOf(changed)).toEqual(octetsOf(answers));
  });
});
