import { octetsOfHex } from '#test/fixtures/dns/octets.ts';

/** `a.test`, at offset 12 of a crafted reply: 8 octets. Its `test` is at 14. */
export const QUESTION_NAME = '01 61 04 74 65 73 74 00';
/** Points at the question's name. */
export const OWNER = 'c0 0c';
/** Where the first record of a crafted reply starts: after the header, the question's name, its type and its class. */
export const FIRST_AT = 24;

type Counts = { answers?: number; authorities?: number; additionals?: number };

/** A reply to `a.test A IN` whose records are hexadecimal digits; the header claims that all of them are answers. */
export function craftedReply(
  records: readonly string[],
  counts: Counts = { answers: records.length },
): Uint8Array {
  const { answers = 0, authorities = 0, additionals = 0 } = counts;
  const header = `0001 8400 0001 ${count(answers)} ${count(authorities)} ${count(additionals)}`;
  return octetsOfHex(`${header} ${QUESTION_NAME} 0001 0001 ${records.join(' ')}`);
}

/** A record of `a.test` in class IN with a TTL of one minute. */
export function craftedRecord(type: number, rdata: string, rdlength = octetsOfHex(rdata).length): string {
  return `${OWNER} ${count(type)} 0001 0000003c ${count(rdlength)} ${rdata}`;
}

/** An OPT record that offers 1232 octets. */
export function craftedOpt(options: string, ttl = '00000000'): string {
  return `00 0029 04d0 ${ttl} ${count(octetsOfHex(options).length)} ${options}`;
}

export function count(value: number): string {
  return value.toString(16).padStart(4, '0');
}

/** The hexadecimal digits of a text's octets. */
export function hexOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}
