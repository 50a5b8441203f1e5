import { crc32 } from 'node:zlib';

/**
 * Kinds of lines in the journal: `run` adds a run (its JSON), `gone` takes runs away (a JSON array of ids).
 */
export const RECORD_KINDS = ['run', 'gone'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];
export type JournalRecord = { kind: RecordKind; json: string };

const NEWLINE = 0x0a;
/** Longest head: `gone`, a length of up to 8 digits, a checksum of 8, three spaces. */
const HEAD_BYTES_MAX = 32;

/**
 * One line of the journal: `<kind> <bytes of json> <CRC-32 of kind and json, 8 hex digits> <json>\n`.
 * JSON has no line break of its own, so a reader finds the next record after a damaged one.
 */
export function encodeRecord(record: JournalRecord): Buffer {
  const json = Buffer.from(record.json, 'utf8');
  const head = `${record.kind} ${json.length} ${checksum(record.kind, json)} `;
  return Buffer.concat([Buffer.from(head, 'latin1'), json, Buffer.from([NEWLINE])]);
}

/** The record in a line (without its line break); `undefined` when it is torn or damaged in any way. Never throws. */
export function decodeRecord(line: Buffer): JournalRecord | undefined {
  const head = /^(run|gone) (\d{1,8}) ([0-9a-f]{8}) /.exec(
    line.subarray(0, HEAD_BYTES_MAX).toString('latin1'),
  );
  if (!head) return undefined;
  const kind = head[1] as RecordKind;
  const json = line.subarray(head[0].length);
  if (json.length !== Number(head[2]) || checksum(kind, json) !== head[3]) return undefined;
  return { kind, json: json.toString('utf8') };
}

function checksum(kind: RecordKind, json: Buffer): string {
  return crc32(json, crc32(kind)).toString(16).padStart(8, '0');
}

export type JournalLine = { offset: number; bytes: number; record: JournalRecord | undefined };

/**
 * Cuts a stream of bytes into journal lines with their place in the file. A last line without its line break is torn and
 * comes as `record: undefined`; so does a line over `lineBytesMax`. Empty lines are skipped.
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  lineBytesMax: number,
): AsyncGenerator<JournalLine> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let skipped = 0;
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, start)) {
      const bytes = skipped + end - start + 1;
      if (bytes > 1)
        yield { offset, bytes, record: skipped > 0 ? undefined : decodeRecord(rest.subarray(start, end)) };
      offset += bytes;
      start = end + 1;
      skipped = 0;
    }
    rest = rest.subarray(start);
    // A file without line breaks is not ours; it must not fill the memory.
    if (rest.length > lineBytesMax) {
      skipped += rest.length;
      rest = Buffer.alloc(0);
    }
  }
  if (rest.length + skipped > 0) yield { offset, bytes: rest.length + skipped, record: undefined };
}
