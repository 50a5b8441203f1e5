import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** The types of NSEC and NSEC3, ascending, up to the reader's end (RFC 4034 section 4.1.2). */
export function readTypeBitmap(reader: Reader): number[] {
  const windows: { window: number; bits: Uint8Array }[] = [];
  let last = -1;
  let count = 0;
  while (reader.left > 0 && reader.problem === undefined) {
    const window = reader.u8();
    const bits = reader.characterString();
    if (window <= last) reader.fail(`expected type windows in ascending order, got ${window} after ${last}`);
    if (bits.length === 0 || bits.length > 32 || bits.at(-1) === 0) {
      reader.fail(`expected 1 to 32 octets of types, the last one not zero, in window ${window}`);
    }
    last = window;
    windows.push({ window, bits });
    for (let index = 0; index < bits.length; index += 1) {
      for (let ones = bits[index] ?? 0; ones !== 0; ones &= ones - 1) count += 1;
    }
  }
  return typesOf(windows, count);
}

/** Into a list of the right length at once: growing one of 65,536 takes longer than reading it. */
function typesOf(windows: readonly { window: number; bits: Uint8Array }[], count: number): number[] {
  const types: number[] = [];
  types.length = count;
  let at = 0;
  for (const { window, bits } of windows) {
    for (let index = 0; index < bits.length; index += 1) {
      let type = window * 256 + index * 8;
      for (let ones = bits[index] ?? 0; ones !== 0; ones = (ones << 1) & 0xff) {
        if (ones >= 0x80) {
          types[at] = type;
          at += 1;
        }
        type += 1;
      }
    }
  }
  return types;
}

/** In whatever order the types are given. */
export function writeTypeBitmap(writer: Writer, types: readonly number[]): void {
  const windows = new Map<number, Uint8Array>();
  for (const type of types.toSorted((a, b) => a - b)) {
    const index = (type & 0xff) >> 3;
    const held = windows.get(type >> 8) ?? new Uint8Array(0);
    const bits = new Uint8Array(index + 1);
    bits.set(held);
    bits[index] = (bits[index] ?? 0) | (0x80 >> (type & 7));
    windows.set(type >> 8, bits);
  }
  for (const [window, bits] of windows) {
    writer.u8(window, 'window of a type');
    writer.characterString(bits, 'a window of types');
  }
}
