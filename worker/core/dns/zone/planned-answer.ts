import { decodeMessage } from '../codec/decode.ts';
import { encodeResponse, type RecordFields } from '../codec/encode.ts';
import type { Message } from '../codec/message.ts';
import { longestBelow, type Name } from '../codec/name.ts';
import { RCODE, RR_TYPES } from '../codec/registry.ts';
import { lookUp, type Lookup } from './lookup.ts';
import type { ZoneRecord } from './master-file.ts';
import { cutAbove, recordsAt, type Zone } from './zone.ts';

/** The whole answer a zone would give, written out so that it is measured as a reply is. */
export type PlannedAnswer = Lookup & {
  name: Name;
  type: number;
  /** As over TCP without EDNS; absent when no DNS message has room for it. */
  message?: Message | undefined;
  /** The same with DO, when the zone's file has signatures for it. */
  signed?: Message | undefined;
};

/** What an authoritative server of the zone would answer. Names are compressed as BIND and NSD do. */
export function plannedAnswer(zone: Zone, name: Name, type: number): PlannedAnswer {
  const found = lookUp(zone, name, type);
  const answers = [...found.aliases, ...found.records];
  const signatures = answers.length === 0 ? [] : signaturesOf(zone, found);
  return {
    ...found,
    name,
    type,
    message: messageOf(zone, found, { name, type, answers, dnssecOk: false }),
    signed:
      signatures.length === 0
        ? undefined
        : messageOf(zone, found, { name, type, answers: [...answers, ...signatures], dnssecOk: true }),
  };
}

/**
 * What the zone's servers say to somebody who asks for the longest name below a delegation: NS records and the addresses
 * that the zone has of them.
 */
export function plannedReferral(zone: Zone, cut: Name): Message | undefined {
  const servers = recordsAt(zone, cut, RR_TYPES.NS);
  const glue = servers.flatMap(({ rdata }) =>
    rdata.kind === 'NS'
      ? [RR_TYPES.A, RR_TYPES.AAAA].flatMap((type) => recordsAt(zone, rdata.target, type))
      : [],
  );
  return written({
    name: longestBelow(cut),
    type: RR_TYPES.A,
    rcode: RCODE.NOERROR,
    dnssecOk: false,
    authorities: servers,
    additionals: glue,
  });
}

type Draft = {
  name: Name;
  type: number;
  dnssecOk: boolean;
  rcode: number;
  answers?: readonly RecordFields[];
  authorities?: readonly RecordFields[];
  additionals?: readonly RecordFields[];
};

function messageOf(
  zone: Zone,
  { kind, target }: Lookup,
  draft: Pick<Draft, 'name' | 'type' | 'answers' | 'dnssecOk'>,
): Message | undefined {
  const rcode = kind === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR;
  const authorities =
    kind === 'nodata' || kind === 'nxdomain'
      ? recordsAt(zone, zone.apex, RR_TYPES.SOA)
      : kind === 'referral'
        ? recordsAt(zone, cutAbove(zone, target) ?? target, RR_TYPES.NS)
        : [];
  return written({ ...draft, rcode, authorities });
}

/** `undefined` when it is longer than any message can be. */
function written({ dnssecOk, ...draft }: Draft): Message | undefined {
  try {
    const bytes = encodeResponse({
      ...draft,
      id: 0,
      recursionDesired: false,
      authoritative: true,
      edns: dnssecOk ? { udpBytes: 1_232, dnssecOk } : undefined,
    });
    return decodeMessage(bytes);
  } catch (error) {
    // Names and numbers are those of records that were read: only the length can be wrong.
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}

function signaturesOf(zone: Zone, { aliases, records }: Lookup): ZoneRecord[] {
  const sets = [...aliases.map((alias) => [alias]), ...(records.length > 0 ? [records] : [])];
  return sets.flatMap(([first]) =>
    first === undefined
      ? []
      : recordsAt(zone, first.name, RR_TYPES.RRSIG).filter(
          ({ rdata }) => rdata.kind === 'RRSIG' && rdata.covered === first.type,
        ),
  );
}
