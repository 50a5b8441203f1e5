/** How people call an algorithm of a key (IANA registry “DNS Security Algorithm Numbers”). */
const ALGORITHM_NAMES: Readonly<Record<number, string>> = {
  1: 'RSAMD5',
  3: 'DSA',
  5: 'RSASHA1',
  6: 'DSA-NSEC3-SHA1',
  7: 'RSASHA1-NSEC3-SHA1',
  8: 'RSASHA256',
  10: 'RSASHA512',
  12: 'ECC-GOST',
  13: 'ECDSAP256SHA256',
  14: 'ECDSAP384SHA384',
  15: 'ED25519',
  16: 'ED448',
};

/** Algorithms no zone is to be signed with any more, and the document that says so; RFC 9904 keeps the registry of them. */
const RETIRED_ALGORITHMS: Readonly<Record<number, string>> = {
  1: 'RFC 8624',
  3: 'RFC 8624',
  5: 'RFC 9905',
  6: 'RFC 8624',
  7: 'RFC 9905',
  12: 'RFC 9906',
};

/** Digests no DS is to be made with any more. */
const RETIRED_DIGESTS: Readonly<Record<number, { name: string; source: string }>> = {
  1: { name: 'SHA-1', source: 'RFC 9905' },
  3: { name: 'GOST R 34.11-94', source: 'RFC 9906' },
};

export function algorithmName(algorithm: number): string {
  return ALGORITHM_NAMES[algorithm] ?? `algorithm ${algorithm}`;
}

/** The document that retired an algorithm; `undefined` of one in use. */
export function retiredBy(algorithm: number): string | undefined {
  return RETIRED_ALGORITHMS[algorithm];
}

export function retiredDigest(digestType: number): { name: string; source: string } | undefined {
  return RETIRED_DIGESTS[digestType];
}
