import type { ExtendedError } from '../codec/message.ts';

/** What an extended error is about; `limit` is a resolver's own bound on an answer, which has no number of its own. */
export type ErrorFamily =
  | 'stale'
  | 'dnssec'
  | 'policy'
  | 'reachability'
  | 'data'
  | 'rate'
  | 'limit'
  | 'other';

/**
 * Names from the IANA registry “Extended DNS Error Codes” (RFC 8914 section 5.2), as of 0 to 34 registered; families from
 * reference: dns, section 1.2.
 */
const CODES: Readonly<Record<number, readonly [name: string, family: ErrorFamily]>> = {
  0: ['Other Error', 'other'],
  1: ['Unsupported DNSKEY Algorithm', 'dnssec'],
  2: ['Unsupported DS Digest Type', 'dnssec'],
  3: ['Stale Answer', 'stale'],
  4: ['Forged Answer', 'policy'],
  5: ['DNSSEC Indeterminate', 'dnssec'],
  6: ['DNSSEC Bogus', 'dnssec'],
  7: ['Signature Expired', 'dnssec'],
  8: ['Signature Not Yet Valid', 'dnssec'],
  9: ['DNSKEY Missing', 'dnssec'],
  10: ['RRSIGs Missing', 'dnssec'],
  11: ['No Zone Key Bit Set', 'dnssec'],
  12: ['NSEC Missing', 'dnssec'],
  13: ['Cached Error', 'reachability'],
  14: ['Not Ready', 'reachability'],
  15: ['Blocked', 'policy'],
  16: ['Censored', 'policy'],
  17: ['Filtered', 'policy'],
  18: ['Prohibited', 'policy'],
  19: ['Stale NXDOMAIN Answer', 'stale'],
  20: ['Not Authoritative', 'reachability'],
  21: ['Not Supported', 'other'],
  22: ['No Reachable Authority', 'reachability'],
  23: ['Network Error', 'reachability'],
  24: ['Invalid Data', 'data'],
  25: ['Signature Expired before Valid', 'dnssec'],
  26: ['Too Early', 'other'],
  27: ['Unsupported NSEC3 Iterations Value', 'dnssec'],
  28: ['Unable to conform to policy', 'other'],
  29: ['Synthesized', 'policy'],
  30: ['Invalid Query Type', 'other'],
  31: ['Rate Limited', 'rate'],
  32: ['Over Quota', 'rate'],
  33: ['', 'dnssec'],
};

/**
 * What the text tells, which is more to be trusted than the number: Unbound 1.17.1 sends expired signatures as 9 “DNSKEY
 * Missing” with “signature expired” in the text, BIND 9.18 a chain that is too long as 0 (reference: dns, section 1.2). The
 * first that matches counts.
 */
const TEXTS: readonly (readonly [RegExp, ErrorFamily])[] = [
  [/signature|rrsig|dnskey|dnssec|\bds\b|nsec|bogus|validat|trust anchor/i, 'dnssec'],
  [/restarts|too many|exceed|chain too|loop/i, 'limit'],
  [/stale|expired (answer|data|record)/i, 'stale'],
  [
    /unreachable|timed? ?out|no (reachable )?(servers?|authorit)|lame|refused|upstream|network error/i,
    'reachability',
  ],
];

/** What an extended error is about, by its text, else by its number. */
export function errorFamily({ code, text }: ExtendedError): ErrorFamily {
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? CODES[code]?.[1] ?? 'other';
}

/** `EDE 9 DNSKEY Missing “signature expired …”`. */
export function errorWords({ code, text }: ExtendedError): string {
  const name = CODES[code]?.[0] ?? '';
  return `EDE ${code}${name === '' ? '' : ` ${name}`}${text === '' ? '' : ` “${text.slice(0, 150)}”`}`;
}

/** Whether the number itself says that the answer is older than its TTL. */
export function isStaleCode(code: number): boolean {
  return CODES[code]?.[1] === 'stale';
}
