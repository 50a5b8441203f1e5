import { base64Text } from '../codec/octets.ts';

/** What core cannot compute. `undefined`: of a kind that is not known here, which proves nothing. */
export type Cryptography = {
  /** A DS digest by its type (RFC 4509, RFC 6605). */
  digest(digestType: number, octets: Uint8Array): Promise<Uint8Array | undefined>;
  /** Whether a signature of an algorithm holds under a key as DNSKEY carries it. */
  verify(signature: Signed): Promise<boolean | undefined>;
};

export type Signed = { algorithm: number; key: Uint8Array; octets: Uint8Array; signature: Uint8Array };

/** As much of `SubtleCrypto` as is needed: Node's and the Worker's own both fit. */
export type Subtle<Key> = {
  digest(algorithm: string, data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
  importKey(
    format: 'raw',
    key: Uint8Array<ArrayBuffer>,
    algorithm: KeyParameters,
    extractable: boolean,
    usages: 'verify'[],
  ): Promise<Key>;
  importKey(
    format: 'jwk',
    key: { kty: 'RSA'; n: string; e: string },
    algorithm: KeyParameters,
    extractable: boolean,
    usages: 'verify'[],
  ): Promise<Key>;
  verify(
    algorithm: KeyParameters,
    key: Key,
    signature: Uint8Array<ArrayBuffer>,
    data: Uint8Array<ArrayBuffer>,
  ): Promise<boolean>;
};

type KeyParameters = { name: string; namedCurve?: string; hash?: string };

/** Digest types of DS (IANA registry “Delegation Signer (DS) Resource Record Type Digest Algorithms”). */
const DIGESTS: Readonly<Record<number, string>> = { 1: 'SHA-1', 2: 'SHA-256', 4: 'SHA-384' };

const rsa = (hash: string): KeyParameters => ({ name: 'RSASSA-PKCS1-v1_5', hash });
const ecdsa = (namedCurve: string, hash: string): KeyParameters => ({ name: 'ECDSA', namedCurve, hash });

/** Algorithms of DNSKEY: RFC 3110, RFC 5702, RFC 6605, RFC 8080. */
const ALGORITHMS: Readonly<Record<number, KeyParameters>> = {
  5: rsa('SHA-1'),
  7: rsa('SHA-1'),
  8: rsa('SHA-256'),
  10: rsa('SHA-512'),
  13: ecdsa('P-256', 'SHA-256'),
  14: ecdsa('P-384', 'SHA-384'),
  15: { name: 'Ed25519' },
};

/** The cryptography of a platform that has Web Crypto. */
export function cryptographyOf<Key>(subtle: Subtle<Key>): Cryptography {
  return {
    async digest(digestType, octets) {
      const name = DIGESTS[digestType];
      return name === undefined ? undefined : new Uint8Array(await subtle.digest(name, copyOf(octets)));
    },
    async verify({ algorithm, key, octets, signature }) {
      const parameters = ALGORITHMS[algorithm];
      if (!parameters) return undefined;
      try {
        const imported = await keyOf(subtle, parameters, key);
        if (!imported) return false;
        return await subtle.verify(parameters, imported, copyOf(signature), copyOf(octets));
      } catch (error) {
        // A key that is no point of its curve; an algorithm, or a size of a key, that the platform leaves out.
        if (error instanceof Error && error.name === 'DataError') return false;
        if (error instanceof Error && /^(?:NotSupported|Operation)Error$/.test(error.name)) return undefined;
        throw error;
      }
    },
  };
}

/** `undefined` of a key that is none. */
async function keyOf<Key>(
  subtle: Subtle<Key>,
  parameters: KeyParameters,
  key: Uint8Array,
): Promise<Key | undefined> {
  if (parameters.name === 'RSASSA-PKCS1-v1_5') {
    const parts = rsaParts(key);
    if (!parts) return undefined;
    const jwk = { kty: 'RSA', n: base64Url(parts.modulus), e: base64Url(parts.exponent) } as const;
    return subtle.importKey('jwk', jwk, parameters, false, ['verify']);
  }
  // An uncompressed point has a four before its two numbers (SEC 1); DNSKEY leaves it out (RFC 6605 section 4).
  const raw = parameters.name === 'ECDSA' ? Uint8Array.from([4, ...key]) : copyOf(key);
  return subtle.importKey('raw', raw, parameters, false, ['verify']);
}

/** RFC 3110 section 2: the exponent's length in one octet, or in two after a zero. */
function rsaParts(key: Uint8Array): { exponent: Uint8Array; modulus: Uint8Array } | undefined {
  const isLong = key[0] === 0;
  const length = isLong ? ((key[1] ?? 0) << 8) | (key[2] ?? 0) : (key[0] ?? 0);
  const start = isLong ? 3 : 1;
  if (length === 0 || key.length <= start + length) return undefined;
  return { exponent: key.subarray(start, start + length), modulus: key.subarray(start + length) };
}

function base64Url(octets: Uint8Array): string {
  return base64Text(octets).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Web Crypto takes no shared memory. */
function copyOf(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(octets);
}
