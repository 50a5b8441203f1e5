/** How much of a page a provider has room for: characters of a text, and lines of a list. */
export type Room = { textCharsMax: number; linesMax: number };

/** Ever less room: a page is shortened, never refused for its size (reference: paging, section 1.4, rule 9). */
const ROOMS: readonly Room[] = [
  { textCharsMax: 2_000, linesMax: 100 },
  { textCharsMax: 600, linesMax: 30 },
  { textCharsMax: 200, linesMax: 20 },
  { textCharsMax: 80, linesMax: 10 },
];
const LAST_ROOM: Room = { textCharsMax: 40, linesMax: 3 };

/** The first rendering, from roomy to tight, whose UTF-8 is within `bytesMax`; the tightest when none is. */
export function fitBytes(bytesMax: number, render: (room: Room) => string): string {
  const encoder = new TextEncoder();
  for (const room of ROOMS) {
    const text = render(room);
    if (encoder.encode(text).byteLength <= bytesMax) return text;
  }
  return render(LAST_ROOM);
}

/** As many whole lines as fit into `charsMax` characters, in their order; what is too long for the rest is left out. */
export function linesWithin(lines: readonly string[], charsMax: number): string {
  let text = '';
  for (const line of lines) {
    const longer = text === '' ? line : `${text}\n${line}`;
    if (longer.length <= charsMax) text = longer;
  }
  return text;
}
