/** Octets turned into characters at once: argument lists have an end. */
const CHUNK = 8_192;
const BYTE_ORDER_MARK = 0xfeff;

/** The text of octets in UTF-8 (RFC 3629), without a byte order mark; `undefined` when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  const parts: string[] = [];
  let points: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const length = lengthOf(first);
    if (length === 0 || at + length > bytes.length) return undefined;
    let point = length === 1 ? first : first & (0x7f >> length);
    for (let next = at + 1; next < at + length; next += 1) {
      const octet = bytes[next] ?? 0;
      if ((octet & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (octet & 0x3f);
    }
    if (!isWellFormed(point, length)) return undefined;
    if (at > 0 || point !== BYTE_ORDER_MARK) points.push(point);
    at += length;
    if (points.length >= CHUNK) {
      parts.push(String.fromCodePoint(...points));
      points = [];
    }
  }
  return parts.join('') + String.fromCodePoint(...points);
}

/** Octets of a character by the first of them; 0 when none begins so. */
function lengthOf(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/** Neither written longer than needed, nor half of a pair, nor past the last character. */
function isWellFormed(point: number, length: number): boolean {
  if (length === 3) return point >= 0x800 && (point < 0xd800 || point > 0xdfff);
  return length !== 4 || (point >= 0x1_0000 && point <= 0x10_ffff);
}
