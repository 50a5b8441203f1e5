import { escapeAt, labelsOf, type Name } from '../codec/name.ts';
import { stringText } from '../codec/octets.ts';
import { ZoneTextError, type Word } from './entry.ts';

/** The octets that escaped text stands for: `\.` is a dot, `\046` too (RFC 1035 section 5.1). */
export function octetsOf({ text, line }: Word): number[] {
  const octets: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 255) throw new ZoneTextError(line, `expected octets, got ${quote(text)}`);
    if (text.charAt(at) !== '\\') octets.push(code);
    else {
      const { octet, length } = withLine(line, () => escapeAt(text, at));
      octets.push(octet);
      at += length - 1;
    }
  }
  return octets;
}

/** Octets as text inside quotes. */
export function octetText(octets: readonly number[]): string {
  return stringText(Uint8Array.from(octets));
}

/**
 * The name a word stands for: `@` is the origin, and what does not end with a dot goes on with it.
 * @throws ZoneTextError for what is no domain name, and for a relative one without an origin
 */
export function nameOf({ text, quoted, line }: Word, origin: Name | undefined): Name {
  if (quoted || text === '') throw new ZoneTextError(line, `expected a domain name, got ${quote(text)}`);
  if (text === '.') return '.';
  const isAbsolute = /(?:^|[^\\])(?:\\\\)*\.$/.test(text);
  if (isAbsolute) return spelt(text, line);
  if (origin === undefined)
    throw new ZoneTextError(
      line,
      `the name ${quote(text)} is relative to an origin that is not given: end it with a dot, or begin the file with $ORIGIN`,
    );
  if (text === '@') return origin;
  return spelt(origin === '.' ? `${text}.` : `${text}.${origin}`, line);
}

/** A text of a file in an error message: short, and in quotes. */
export function quote(text: string): string {
  return `“${text.length > 60 ? `${text.slice(0, 60)}…` : text}”`;
}

/** The name with its escapes written one way. */
function spelt(text: string, line: number): Name {
  return withLine(line, () => labelsOf(text)).join('.');
}

/** What the codec throws, with the line. */
function withLine<T>(line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ZoneTextError(line, error.message);
  }
}
