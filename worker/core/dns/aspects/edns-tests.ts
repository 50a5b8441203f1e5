import type { Query } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import { askedBy, OFFERED_BYTES, withoutEdns, type Asked } from '../asking/question.ts';
import type { Server } from '../asking/server.ts';
import type { Message } from '../codec/message.ts';
import { RCODE, RR_TYPES, rcodeName } from '../codec/registry.ts';
import type { Finding, FindingSeverity } from '../findings/finding.ts';

/** A version, an option, a flag, a type and an opcode that nobody has given a meaning (RFC 8906 sections 8.1 and 8.2). */
const UNKNOWN = { version: 100, option: 100, flag: 0x40, type: 1_000, opcode: 15 } as const;
const SMALL_BYTES = 512;

type Ids =
  | 'plain'
  | 'edns'
  | 'version'
  | 'option'
  | 'flag'
  | 'do'
  | 'small'
  | 'type'
  | 'opcode'
  | 'tcp'
  | 'bare-tcp';

/** One question of the list, and what a server that keeps to the standard replies. */
export type EdnsTest = {
  id: Ids;
  title: string;
  /** Asked only when the server replied to this one. */
  after?: Ids;
  /** Asked only when the server did not reply to this one, to tell whose fault that is. */
  behind?: Ids;
  /** `undefined` where the server or the vantage does not have the transport. */
  query: (inquiry: Inquiry, server: Server) => Query | undefined;
  /** What is wrong with a reply, as the end of "…: got"; `undefined` when nothing is. `plain`: the one without EDNS. */
  fault?: (message: Message, plain: Message | undefined) => string | undefined;
  /** At most this bad: where no client asks so. */
  atMost?: FindingSeverity;
};

/**
 * RFC 8906 section 8, as ISC's EDNS compliance tester asks it, but of the name and not of the zone's SOA: half of the list is
 * then asked already for sizes.
 */
export const EDNS_TESTS: readonly EdnsTest[] = [
  { id: 'plain', title: 'a question without EDNS', query: udp((base) => withoutEdns(base)), fault: noError },
  {
    id: 'edns',
    title: 'EDNS',
    query: udp((base) => base),
    fault: (message, plain) => noError(message, plain) ?? withoutOpt(message),
  },
  {
    id: 'version',
    title: `EDNS version ${UNKNOWN.version}`,
    after: 'edns',
    query: udp((base) => withEdns(base, { version: UNKNOWN.version })),
    fault: (message) =>
      message.rcode === RCODE.BADVERS ? undefined : `${rcodeName(message.rcode)} instead of BADVERS`,
    // There is no other version than 0, and firewalls that drop one harm nobody until there is.
    atMost: 'warn',
  },
  {
    id: 'option',
    title: 'an unknown EDNS option',
    after: 'edns',
    query: udp((base) => withEdns(base, { options: [{ code: UNKNOWN.option, data: new Uint8Array() }] })),
    fault: (message, plain) =>
      noError(message, plain) ??
      withoutOpt(message) ??
      (message.opt?.options.some(({ code }) => code === UNKNOWN.option) ? 'the option sent back' : undefined),
  },
  {
    id: 'flag',
    title: 'an unknown EDNS flag',
    after: 'edns',
    query: udp((base) => withEdns(base, { z: UNKNOWN.flag })),
    fault: (message, plain) =>
      noError(message, plain) ??
      withoutOpt(message) ??
      (message.opt?.z === 0 ? undefined : 'the flag sent back'),
    atMost: 'warn',
  },
  {
    id: 'do',
    title: 'EDNS with DO',
    after: 'edns',
    query: udp((base) => withEdns(base, { dnssecOk: true })),
    fault: (message, plain) =>
      noError(message, plain) ??
      withoutOpt(message) ??
      (message.opt?.dnssecOk ? undefined : 'a reply without DO'),
  },
  {
    id: 'small',
    title: `DNSKEY with DO in ${SMALL_BYTES} octets`,
    after: 'edns',
    query: udp((base, zone) => ({
      ...withEdns(base, { udpBytes: SMALL_BYTES, dnssecOk: true }),
      name: zone ?? base.name,
      type: RR_TYPES.DNSKEY,
    })),
    fault: (message, plain) => noError(message, plain) ?? withoutOpt(message),
  },
  {
    id: 'type',
    title: 'an unknown record type',
    after: 'plain',
    query: udp((base) => ({ ...withoutEdns(base), type: UNKNOWN.type })),
    fault: noError,
  },
  {
    id: 'opcode',
    title: 'an unknown opcode',
    after: 'plain',
    query: udp((base) => ({ ...withoutEdns(base), opcode: UNKNOWN.opcode })),
    fault: (message) =>
      message.rcode === RCODE.NOTIMP ? undefined : `${rcodeName(message.rcode)} instead of NOTIMP`,
    // No resolver asks so; PowerDNS drops it (reference: dns, section 4.1).
    atMost: 'warn',
  },
  {
    id: 'tcp',
    title: 'EDNS over TCP',
    query: (inquiry, server) => stream(inquiry, server, true),
    fault: (message, plain) => noError(message, plain) ?? withoutOpt(message),
  },
  {
    id: 'bare-tcp',
    title: 'TCP',
    behind: 'tcp',
    query: (inquiry, server) => stream(inquiry, server, false),
  },
];

/** What one reply, or none, says of the server. Silence and FORMERR break clients; a wrong code only those that look. */
export function complianceOf(
  test: EdnsTest,
  { exchange, message, outcome }: Answered,
  plain: Message | undefined,
): Finding[] {
  const { title, fault, atMost } = test;
  if (!fault) return [];
  const found = (severity: FindingSeverity, got: string, harm: string): Finding[] => [
    {
      id: 'B10',
      severity: atMost ?? severity,
      subject: title,
      message: `To ${title}: got ${got}${atMost ? '' : harm}.`,
      outcome,
    },
  ];
  if (!message)
    return found(
      'fail',
      exchange.trouble?.message ?? 'a reply that cannot be read',
      '; resolvers wait and try again',
    );
  const wrong = fault(message, plain);
  if (wrong === undefined) return [];
  return message.rcode === RCODE.FORMERR
    ? found('fail', 'FORMERR', '; resolvers must find out and ask again without')
    : found('warn', wrong, '');
}

/** What a server says of the name, whatever the question's manner, is not about EDNS: others tell of it. */
function noError({ rcode }: Message, plain: Message | undefined): string | undefined {
  if (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN || rcode === plain?.rcode) return undefined;
  const isOfName = plain === undefined && rcode !== RCODE.FORMERR && rcode !== RCODE.NOTIMP;
  return isOfName ? undefined : rcodeName(rcode);
}

function withoutOpt({ opt }: Message): string | undefined {
  return opt ? undefined : 'a reply without EDNS';
}

function askedOf({ settings }: Inquiry, server: Server): Asked {
  return {
    server,
    name: settings.name,
    type: settings.types[0] ?? RR_TYPES.A,
    recursionDesired: false,
  };
}

function udp(change: (base: Query, zone: Inquiry['zone']) => Query): EdnsTest['query'] {
  return (inquiry, server) => {
    const query = askedBy('U1', askedOf(inquiry, server), inquiry.vantage);
    return query && change(query, inquiry.zone);
  };
}

function stream(inquiry: Inquiry, server: Server, withOpt: boolean): Query | undefined {
  const query = askedBy('T', askedOf(inquiry, server), inquiry.vantage);
  return query && !withOpt ? withoutEdns(query) : query;
}

function withEdns(query: Query, over: Partial<NonNullable<Query['edns']>>): Query {
  return { ...query, edns: { udpBytes: OFFERED_BYTES, dnssecOk: false, ...over } };
}
