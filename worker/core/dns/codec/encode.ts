import type { EdnsOption } from './message.ts';
import type { Name } from './name.ts';
import { writeRdata } from './rdata-writer.ts';
import type { Rdata } from './rdata.ts';
import { CLASS, RR_TYPES } from './registry.ts';
import { Writer } from './writer.ts';

/** What a query asks, and how. */
export type QueryFields = {
  id: number;
  name: Name;
  type: number;
  class?: number | undefined;
  opcode?: number | undefined;
  recursionDesired: boolean;
  checkingDisabled?: boolean | undefined;
  authenticData?: boolean | undefined;
  edns?:
    | {
        version?: number | undefined;
        udpBytes: number;
        dnssecOk: boolean;
        /** The 15 bits after DO. */
        z?: number | undefined;
        options?: readonly EdnsOption[] | undefined;
      }
    | undefined;
};

/** A record to be written: of a zone that is planned, or of a test's own server. */
export type RecordFields = {
  name: Name;
  type: number;
  class?: number | undefined;
  ttlS: number;
  rdata: Rdata;
};

/** A whole message to be written, names compressed as BIND and NSD do (owners, and names in RDATA of RFC 1035 types). */
export type ResponseFields = QueryFields & {
  authoritative?: boolean | undefined;
  truncated?: boolean | undefined;
  recursionAvailable?: boolean | undefined;
  rcode?: number | undefined;
  answers?: readonly RecordFields[] | undefined;
  authorities?: readonly RecordFields[] | undefined;
  additionals?: readonly RecordFields[] | undefined;
};

/** The octets of a query. @throws RangeError when a name is no domain name or a number does not fit its field */
export function encodeQuery(query: QueryFields): Uint8Array {
  const writer = new Writer();
  writeHeader(writer, query, 0);
  // Nothing comes before it that it could point at, and nothing behind it that points at it.
  writer.plainName(query.name);
  writeTypeAndClass(writer, query);
  writeOpt(writer, query, 0);
  return writer.done();
}

/** The octets of a response. @throws RangeError when a name is no domain name or a number does not fit its field */
export function encodeResponse(response: ResponseFields): Uint8Array {
  const { authoritative, truncated, recursionAvailable, rcode = 0 } = response;
  const { answers = [], authorities = [], additionals = [] } = response;
  const writer = new Writer();
  const flags =
    0x8000 | (authoritative ? 0x0400 : 0) | (truncated ? 0x0200 : 0) | (recursionAvailable ? 0x80 : 0);
  if (rcode > 15 && !response.edns) throw new RangeError(`expected rcode 0 to 15 without EDNS, got ${rcode}`);
  writeHeader(writer, response, flags | (rcode & 15), [
    answers.length,
    authorities.length,
    additionals.length,
  ]);
  writer.name(response.name);
  writeTypeAndClass(writer, response);
  for (const section of [answers, authorities, additionals]) {
    for (const record of section) writeRecord(writer, record);
  }
  writeOpt(writer, response, rcode);
  return writer.done();
}

function writeHeader(writer: Writer, query: QueryFields, flags: number, counts = [0, 0, 0]): void {
  const { id, opcode = 0, recursionDesired, authenticData, checkingDisabled, edns } = query;
  if (!Number.isInteger(opcode) || opcode < 0 || opcode > 15) {
    throw new RangeError(`expected opcode from 0 to 15, got ${opcode}`);
  }
  const [answers = 0, authorities = 0, additionals = 0] = counts;
  writer.u16(id, 'id');
  writer.u16(
    flags |
      (opcode << 11) |
      (recursionDesired ? 0x0100 : 0) |
      (authenticData ? 0x20 : 0) |
      (checkingDisabled ? 0x10 : 0),
    'flags',
  );
  writer.u16(1, 'number of questions');
  writer.u16(answers, 'number of answers');
  writer.u16(authorities, 'number of authority records');
  writer.u16(additionals + (edns ? 1 : 0), 'number of additional records');
}

function writeTypeAndClass(writer: Writer, query: QueryFields): void {
  writer.u16(query.type, 'type');
  writer.u16(query.class ?? CLASS.IN, 'class');
}

/** RFC 6891 section 6.1.3; OPT is put last. */
function writeOpt(writer: Writer, { edns }: QueryFields, rcode: number): void {
  if (!edns) return;
  const { version = 0, udpBytes, dnssecOk, z = 0, options = [] } = edns;
  if (!Number.isInteger(z) || z < 0 || z > 0x7fff) {
    throw new RangeError(`expected EDNS flags from 0 to 32767, got ${z}`);
  }
  writer.u8(0, 'root');
  writer.u16(RR_TYPES.OPT, 'type');
  writer.u16(udpBytes, 'EDNS size');
  writer.u8(rcode >> 4, 'rcode divided by 16');
  writer.u8(version, 'EDNS version');
  writer.u16((dnssecOk ? 0x8000 : 0) | z, 'EDNS flags');
  writer.withLength('EDNS options', () => {
    for (const { code, data } of options) {
      writer.u16(code, 'EDNS option');
      writer.withLength(`EDNS option ${code}`, () => writer.octets(data));
    }
  });
}

function writeRecord(writer: Writer, record: RecordFields): void {
  const { name, type, ttlS, rdata } = record;
  writer.name(name);
  writer.u16(type, 'type');
  writer.u16(record.class ?? CLASS.IN, 'class');
  writer.u32(ttlS, 'TTL in seconds');
  writer.withLength('record data', () => writeRdata(writer, rdata));
}
