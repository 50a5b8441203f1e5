import { HEADER_BYTES, type Message, type Rr } from '../codec/message.ts';
import { RR_TYPES } from '../codec/registry.ts';

/** Type, class, TTL and length of a record (RFC 1035 section 4.1.3), and a pointer to the owner before them. */
const RECORD_FIXED_BYTES = 10;
const POINTER_BYTES = 2;
/** An OPT record without options (RFC 6891 section 6.1.2). */
export const OPT_BYTES = 11;

/** What a client without EDNS takes over UDP (RFC 1035 section 4.2.1). */
export const PLAIN_UDP_BYTES = 512;

/** RDATA of the types whose records all have one size. */
const RDATA_BYTES = new Map<number, number>([
  [RR_TYPES.A, 4],
  [RR_TYPES.AAAA, 16],
]);

/**
 * Octet after the last record of the answer: header, question and answers, and nothing that a server or a transport adds.
 * It is the same on every server that compresses names (reference: dns, section 0.3).
 */
export function floorBytes(message: Message): number {
  return message.answerEnd;
}

export function wireBytes(message: Message): number {
  return message.bytes.length;
}

/** Octets of the question section, header included. */
function questionEnd(message: Message): number {
  return message.questions.at(-1)?.end ?? HEADER_BYTES;
}

/** What header, question and answers take once somebody on the way writes them again without compressing names. */
export function uncompressedBytes(message: Message): number {
  return message.answers.reduce((sum, record) => sum + record.uncompressedBytes, questionEnd(message));
}

/** Room that is left under a limit; negative is what there is too much (reference: dns, section 1.4). */
export type Headroom = {
  bytes: number;
  /** Whole records like the last one; of A and AAAA with their owner as a pointer. */
  records: number;
};

/** Octets and records that still go into `limitBytes`; with `edns` the OPT record takes its eleven of them. */
export function headroomOf(
  message: Message,
  type: number,
  limitBytes: number,
  { edns }: { edns: boolean },
): Headroom {
  const bytes = limitBytes - floorBytes(message) - (edns ? OPT_BYTES : 0);
  return { bytes, records: Math.floor(bytes / recordBytes(message, type)) };
}

/** What one more record of the type would take: that of addresses is known, of others the last record tells. */
function recordBytes(message: Message, type: number): number {
  const rdataBytes = RDATA_BYTES.get(type);
  if (rdataBytes !== undefined) return POINTER_BYTES + RECORD_FIXED_BYTES + rdataBytes;
  const last = message.answers.findLast((record) => record.type === type);
  return last ? sizeOf(last) : POINTER_BYTES + RECORD_FIXED_BYTES;
}

const sizeOf = (record: Rr): number => record.end - record.start;
