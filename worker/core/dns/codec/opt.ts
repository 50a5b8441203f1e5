import type { Opt } from './message.ts';
import { hexText } from './octets.ts';
import type { Reader } from './reader.ts';
import { utf8Text } from './utf8.ts';

/** EDNS options looked into, from the IANA registry "DNS EDNS0 Option Codes (OPT)". */
export const EDNS_OPTION = {
  NSID: 3,
  COOKIE: 10,
  PADDING: 12,
  EXTENDED_ERROR: 15,
  REPORT_CHANNEL: 18,
} as const;

/** Where an OPT record stands and what stands in place of its class and TTL (RFC 6891 section 6.1.3). */
export type OptHead = { start: number; class: number; ttl: number };

/** Reads the options up to the reader's end; a bad one leaves a problem, and those before it are there. */
export function readOpt(reader: Reader, head: OptHead): Opt {
  const flags = head.ttl & 0xffff;
  const opt: Opt = {
    udpBytes: head.class,
    version: (head.ttl >>> 16) & 255,
    dnssecOk: flags >= 0x8000,
    z: flags & 0x7fff,
    options: [],
    extendedErrors: [],
    bytes: reader.end - head.start,
  };
  const { end } = reader;
  while (reader.left > 0 && reader.problem === undefined) {
    const code = reader.u16();
    const length = reader.u16();
    if (reader.problem !== undefined) break;
    if (reader.at + length > end) {
      reader.fail(`EDNS option ${code} is ${length} octets long, beyond the end of OPT`);
      break;
    }
    const next = reader.at + length;
    opt.options.push({ code, data: reader.octets(length) });
    reader.at = next - length;
    reader.end = next;
    readOption(reader, code, opt);
    reader.at = next;
    reader.end = end;
  }
  return opt;
}

function readOption(reader: Reader, code: number, opt: Opt): void {
  switch (code) {
    case EDNS_OPTION.NSID:
      opt.nsid = nsidText(reader.rest());
      break;
    case EDNS_OPTION.COOKIE:
      // RFC 7873 section 4: 8 octets of the client, and 8 to 32 of the server.
      if (reader.left !== 8 && (reader.left < 16 || reader.left > 40)) {
        reader.fail(`expected a cookie of 8 or 16 to 40 octets, got ${reader.left}`);
      }
      opt.cookie = hexText(reader.rest());
      break;
    case EDNS_OPTION.EXTENDED_ERROR: {
      const infoCode = reader.u16();
      if (reader.problem !== undefined) break;
      if (reader.left === 0) {
        opt.extendedErrors.push({ code: infoCode, text: '' });
        break;
      }
      const text = reader.rest();
      // RFC 8914 section 2: the text may end in a NUL, which is no part of it.
      const spoken = text.at(-1) === 0 ? text.subarray(0, -1) : text;
      opt.extendedErrors.push({ code: infoCode, text: utf8Text(spoken) });
      break;
    }
    case EDNS_OPTION.REPORT_CHANNEL: {
      const agent = reader.plainName();
      if (reader.left > 0) reader.fail(`the report channel has ${reader.left} octets too many`);
      if (reader.problem === undefined) opt.reportChannel = agent;
      break;
    }
    default:
  }
}

function nsidText(octets: Uint8Array): string {
  const printable = octets.length > 0 && octets.every((octet) => octet >= 0x20 && octet < 0x7f);
  return printable ? String.fromCharCode(...octets) : `0x${hexText(octets)}`;
}
