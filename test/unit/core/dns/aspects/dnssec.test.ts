import { describe, expect, it } from 'vitest';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { encodeResponse } from '#core/dns/codec/encode.ts';
import type { Rdata } from '#core/dns/codec/rdata.ts';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import type { AssertionId, Finding } from '#core/dns/findings/finding.ts';
import { recordsAt } from '#core/dns/zone/zone.ts';
import { findingsOf, NODE, WORLD_MS, type Quirk, type World } from '#test/fixtures/dns/world.ts';
import { zoneFrom } from '#test/fixtures/dns/zone-reply.ts';
import { CHILD_ZONE, delegatedWorld, NS1, NS2, PARENT_ZONE, WALKED } from '../a-delegated-zone.ts';
import { DS, SIGNED_FROM_MS, SIGNED_TO_MS, SIGNED_ZONE } from '../dnssec/signed-example.ts';

const HOUR_MS = 3_600_000;
const INPUT = { ...WALKED, aspects: ['dnssec' as const] };
const R1 = 'dns://127.0.0.53:5300';
const R2 = 'dns://127.0.0.54:5300';

const RSA_KEY = new Uint8Array([3, 1, 0, 1, 9]);

/** The tag of a key as whoever reads it computes it. */
function keyTagOf(rdata: Rdata): number {
  const answers = [{ name: 'x', type: RR_TYPES.DNSKEY, ttlS: 0, rdata }];
  const message = decodeMessage(
    encodeResponse({ id: 0, name: 'x', type: 48, recursionDesired: false, answers }),
  );
  const read = message.answers[0]?.rdata;
  if (read?.kind !== 'DNSKEY') throw new Error('expected a DNSKEY');
  return read.keyTag;
}

type Parts = { zone?: string; other?: string; ds?: string; quirks?: Partial<Record<'ns1' | 'ns2', Quirk>> };

function signedWorld({ zone = SIGNED_ZONE, other, ds = DS, quirks = {} }: Parts = {}): World {
  return delegatedWorld({ ns1: zone, ns2: other ?? zone, parent: `${PARENT_ZONE}${ds}\n`, quirks });
}

function found(world: World, id?: AssertionId, over = {}, nowMs = WORLD_MS): Promise<Finding[]> {
  return findingsOf(world, { ...INPUT, ...over }, id, NODE, nowMs);
}

const briefly = (findings: readonly Finding[]) =>
  findings.map(({ id, severity, message }) => `${id} ${severity}: ${message}`);

describe('a zone without DNSSEC', () => {
  it('has no findings', async () => {
    expect(await found(delegatedWorld())).toEqual([]);
  });

  it('fails a check that requires it', async () => {
    expect(briefly(await found(delegatedWorld(), undefined, { dnssec: 'required' }))).toEqual([
      'E8 fail: example.test is not signed: it has no DNSKEY, and the check requires DNSSEC.',
    ]);
  });

  it('fails when the parent says it is signed', async () => {
    expect(briefly(await found(signedWorld({ zone: CHILD_ZONE })))).toEqual([
      'E8 critical: No DNSKEY of example.test, but its parent has DS 59348 ECDSAP256SHA256: validating resolvers answer SERVFAIL. The same at all 2 authorities.',
    ]);
  });
});

describe('a signed zone', () => {
  it('has no findings when all is well', async () => {
    expect(await found(signedWorld())).toEqual([]);
  });

  it('is information without DS, and a failure where DNSSEC is required', async () => {
    const world = signedWorld({ ds: '' });
    expect(briefly(await found(world))).toEqual([
      'E8 info: example.test is signed but its parent has no DS for it, so resolvers take it for unsigned.',
    ]);
    expect((await found(world, 'E8', { dnssec: 'required' }))[0]?.severity).toBe('fail');
  });

  it('is judged by its own servers alone where nobody tells of the DS', async () => {
    const over = { roots: undefined, authorities: [NS2], zone: 'example.test' };
    expect(await found(signedWorld(), undefined, over)).toEqual([]);
  });
});

describe('validity of signatures (E7, E10)', () => {
  it.each([
    [
      'warns within a quarter of the lifetime',
      SIGNED_TO_MS - 6 * 24 * HOUR_MS,
      'warn',
      'expires in 6 d, expected at least 7 d of its 28 d',
    ],
    [
      'fails within twelve hours',
      SIGNED_TO_MS - 11 * HOUR_MS,
      'fail',
      'expires in 11 h, expected at least 12 h',
    ],
    ['is critical past the end', SIGNED_TO_MS + 2 * HOUR_MS, 'critical', 'expired 2 h ago'],
    ['fails before the beginning', SIGNED_FROM_MS - HOUR_MS, 'fail', 'holds only in 1 h'],
  ])('%s', async (_title, nowMs, severity, text) => {
    const findings = await found(signedWorld(), 'E7', {}, nowMs);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.severity).toBe(severity);
    expect(findings[0]?.message).toContain(text);
    expect(findings[0]?.message).toContain('at all 2 servers');
  });

  it('says nothing one hour before a quarter of the lifetime is left', async () => {
    expect(await found(signedWorld(), 'E7', {}, SIGNED_TO_MS - 7 * 24 * HOUR_MS - HOUR_MS)).toEqual([]);
  });

  it('allows a clock to be off by minutes', async () => {
    expect(await found(signedWorld(), 'E7', {}, SIGNED_FROM_MS - 4 * 60_000)).toEqual([]);
  });

  it('asks no more of short signatures than a third of their lifetime', async () => {
    const daily = SIGNED_ZONE.replaceAll('20261212120000 20261114120000', '20261122120000 20261120120000');
    expect(await found(signedWorld({ zone: daily }), 'E7')).toEqual([]);
    const findings = await found(signedWorld({ zone: daily }), 'E7', {}, WORLD_MS + 10 * HOUR_MS);
    expect(findings[0]?.message).toContain('expires in 14 h, expected at least 16 h of its 2 d');
  });

  it('warns of a signature for more than half a year', async () => {
    const long = SIGNED_ZONE.replaceAll('20261212120000 ', '20270612120000 ');
    expect((await found(signedWorld({ zone: long }), 'E7'))[0]?.message).toContain('expected at most 180 d');
  });

  it('reads times past 2106 on the circle', async () => {
    // 2^32 s after 21 November 2026 is in 2162: times of then are written with the same 32 bits.
    expect(await found(signedWorld(), 'E7', {}, WORLD_MS + 2 ** 32 * 1_000)).toEqual([]);
  });

  it('names the one server that has not the new signatures', async () => {
    const stale = SIGNED_ZONE.replaceAll('20261212120000 20261114120000', '20261121100000 20261101120000');
    const [finding] = await found(signedWorld({ other: stale }), 'E7');
    expect(finding?.severity).toBe('critical');
    expect(finding?.message).toContain(`at ns2.example.test (${NS2}) expired 2 h ago`);
  });

  it('warns of records that are cached past their signature', async () => {
    const slow = SIGNED_ZONE.replaceAll(/ 300 IN/g, ' 86400 IN');
    const findings = await found(signedWorld({ zone: slow }), 'E10', {}, SIGNED_TO_MS - 20 * HOUR_MS);
    expect(findings[0]?.severity).toBe('warn');
    expect(findings[0]?.message).toContain('may be cached for 1 d (its TTL) but its signature ends in 20 h');
  });
});

describe('the chain of trust (E8)', () => {
  it('is critical when the DS matches no key', async () => {
    const ds = DS.replace('59348', '1234');
    expect(briefly(await found(signedWorld({ ds }), 'E8'))[0]).toBe(
      'E8 critical: The parent’s DS of example.test (1234 ECDSAP256SHA256) matches none of its keys (27063 ECDSAP256SHA256, 59348 ECDSAP256SHA256): validating resolvers answer SERVFAIL. The same at all 2 authorities.',
    );
  });

  it('is critical when the DS matches a key that is revoked', async () => {
    // The flag adds 128 to the key's tag.
    const zone = SIGNED_ZONE.replace('DNSKEY 257', 'DNSKEY 385');
    const ds = DS.replace('59348', '59476');
    expect((await found(signedWorld({ zone, ds }), 'E8'))[0]?.message).toContain('matches none of its keys');
  });

  it('takes no DS of a resolver for none only where the parent says so', async () => {
    const over = { roots: undefined, authorities: [NS1, NS2], zone: 'example.test', resolvers: [R1] };
    const ofParent = signedWorld().resolve(R1, [SIGNED_ZONE, PARENT_ZONE]);
    expect((await found(ofParent, 'E8', over)).map(({ severity }) => severity)).toEqual(['info']);
    const ofChild: Quirk = (query, usual) =>
      query.type === RR_TYPES.DS
        ? {
            ...usual,
            rcode: RCODE.NOERROR,
            authorities: recordsAt(zoneFrom(SIGNED_ZONE), 'example.test', RR_TYPES.SOA),
          }
        : undefined;
    expect(await found(signedWorld().resolve(R1, [SIGNED_ZONE], ofChild), 'E8', over)).toEqual([]);
  });

  it('warns of a DS that is left over beside a good one', async () => {
    const ds = `${DS}\n${DS.replace('59348', '1234')}`;
    const findings = await found(signedWorld({ ds }), 'E8');
    expect(findings.map(({ severity }) => severity)).toEqual(['warn']);
    expect(findings[0]?.message).toContain('left over, or ahead of a new key');
  });

  it('is critical when the key set is not signed by the key of the DS', async () => {
    const zone = SIGNED_ZONE.replaceAll(/^.*RRSIG DNSKEY .* 59348 .*$/gm, '');
    expect((await found(signedWorld({ zone }), 'E8'))[0]?.message).toContain(
      'is not signed by a key that the parent',
    );
  });

  it('is critical when a set has no signature, or one by an unknown key', async () => {
    const bare = SIGNED_ZONE.replaceAll(/^www.*RRSIG A .*$/gm, '');
    expect((await found(signedWorld({ zone: bare }), 'E8'))[0]?.message).toContain(
      'www.example.test A has no signature: validating',
    );
    const strange = SIGNED_ZONE.replaceAll(/^(www.*RRSIG A .*) 27063 /gm, '$1 999 ');
    const [finding] = await found(signedWorld({ zone: strange }), 'E8');
    expect(finding?.severity).toBe('critical');
    expect(finding?.message).toContain(
      'www.example.test A has no signature by one of the keys (27063 ECDSAP256SHA256, 59348 ECDSAP256SHA256) but by 999 ECDSAP256SHA256',
    );
  });

  it('fails an algorithm that the DS promises and a set lacks', async () => {
    const dnskey = {
      kind: 'DNSKEY',
      flags: 257,
      protocol: 3,
      algorithm: 8,
      key: RSA_KEY,
      keyTag: 0,
    } as const;
    const ds = `${DS}\nexample 300 IN DS ${keyTagOf(dnskey)} 8 2 ${'AB'.repeat(32)}`;
    const record = { name: 'example.test', type: RR_TYPES.DNSKEY, ttlS: 300, rdata: dnskey };
    const both: Quirk = (query, usual) =>
      query.type === RR_TYPES.DNSKEY ? { ...usual, answers: [...(usual.answers ?? []), record] } : undefined;
    const findings = await found(signedWorld({ ds, quirks: { ns1: both, ns2: both } }), 'E8');
    expect(briefly(findings)).toEqual([
      'E8 fail: example.test DNSKEY, example.test SOA, www.example.test A have no signature by RSASHA256, which the parent’s DS promises: some resolvers answer SERVFAIL. The same at all 2 authorities.',
    ]);
  });

  it('warns of what is retired: SHA-1 digests, RSA with SHA-1', async () => {
    const sha1 = 'example 300 IN DS 59348 13 1 37AB2A6009F07ADC5E03171F7D03CA699D92314A';
    expect(briefly(await found(signedWorld({ ds: sha1 }), 'E8'))).toEqual([
      'E8 warn: The parent’s DS 59348 of example.test is a SHA-1 digest, retired by RFC 9905.',
    ]);
    expect((await found(signedWorld({ ds: `${DS}\n${sha1}` }), 'E8'))[0]?.severity).toBe('info');
    const old = SIGNED_ZONE.replaceAll(/ 3 13 /g, ' 3 5 ');
    expect(briefly(await found(signedWorld({ zone: old, ds: '' }), 'E8')).join('\n')).toContain(
      'signed with RSASHA1, retired by RFC 9905',
    );
  });

  it('warns of NSEC3 iterations', async () => {
    const zone = `${SIGNED_ZONE}example.test. 0 IN NSEC3PARAM 1 0 10 -\n`;
    const [finding] = await found(signedWorld({ zone }), 'E8');
    expect(finding).toMatchObject({ severity: 'warn', figures: { iterations: 10 } });
  });
});

describe('what resolvers make of it (E9)', () => {
  const vouching: Quirk = (_query, usual) => ({ ...usual, authenticData: true });
  const bogus: Quirk = (query, usual) =>
    query.checkingDisabled ? usual : { ...usual, rcode: RCODE.SERVFAIL, answers: [], authorities: [] };
  const resolvers = { resolvers: [R1, R2] };

  it('is fine when both vouch', async () => {
    const world = signedWorld().resolve(R1, [SIGNED_ZONE], vouching).resolve(R2, [SIGNED_ZONE], vouching);
    expect(await found(world, undefined, resolvers)).toEqual([]);
  });

  it('warns when none vouches, and notes when one does', async () => {
    const none = signedWorld().resolve(R1, [SIGNED_ZONE]).resolve(R2, [SIGNED_ZONE]);
    expect((await found(none, 'E9', resolvers))[0]).toMatchObject({
      severity: 'warn',
      figures: { vouching: 0 },
    });
    const one = signedWorld().resolve(R1, [SIGNED_ZONE], vouching).resolve(R2, [SIGNED_ZONE]);
    expect((await found(one, 'E9', resolvers))[0]).toMatchObject({
      severity: 'info',
      figures: { vouching: 1 },
    });
  });

  it('calls SERVFAIL that goes away with CD bogus', async () => {
    const world = signedWorld().resolve(R1, [SIGNED_ZONE], bogus).resolve(R2, [SIGNED_ZONE], bogus);
    const [finding] = await found(world, 'E9', resolvers);
    expect(finding).toMatchObject({
      severity: 'fail',
      outcome: 'DNSSEC_BOGUS',
      figures: { bogus: 2, resolvers: 2 },
    });
    expect(finding?.message).toContain('All 2 resolvers answer SERVFAIL for www.example.test');
  });

  it('warns of the one that finds it broken while most validate it', async () => {
    const R3 = 'dns://127.0.0.55:5300';
    const world = signedWorld()
      .resolve(R1, [SIGNED_ZONE], bogus)
      .resolve(R2, [SIGNED_ZONE], vouching)
      .resolve(R3, [SIGNED_ZONE], vouching);
    expect((await found(world, 'E9', { resolvers: [R1, R2, R3] }))[0]).toMatchObject({
      severity: 'warn',
      subject: R1,
    });
  });

  it('fails one of three when the others do not validate', async () => {
    const R3 = 'dns://127.0.0.55:5300';
    const world = signedWorld()
      .resolve(R1, [SIGNED_ZONE], bogus)
      .resolve(R2, [SIGNED_ZONE])
      .resolve(R3, [SIGNED_ZONE]);
    const findings = await found(world, 'E9', { resolvers: [R1, R2, R3] });
    expect(findings.find(({ outcome }) => outcome === 'DNSSEC_BOGUS')?.severity).toBe('fail');
  });

  it('finds it in a zone that is not signed, too', async () => {
    const world = delegatedWorld().resolve(R1, [CHILD_ZONE], bogus);
    expect((await found(world, 'E9', { resolvers: [R1] }))[0]?.severity).toBe('fail');
  });

  it('calls a SERVFAIL that stays with CD no DNSSEC matter', async () => {
    const broken: Quirk = (_query, usual) => ({ ...usual, rcode: RCODE.SERVFAIL, answers: [] });
    const world = delegatedWorld().resolve(R1, [CHILD_ZONE], broken);
    expect(await found(world, 'E9', { resolvers: [R1] })).toEqual([]);
  });
});
