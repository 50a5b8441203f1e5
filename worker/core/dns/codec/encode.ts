import type { EdnsOption } from './message.ts';
import type { Name } from './name.ts';
import type { Rdata } from './rdata.ts';

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
  throw new RangeError(`expected a query, got ${query.name}`);
}

/** The octets of a response. @throws RangeError when a name is no domain name or a number does not fit its field */
export function encodeResponse(response: ResponseFields): Uint8Array {
  throw new RangeError(`expected a response, got ${response.name}`);
}
