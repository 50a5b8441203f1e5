/**
 * A domain name as text: labels joined by dots, without the last dot, `.` for the root. The case is the wire's. A dot, a
 * backslash and what is not printable inside a label are escaped as in RFC 1035 section 5.1: `\.`, `\\`, `\000`.
 */
export type Name = string;

/** Octets of a name on the wire and of one label (RFC 1035 section 2.3.4). */
export const NAME_BYTES_MAX = 255;
const LABEL_BYTES_MAX = 63;

const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** Text of every octet inside a label. */
const LABEL_TEXT: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  if (octet === DOT || octet === BACKSLASH) return `\\${String.fromCharCode(octet)}`;
  if (octet <= 0x20 || octet >= 0x7f) return `\\${String(octet).padStart(3, '0')}`;
  return String.fromCharCode(octet);
});

const DOT_AND_TEXT: readonly string[] = LABEL_TEXT.map((text) => `.${text}`);

/** One octet of a label as text, escaped when it must be. */
export function labelOctetText(octet: number): string {
  return LABEL_TEXT[octet] ?? '';
}

/** The first octet of a label that is not the name's first one, with the dot before it. */
export function nextLabelOctetText(octet: number): string {
  return DOT_AND_TEXT[octet] ?? '';
}

/** Whether the octet stands for itself in a label. */
export function isPlainInLabel(octet: number): boolean {
  return octet > 0x20 && octet < 0x7f && octet !== DOT && octet !== BACKSLASH;
}

/**
 * The name's octets on the wire, uncompressed, its case kept. A last dot is allowed.
 * @throws RangeError when it is no domain name: an empty label, one over 63 octets, over 255 in all, a broken escape, a
 * character that is not ASCII
 */
export function wireName(name: Name): Uint8Array {
  const octets: number[] = [];
  let labelAt = 0;
  if (name === '') throw new RangeError('expected a domain name, got an empty string');
  if (name === '.') return new Uint8Array(1);
  octets.push(0);
  const endLabel = () => {
    const size = octets.length - labelAt - 1;
    if (size === 0) throw new RangeError(`expected a domain name, got ${quoted(name)} with an empty label`);
    if (size > LABEL_BYTES_MAX) {
      throw new RangeError(
        `expected labels of at most ${LABEL_BYTES_MAX} octets, got one of ${size} in ${quoted(name)}`,
      );
    }
    octets[labelAt] = size;
    labelAt = octets.length;
    octets.push(0);
  };
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (code === DOT) {
      endLabel();
    } else if (code === BACKSLASH) {
      const { octet, length } = escapeAt(name, at);
      octets.push(octet);
      at += length - 1;
    } else {
      if (code >= 0x80) {
        throw new RangeError(
          `expected a domain name in ASCII (an international one as xn--…), got ${quoted(name)}`,
        );
      }
      octets.push(code);
    }
  }
  // Without a last dot the last label is still open; with one, the octet pushed for the next label is the root.
  if (octets.length - labelAt > 1) endLabel();
  if (octets.length > NAME_BYTES_MAX) {
    throw new RangeError(
      `expected a domain name of at most ${NAME_BYTES_MAX} octets, got ${octets.length} in ${quoted(name)}`,
    );
  }
  return Uint8Array.from(octets);
}

/** Uncompressed octets of the name on the wire. @throws RangeError when it is no domain name */
export function nameBytes(name: Name): number {
  return wireName(name).length;
}

/** The labels from left to right, as text; none of the root. @throws RangeError when it is no domain name */
export function labelsOf(name: Name): string[] {
  const wire = wireName(name);
  const labels: string[] = [];
  for (let at = 0; at < wire.length;) {
    const size = wire[at] ?? 0;
    if (size === 0) break;
    let label = '';
    for (const octet of wire.subarray(at + 1, at + 1 + size)) label += labelOctetText(octet);
    labels.push(label);
    at += size + 1;
  }
  return labels;
}

/** The name without its first label; `undefined` of the root. @throws RangeError when it is no domain name */
export function parentOf(name: Name): Name | undefined {
  const labels = labelsOf(name);
  return labels.length === 0 ? undefined : joined(labels.slice(1));
}

/** A name of 255 octets below another, of labels as long as there can be; the other itself when there is no room. */
export function longestBelow(name: Name): Name {
  const labels: string[] = [];
  let roomBytes = NAME_BYTES_MAX - nameBytes(name);
  while (roomBytes > 1) {
    const length = Math.min(LABEL_BYTES_MAX, roomBytes - 1);
    labels.push('x'.repeat(length));
    roomBytes -= length + 1;
  }
  return joined([...labels, ...(name === '.' ? [] : [name])]);
}

/** The one spelling names are compared by: lower case, no last dot, escapes only where they must be. */
export function canonicalName(name: Name): Name {
  if (!name.includes('\\')) {
    const lower = name.toLowerCase();
    return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower;
  }
  return joined(labelsOf(name)).toLowerCase();
}

/** Whatever the case (RFC 4343) and the last dot. */
export function sameName(a: Name, b: Name): boolean {
  return a === b || canonicalName(a) === canonicalName(b);
}

/** Whether the name is the zone's apex or below it. */
export function isSubdomain(name: Name, zone: Name): boolean {
  const below = canonicalName(name);
  const above = canonicalName(zone);
  if (above === '.' || below === above) return true;
  if (!below.endsWith(`.${above}`)) return false;
  // `a\.example` is one label: the dot before the zone must not be escaped.
  let backslashes = 0;
  for (let at = below.length - above.length - 2; below[at] === '\\'; at -= 1) backslashes += 1;
  return backslashes % 2 === 0;
}

function joined(labels: readonly string[]): Name {
  return labels.length === 0 ? '.' : labels.join('.');
}

/** The octet that the escape at a backslash stands for, and the characters the escape takes. */
export function escapeAt(text: string, at: number): { octet: number; length: number } {
  const digits = /^\d{3}/.exec(text.slice(at + 1, at + 4))?.[0];
  if (digits !== undefined) {
    const octet = Number(digits);
    if (octet > 255) throw new RangeError(`expected \\000 to \\255, got \\${digits} in ${quoted(text)}`);
    return { octet, length: 4 };
  }
  const code = text.charCodeAt(at + 1);
  if (Number.isNaN(code) || code >= 0x80 || (code >= 0x30 && code <= 0x39)) {
    throw new RangeError(`expected three digits or a character after the backslash in ${quoted(text)}`);
  }
  return { octet: code, length: 2 };
}

/** Texts in errors are cut: they may be somebody else's. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
