import { escapeAt, quoted } from './name.ts';

/** Digits of every octet. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal digits. */
export function hexText(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += HEX[octet] ?? '';
  return text;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** RFC 4648 section 4, padded. */
export function base64Text(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; at += 3) {
    const group = ((octets[at] ?? 0) << 16) | ((octets[at + 1] ?? 0) << 8) | (octets[at + 2] ?? 0);
    const left = octets.length - at;
    text += BASE64.charAt(group >> 18) + BASE64.charAt((group >> 12) & 63);
    text += left > 1 ? BASE64.charAt((group >> 6) & 63) : '=';
    text += left > 2 ? BASE64.charAt(group & 63) : '=';
  }
  return text;
}

/** RFC 4648 section 5, without padding: for URLs. */
export function base64UrlText(octets: Uint8Array): string {
  return base64Text(octets).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

const BASE32HEX = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/** RFC 4648 section 7 without padding: how NSEC3 writes hashes (RFC 5155 section 3.3). */
export function base32HexText(octets: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const octet of octets) {
    held = ((held << 8) | octet) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32HEX.charAt((held >> (bits - 5)) & 31);
  }
  return bits > 0 ? text + BASE32HEX.charAt((held << (5 - bits)) & 31) : text;
}

const REPLACEMENT = '\uFFFD';

/** UTF-8 as text; an octet that is none becomes U+FFFD, as in WHATWG's decoder. */
export function utf8Text(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length;) {
    const lead = octets[at] ?? 0;
    at += 1;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      continue;
    }
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
    text += more > 0 && taken === more ? String.fromCodePoint(point) : REPLACEMENT;
  }
  return text;
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

/** Text of every octet of a character string: RFC 1035 section 5.1 without the quotes. */
const STRING_TEXT: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  if (octet === 0x22 || octet === 0x5c) return `\\${String.fromCharCode(octet)}`;
  if (octet < 0x20 || octet >= 0x7f) return `\\${String(octet).padStart(3, '0')}`;
  return String.fromCharCode(octet);
});

/** One octet of a character string as text: `\"`, `\\` and `\000` are the only escapes. */
export function stringOctetText(octet: number): string {
  return STRING_TEXT[octet] ?? '';
}

/** Octets as the text between the quotes of a character string. */
export function stringText(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += stringOctetText(octet);
  return text;
}

/** The octets of such a text. @throws RangeError for a broken escape, or a character that is not ASCII */
export function stringOctets(text: string): Uint8Array {
  const octets: number[] = [];
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code >= 0x80) throw new RangeError(`expected ASCII, other octets as \\000, got ${quoted(text)}`);
    const escape = code === 0x5c ? escapeAt(text, at) : undefined;
    octets.push(escape?.octet ?? code);
    at += escape?.length ?? 1;
  }
  return Uint8Array.from(octets);
}
