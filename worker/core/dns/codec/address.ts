const DECIMAL: readonly string[] = Array.from({ length: 256 }, (_, octet) => String(octet));
const DOTTED: readonly string[] = DECIMAL.map((text) => `${text}.`);

/** The four octets of `word`, most significant first. */
export function ipv4Text(word: number): string {
  return (
    (DOTTED[word >>> 24] ?? '') +
    (DOTTED[(word >>> 16) & 255] ?? '') +
    (DOTTED[(word >>> 8) & 255] ?? '') +
    (DECIMAL[word & 255] ?? '')
  );
}

/** Sixteen octets from `at`, by RFC 5952: the longest run of zeros is `::`, addresses within ::ffff:0:0/96 end in dots. */
export function ipv6Text(view: DataView, at: number): string {
  let runAt = -1;
  let runLength = 1;
  for (let group = 0; group < 8;) {
    let end = group;
    while (end < 8 && view.getUint16(at + 2 * end) === 0) end += 1;
    // One zero group is not worth it, and of equal runs the first one counts.
    if (end - group > runLength) {
      runAt = group;
      runLength = end - group;
    }
    group = end + 1;
  }
  if (runAt === 0 && runLength === 5 && view.getUint16(at + 10) === 0xffff) {
    return `::ffff:${ipv4Text(view.getUint32(at + 12))}`;
  }
  let text = '';
  for (let group = 0; group < 8; group += 1) {
    if (group === runAt) {
      text += '::';
      group += runLength - 1;
    } else {
      text += (text === '' || text.endsWith(':') ? '' : ':') + view.getUint16(at + 2 * group).toString(16);
    }
  }
  return text;
}

/** Four octets of `192.0.2.1`; `undefined` of anything else, leading zeros included. */
export function ipv4Octets(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return Uint8Array.from(parts, Number);
}

/** Sixteen octets of `2001:db8::1` (RFC 4291 section 2.2, the form with dots too); `undefined` of anything else. */
export function ipv6Octets(text: string): Uint8Array | undefined {
  const lastColon = text.lastIndexOf(':');
  const dotted = ipv4Octets(text.slice(lastColon + 1));
  const hex = dotted
    ? `${text.slice(0, lastColon + 1)}${groupText(dotted, 0)}:${groupText(dotted, 2)}`
    : text;
  const [head, tail, ...more] = hex.split('::');
  if (head === undefined || more.length > 0) return undefined;
  const before = head === '' && tail !== undefined ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]),
  );
}

function groupText(octets: Uint8Array, at: number): string {
  return (((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)).toString(16);
}
