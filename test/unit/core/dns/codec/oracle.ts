import type { Answer } from 'dns-packet';
import type { RecordFields } from '#core/dns/codec/encode.ts';
import type { Rdata } from '#core/dns/codec/rdata.ts';
import { RR_TYPES, typeName, type RrTypeName } from '#core/dns/codec/registry.ts';
import type { Prng } from '#test/sim/prng.ts';

/** One record as we write it and as dns-packet does. */
export type Pair = { ours: RecordFields; theirs: Answer };

type Data = Extract<Rdata, { kind: RrTypeName }>;
type Make = (prng: Prng) => { ours: Data; theirs: unknown };

const LABELS = ['a', 'www', 'Mail', 'ns1', 'example', 'test', 'x-1', '_sip', 'us-street', 'api'];
const TYPES = [1, 2, 5, 6, 12, 15, 16, 28, 33, 46, 47, 48, 257];

/** A name that both spell alike: dns-packet escapes nothing. */
export function randomName(prng: Prng): string {
  return Array.from({ length: prng.int(1, 5) }, () => prng.pick(LABELS)).join('.');
}

/** A record of any type that dns-packet knows. */
export function randomPair(prng: Prng): Pair {
  const make = prng.pick(MAKES);
  const { ours, theirs } = make(prng);
  const name = randomName(prng);
  const ttl = prng.int(0, 0x7fff_ffff);
  return {
    ours: { name, type: RR_TYPES[ours.kind], ttlS: ttl, rdata: ours },
    theirs: { type: ours.kind, name, ttl, class: 'IN', data: theirs } as Answer,
  };
}

const MAKES: readonly Make[] = [
  (prng) => {
    const address = Array.from({ length: 4 }, () => prng.int(0, 255)).join('.');
    return { ours: { kind: 'A', address }, theirs: address };
  },
  (prng) => {
    // Groups without zeros: how runs of them are written is a matter of taste between the two.
    const address = Array.from({ length: 8 }, () => prng.int(1, 0xffff).toString(16)).join(':');
    return { ours: { kind: 'AAAA', address }, theirs: address };
  },
  (prng) => named('NS', prng),
  (prng) => named('CNAME', prng),
  (prng) => named('PTR', prng),
  (prng) => named('DNAME', prng),
  (prng) => {
    const mx = { preference: prng.int(0, 0xffff), exchange: randomName(prng) };
    return { ours: { kind: 'MX', ...mx }, theirs: mx };
  },
  (prng) => {
    const srv = { priority: u16(prng), weight: u16(prng), port: u16(prng), target: randomName(prng) };
    return { ours: { kind: 'SRV', ...srv }, theirs: srv };
  },
  (prng) => {
    const strings = Array.from({ length: prng.int(1, 4) }, () => words(prng, 255));
    return { ours: { kind: 'TXT', strings }, theirs: strings.map((text) => Buffer.from(text)) };
  },
  (prng) => {
    const [serial, refreshS, retryS, expireS, minimumS] = [
      u32(prng),
      u32(prng),
      u32(prng),
      u32(prng),
      u32(prng),
    ];
    const [primary, mailbox] = [randomName(prng), randomName(prng)];
    return {
      ours: { kind: 'SOA', primary, mailbox, serial, refreshS, retryS, expireS, minimumS },
      theirs: {
        mname: primary,
        rname: mailbox,
        serial,
        refresh: refreshS,
        retry: retryS,
        expire: expireS,
        minimum: minimumS,
      },
    };
  },
  (prng) => {
    const caa = { tag: prng.pick(['issue', 'issuewild', 'iodef']), value: words(prng, 60) };
    const critical = prng.chance(0.5);
    return {
      ours: { kind: 'CAA', critical, ...caa },
      theirs: { flags: critical ? 128 : 0, issuerCritical: critical, ...caa },
    };
  },
  (prng) => {
    const ds = { keyTag: u16(prng), algorithm: u8(prng), digestType: u8(prng), digest: octets(prng, 32) };
    return { ours: { kind: 'DS', ...ds }, theirs: { ...ds, digest: Buffer.from(ds.digest) } };
  },
  (prng) => {
    // Algorithm 1 has tags of another kind; dns-packet has none at all.
    const dnskey = { flags: u16(prng), algorithm: prng.int(5, 15), key: octets(prng, 64) };
    return {
      ours: { kind: 'DNSKEY', protocol: 3, keyTag: 0, ...dnskey },
      theirs: { ...dnskey, key: Buffer.from(dnskey.key) },
    };
  },
  (prng) => {
    const [covered, keyTag, expirationS, inceptionS] = [prng.pick(TYPES), u16(prng), u32(prng), u32(prng)];
    const [algorithm, labels, originalTtlS] = [u8(prng), prng.int(0, 9), u32(prng)];
    const [signer, signature] = [randomName(prng), octets(prng, 64)];
    return {
      ours: {
        kind: 'RRSIG',
        covered,
        algorithm,
        labels,
        originalTtlS,
        expirationS,
        inceptionS,
        keyTag,
        signer,
        signature,
      },
      theirs: {
        typeCovered: typeName(covered),
        algorithm,
        labels,
        originalTTL: originalTtlS,
        expiration: expirationS,
        inception: inceptionS,
        keyTag,
        signersName: signer,
        signature: Buffer.from(signature),
      },
    };
  },
  (prng) => {
    const [next, types] = [randomName(prng), prng.some(TYPES, prng.int(1, 8))];
    return {
      ours: { kind: 'NSEC', next, types },
      theirs: { nextDomain: next, rrtypes: types.map(typeName) },
    };
  },
  (prng) => {
    const nsec3 = {
      algorithm: 1,
      flags: prng.int(0, 1),
      iterations: u16(prng),
      salt: octets(prng, prng.int(0, 8)),
    };
    const [nextHashed, types] = [octets(prng, 20), prng.some(TYPES, prng.int(0, 8))];
    return {
      ours: { kind: 'NSEC3', ...nsec3, nextHashed, types },
      theirs: {
        ...nsec3,
        salt: Buffer.from(nsec3.salt),
        nextDomain: Buffer.from(nextHashed),
        rrtypes: types.map(typeName),
      },
    };
  },
  (prng) => {
    const naptr = {
      order: u16(prng),
      preference: u16(prng),
      flags: words(prng, 3),
      services: words(prng, 20),
      regexp: words(prng, 40),
      replacement: randomName(prng),
    };
    return { ours: { kind: 'NAPTR', ...naptr }, theirs: naptr };
  },
  (prng) => {
    const [usage, selector, matching, data] = [u8(prng), u8(prng), u8(prng), octets(prng, 32)];
    return {
      ours: { kind: 'TLSA', usage, selector, matching, data },
      theirs: { usage, selector, matchingType: matching, certificate: Buffer.from(data) },
    };
  },
  (prng) => {
    const [algorithm, fingerprint] = [prng.int(1, 4), octets(prng, 32)];
    return {
      ours: { kind: 'SSHFP', algorithm, fingerprintType: 2, fingerprint },
      theirs: { algorithm, hash: 2, fingerprint: Buffer.from(fingerprint).toString('hex') },
    };
  },
];

function named(kind: 'NS' | 'CNAME' | 'PTR' | 'DNAME', prng: Prng): ReturnType<Make> {
  const target = randomName(prng);
  return { ours: { kind, target }, theirs: target };
}

function u8(prng: Prng): number {
  return prng.int(0, 0xff);
}

function u16(prng: Prng): number {
  return prng.int(0, 0xffff);
}

function u32(prng: Prng): number {
  return prng.int(0, 0xffff_ffff);
}

function octets(prng: Prng, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => u8(prng));
}

/** Text without what one of the two escapes. */
function words(prng: Prng, longest: number): string {
  return Array.from({ length: prng.int(1, longest) }, () =>
    prng.pick(['a', 'b', ' ', '=', ';', '-', '1']),
  ).join('');
}
