import type { Name } from './name.ts';

/** One parameter of SVCB or HTTPS (RFC 9460 section 2.1). */
export type SvcParam =
  | { key: 'mandatory'; keys: string[] }
  | { key: 'alpn'; ids: string[] }
  | { key: 'no-default-alpn' }
  | { key: 'port'; port: number }
  | { key: 'ipv4hint' | 'ipv6hint'; addresses: string[] }
  | { key: 'ech'; data: Uint8Array }
  | { key: 'dohpath'; path: string }
  | { key: `key${number}`; data: Uint8Array };

/**
 * The data of a record by its type. `unknown` is of a type not known here (RFC 3597); `malformed` did not fit its type:
 * nothing is made up for it, and its octets are in the message.
 */
export type Rdata =
  | { kind: 'A' | 'AAAA'; address: string }
  | { kind: 'NS' | 'CNAME' | 'PTR' | 'DNAME'; target: Name }
  | { kind: 'MX'; preference: number; exchange: Name }
  | { kind: 'SRV'; priority: number; weight: number; port: number; target: Name }
  /** Character strings, octets as text by RFC 1035 section 5.1 without the quotes. */
  | { kind: 'TXT'; strings: string[] }
  | {
      kind: 'SOA';
      primary: Name;
      mailbox: Name;
      serial: number;
      refreshS: number;
      retryS: number;
      expireS: number;
      minimumS: number;
    }
  | { kind: 'CAA'; critical: boolean; tag: string; value: string }
  | { kind: 'SVCB' | 'HTTPS'; priority: number; target: Name; params: SvcParam[] }
  | { kind: 'DS'; keyTag: number; algorithm: number; digestType: number; digest: Uint8Array }
  | { kind: 'DNSKEY'; flags: number; protocol: number; algorithm: number; key: Uint8Array; keyTag: number }
  | {
      kind: 'RRSIG';
      covered: number;
      algorithm: number;
      labels: number;
      originalTtlS: number;
      /** Seconds since 1970 as sent, 32 bits: compare by RFC 1982 arithmetic. */
      expirationS: number;
      inceptionS: number;
      keyTag: number;
      signer: Name;
      signature: Uint8Array;
    }
  | { kind: 'NSEC'; next: Name; types: number[] }
  | {
      kind: 'NSEC3';
      algorithm: number;
      flags: number;
      iterations: number;
      salt: Uint8Array;
      nextHashed: Uint8Array;
      types: number[];
    }
  | { kind: 'NSEC3PARAM'; algorithm: number; flags: number; iterations: number; salt: Uint8Array }
  | {
      kind: 'NAPTR';
      order: number;
      preference: number;
      flags: string;
      services: string;
      regexp: string;
      replacement: Name;
    }
  | { kind: 'TLSA'; usage: number; selector: number; matching: number; data: Uint8Array }
  | { kind: 'SSHFP'; algorithm: number; fingerprintType: number; fingerprint: Uint8Array }
  | { kind: 'unknown'; data: Uint8Array }
  | { kind: 'malformed'; why: string };
