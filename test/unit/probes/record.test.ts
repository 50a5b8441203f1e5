import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord, readLines, type JournalLine } from '#probes/spool/record.ts';

const RECORDS = [
  { kind: 'run', json: '{"id":"a","message":"naïve — ✓"}' },
  { kind: 'gone', json: '["a"]' },
  { kind: 'run', json: '{"id":"b"}' },
] as const;
const LINES = RECORDS.map(encodeRecord);
const FILE = Buffer.concat(LINES);

async function linesOf(bytes: Buffer, chunkBytes: number, lineBytesMax = 1_000): Promise<JournalLine[]> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const lines: JournalLine[] = [];
  for await (const line of readLines(chunks(), lineBytesMax)) lines.push(line);
  return lines;
}

test('a file cut at any byte gives exactly its whole records, and one torn line for the rest', async () => {
  for (let length = 0; length <= FILE.length; length += 1) {
    const found = await linesOf(FILE.subarray(0, length), 7);
    let end = 0;
    const whole = LINES.filter((line) => (end += line.length) <= length).length;
    const isTorn = length > LINES.slice(0, whole).reduce((sum, line) => sum + line.length, 0);
    const expected = [...RECORDS.slice(0, whole), ...(isTorn ? [undefined] : [])];
    expect(
      found.map(({ record }) => record),
      `cut at ${length}`,
    ).toEqual(expected);
  }
});

test('one changed bit anywhere in a line makes it no record', () => {
  const [line = Buffer.alloc(0)] = LINES;
  for (let at = 0; at < line.length - 1; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const damaged = Buffer.from(line.subarray(0, -1));
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
      expect(decodeRecord(damaged), `byte ${at} bit ${bit}`).toBeUndefined();
    }
  }
});

test('places are those of the lines in the file, however it is cut into chunks', async () => {
  for (const chunkBytes of [1, 5, 64, 1_000]) {
    const found = await linesOf(FILE, chunkBytes);
    for (const [index, { offset, bytes }] of found.entries())
      expect(FILE.subarray(offset, offset + bytes)).toEqual(LINES[index]);
  }
});

test('a line without an end is skipped without filling the memory, and the next record is found', async () => {
  const garbage = Buffer.alloc(5_000, 'x');
  const found = await linesOf(Buffer.concat([garbage, Buffer.from('\n'), FILE]), 64, 100);
  expect(found.map(({ record }) => record)).toEqual([undefined, ...RECORDS]);
  expect(found[1]?.offset).toBe(5_001);
});
