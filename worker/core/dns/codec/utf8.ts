const REPLACEMENT = '\uFFFD';
const BYTE_ORDER_MARK = '\uFEFF';
/** Octets of ASCII turned into text at once: argument lists have an end. */
const PART_BYTES = 8_192;

/** UTF-8 as text; an octet that is none becomes U+FFFD, as in WHATWG's decoder. */
export function utf8Text(octets: Uint8Array): string {
  return decoded(octets, REPLACEMENT) ?? '';
}

/** The text of octets that all are UTF-8 (RFC 3629), without a byte order mark; `undefined` of others. */
export function strictUtf8Text(octets: Uint8Array): string | undefined {
  const text = decoded(octets);
  return text?.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/** `instead`: of what is no character; `undefined` of the whole when absent. */
function decoded(octets: Uint8Array, instead?: string): string | undefined {
  const parts: string[] = [];
  for (let at = 0; at < octets.length;) {
    const from = at;
    const to = Math.min(octets.length, from + PART_BYTES);
    while (at < to && (octets[at] ?? 0) < 0x80) at += 1;
    if (at > from) {
      parts.push(String.fromCharCode(...octets.subarray(from, at)));
      continue;
    }
    const lead = octets[at] ?? 0;
    at += 1;
    const more =
      lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
    let point = more === 1 ? lead & 0x1f : more === 2 ? lead & 0x0f : lead & 0x07;
    let taken = 0;
    // The first follower of E0, ED, F0 and F4 is bounded: overlong forms, surrogates and what is beyond U+10FFFF.
    let least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    let most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    while (taken < more) {
      const follower = octets[at] ?? 0;
      if (follower < least || follower > most) break;
      least = 0x80;
      most = 0xbf;
      point = (point << 6) | (follower & 0x3f);
      at += 1;
      taken += 1;
    }
    if (more > 0 && taken === more) parts.push(String.fromCodePoint(point));
    else if (instead === undefined) return undefined;
    else parts.push(instead);
  }
  return parts.join('');
}

/** UTF-8; a lone surrogate becomes U+FFFD. */
export function utf8Octets(text: string): Uint8Array {
  const octets: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const point = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
    if (point < 0x80) octets.push(point);
    else if (point < 0x800) octets.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x1_0000) {
      octets.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    } else {
      octets.push(
        0xf0 | (point >> 18),
        0x80 | ((point >> 12) & 63),
        0x80 | ((point >> 6) & 63),
        0x80 | (point & 63),
      );
    }
  }
  return Uint8Array.from(octets);
}
