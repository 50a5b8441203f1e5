import { decodeMessage } from '#core/dns/codec/decode.ts';
import { encodeResponse, type RecordFields, type ResponseFields } from '#core/dns/codec/encode.ts';
import type { Message } from '#core/dns/codec/message.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';

/** The laboratory's name whose wire length is 18 octets, as `a40.example.test`. */
export const NAME = 'a40.example.test';

/** Addresses of one set: 198.51.100.1 and on. */
export function addresses(count: number, name = NAME): RecordFields[] {
  return Array.from({ length: count }, (_, at) => ({
    name,
    type: RR_TYPES.A,
    ttlS: 60,
    rdata: { kind: 'A', address: `198.51.${100 + (at >> 8)}.${at & 255}` },
  }));
}

export function ipv6Addresses(count: number, name = NAME): RecordFields[] {
  return Array.from({ length: count }, (_, at) => ({
    name,
    type: RR_TYPES.AAAA,
    ttlS: 60,
    rdata: { kind: 'AAAA', address: `2001:db8::${(at + 1).toString(16)}` },
  }));
}

/** Aliases one behind the other from `name`: `c1.example.test` and on, the last of which is the target. */
export function aliases(count: number, name = NAME): RecordFields[] {
  return Array.from({ length: count }, (_, at) => ({
    name: at === 0 ? name : `c${at}.example.test`,
    type: RR_TYPES.CNAME,
    ttlS: 60,
    rdata: { kind: 'CNAME', target: `c${at + 1}.example.test` },
  }));
}

export const SOA: RecordFields = {
  name: 'example.test',
  type: RR_TYPES.SOA,
  ttlS: 300,
  rdata: {
    kind: 'SOA',
    primary: 'ns1.example.test',
    mailbox: 'hostmaster.example.test',
    serial: 1,
    refreshS: 3_600,
    retryS: 900,
    expireS: 604_800,
    minimumS: 300,
  },
};

export function nameServer(owner: string): RecordFields {
  return { name: owner, type: RR_TYPES.NS, ttlS: 300, rdata: { kind: 'NS', target: 'ns1.example.test' } };
}

/** A reply of an authority to a question for A, written and read again. */
export function aReply(over: Partial<ResponseFields> = {}): Message {
  return decodeMessage(
    encodeResponse({
      id: 1,
      name: NAME,
      type: RR_TYPES.A,
      recursionDesired: false,
      authoritative: true,
      ...over,
    }),
  );
}
