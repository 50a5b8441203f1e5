/** What is wrong with a zone file, and the line it is wrong at. */
export class ZoneTextError extends Error {
  override readonly name = 'ZoneTextError';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** A word of an entry: as it is written, escapes and all, without its quotes. */
export type Word = { text: string; quoted: boolean; line: number };

/** One entry (RFC 1035 section 5.1): a line, or several within parentheses. */
export type Entry = {
  /** Where its first word stands. */
  line: number;
  /** The line begins with a word, which is then the owner or a directive; otherwise the owner is the last one. */
  hasOwner: boolean;
  words: Word[];
};

/** Longer lines are no zone file: a TXT record of 65,535 octets, all escaped, would be 262,140 characters on several lines. */
export const LINE_CHARS_MAX = 100_000;
/** Words of one entry: the most strings that fit a TXT record's 65,535 octets, each empty, and then some. */
const ENTRY_WORDS_MAX = 70_000;

/**
 * Cuts a master file into entries. What cannot be cut is told to `trouble`, and reading goes on with the next line.
 * `text` has one character for each octet of the file.
 */
export function* entriesOf(text: string, trouble: (error: ZoneTextError) => void): Generator<Entry> {
  const open: Word[] = [];
  let openLine = 0;
  let depth = 0;
  let hasOwner = false;
  let isBroken = false;
  let line = 0;
  for (const raw of text.split('\n')) {
    line += 1;
    try {
      const words = wordsOf(raw.endsWith('\r') ? raw.slice(0, -1) : raw, line);
      if (depth === 0) {
        open.length = 0;
        isBroken = false;
        openLine = line;
        hasOwner = /^[^\s;()]/.test(raw);
      }
      for (const word of words) {
        if (word === '(') {
          if (depth === 0) openLine = line;
          depth += 1;
        } else if (word === ')') {
          if (depth === 0) throw new ZoneTextError(line, 'expected “(” somewhere before this “)”');
          depth -= 1;
        } else open.push(word);
      }
      if (open.length > ENTRY_WORDS_MAX)
        throw new ZoneTextError(openLine, `expected at most ${ENTRY_WORDS_MAX} words in one entry`);
    } catch (error) {
      if (!(error instanceof ZoneTextError)) throw error;
      trouble(error);
      // What is left of it, up to its closing parenthesis, would only be misread.
      isBroken = true;
      open.length = 0;
    }
    if (depth === 0 && open.length > 0 && !isBroken)
      yield { line: open[0]?.line ?? line, hasOwner, words: open.splice(0) };
  }
  if (depth > 0) trouble(new ZoneTextError(openLine, 'the “(” opened here is never closed'));
}

/** The words of one line, its parentheses among them; comments are left out. */
function wordsOf(text: string, line: number): (Word | '(' | ')')[] {
  if (text.length > LINE_CHARS_MAX)
    throw new ZoneTextError(
      line,
      `expected at most ${LINE_CHARS_MAX} characters in a line, got ${text.length}`,
    );
  const words: (Word | '(' | ')')[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === ';') break;
    if (char === '(' || char === ')') {
      words.push(char);
      at += 1;
    } else if (char === '"') {
      const end = closingQuote(text, at + 1, line);
      words.push({ text: text.slice(at + 1, end), quoted: true, line });
      at = end + 1;
    } else if (isSpace(char)) at += 1;
    else {
      const end = endOfWord(text, at, line);
      words.push({ text: text.slice(at, end), quoted: false, line });
      at = end;
    }
  }
  return words;
}

/** Where an unquoted word ends. A value after `=` may be in quotes (RFC 9460 section 2.1): `alpn="h2,h3"`. */
function endOfWord(text: string, start: number, line: number): number {
  let at = start;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '\\') at += 2;
    else if (char === '"' && text.charAt(at - 1) === '=') at = closingQuote(text, at + 1, line) + 1;
    else if (char === '"')
      throw new ZoneTextError(line, `expected a space before the quote in ${text.slice(start, at + 1)}`);
    else if (isSpace(char) || char === ';' || char === '(' || char === ')') return at;
    else at += 1;
  }
  if (at > text.length) throw new ZoneTextError(line, 'the line ends with a single “\\”');
  return at;
}

function closingQuote(text: string, start: number, line: number): number {
  let at = start;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  if (at >= text.length) throw new ZoneTextError(line, 'the quote opened here is not closed in this line');
  return at;
}

function isSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\f' || char === '\v' || char === '\r';
}
