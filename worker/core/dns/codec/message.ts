import type { Name } from './name.ts';
import type { Rdata } from './rdata.ts';

/** Octets of a message's header (RFC 1035 section 4.1.1). */
export const HEADER_BYTES = 12;
/** Octets of a message at most: what the two octets of its length on a stream can say (RFC 1035 section 4.2.2). */
export const MESSAGE_BYTES_MAX = 65_535;

/** One resource record, with where it stands in the message. Offsets are octets from the message's start. */
export type Rr = {
  /** Owner. */
  name: Name;
  /** RFC 6895 number, e.g. 1 for A. */
  type: number;
  class: number;
  /** Seconds; a TTL with its top bit set is 0 (RFC 2181 section 8). */
  ttlS: number;
  rdata: Rdata;
  /** First octet of the owner, first octet of RDATA, and the octet after the record. */
  start: number;
  rdataStart: number;
  end: number;
  /** Octets the record would take without any name compression: owner + 10 + RDATA with its names spelt out. */
  uncompressedBytes: number;
};

/** An EDNS option (RFC 6891 section 6.1.2), not looked into. */
export type EdnsOption = { code: number; data: Uint8Array };
/** RFC 8914. */
export type ExtendedError = { code: number; text: string };

/** The OPT record of a message (RFC 6891). */
export type Opt = {
  udpBytes: number;
  version: number;
  dnssecOk: boolean;
  /** The 15 flag bits after DO, as sent. */
  z: number;
  options: EdnsOption[];
  extendedErrors: ExtendedError[];
  /** RFC 5001: the text when it is printable, else hexadecimal digits after `0x`. */
  nsid?: string | undefined;
  /** RFC 7873, hexadecimal digits. */
  cookie?: string | undefined;
  /** RFC 9567. */
  reportChannel?: Name | undefined;
  /** Octets the whole OPT record takes. */
  bytes: number;
};

export type QuestionRecord = { name: Name; type: number; class: number; end: number };

export type DecodeError = {
  /** Octet at which reading went wrong. */
  at: number;
  section: 'question' | 'answer' | 'authority' | 'additional' | 'end';
  message: string;
};

/**
 * A DNS message as it was read. What could not be read is in `errors`, and everything that could be is there beside it:
 * a malformed reply is a finding, not an exception.
 */
export type Message = {
  bytes: Uint8Array;
  id: number;
  response: boolean;
  opcode: number;
  authoritative: boolean;
  truncated: boolean;
  recursionDesired: boolean;
  recursionAvailable: boolean;
  authenticated: boolean;
  checkingDisabled: boolean;
  /** The header's four bits with the eight of OPT above them (RFC 6891 section 6.1.3): 16 is BADVERS. */
  rcode: number;
  /** Counts as the header claims them. */
  counts: { questions: number; answers: number; authorities: number; additionals: number };
  questions: QuestionRecord[];
  answers: Rr[];
  authorities: Rr[];
  /** Without OPT. */
  additionals: Rr[];
  opt?: Opt | undefined;
  /** The answer floor: octet after the last record of the answer section (of the question section without one). */
  answerEnd: number;
  /** Octets after the last record. */
  trailingBytes: number;
  errors: DecodeError[];
};
