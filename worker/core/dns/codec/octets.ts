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
