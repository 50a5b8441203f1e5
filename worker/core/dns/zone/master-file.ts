import { decodeMessage } from '../codec/decode.ts';
import { encodeResponse } from '../codec/encode.ts';
import type { Name } from '../codec/name.ts';
import type { Rdata } from '../codec/rdata.ts';
import { RR_TYPES } from '../codec/registry.ts';
import { entriesOf, ZoneTextError, type Entry, type Word } from './entry.ts';
import { generated } from './generate.ts';
import { nameOf, quote } from './octet-text.ts';
import { rdataOf } from './rdata-text.ts';
import { secondsOf, typeNumberOf, WordReader } from './word-reader.ts';

/** A larger zone is not written by hand: measure its servers. */
const ZONE_RECORDS_MAX = 200_000;
/** Characters of all files of a zone. */
export const ZONE_CHARS_MAX = 32 * 1024 * 1024;
/** Lines that cannot be read are told up to this many; then reading ends. */
export const TROUBLES_MAX = 100;
/** Files within files: a loop ends here. */
const INCLUDE_DEPTH_MAX = 10;

/** Where something stands. */
export type ZonePlace = { file: string; line: number };

/** A record of class IN, and where it stands; `text` is its data as the file has it. */
export type ZoneRecord = ZonePlace & {
  name: Name;
  type: number;
  ttlS: number;
  rdata: Rdata;
  text: string;
};

/** A line that cannot be read, or can but is odd (`warn`). */
export type ZoneTrouble = ZonePlace & { severity: 'fail' | 'warn'; message: string };

/** What a master file says. */
export type MasterFile = {
  /** The origin at the first record: the zone's name when there is no SOA. */
  origin?: Name | undefined;
  records: ZoneRecord[];
  troubles: ZoneTrouble[];
};

export type MasterFileOptions = {
  /** What the file is called in troubles. */
  file: string;
  /** The origin at the file's beginning. */
  origin?: Name | undefined;
  /** Records that are read, at most; `ZONE_RECORDS_MAX` when absent. */
  recordsMax?: number | undefined;
  /**
   * The text of a file named by `$INCLUDE` and what troubles call it, or a sentence that says why there is none; without it
   * `$INCLUDE` is refused.
   */
  include?: ((path: string) => { text: string; file: string } | { error: string }) | undefined;
};

/** What reading one file leaves to the next line. */
type Context = {
  file: string;
  depth: number;
  origin: Name | undefined;
  owner: Name | undefined;
  defaultTtlS: number | undefined;
  lastTtlS: number | undefined;
};

/** Reading has come to a limit: what follows is not read. */
class ZoneLimitError extends Error {
  override readonly name = 'ZoneLimitError';
}

/**
 * Reads a master file (RFC 1035 section 5.1, with RFC 2308's `$TTL`, BIND's `$GENERATE` and RFC 3597's `\#`), strictly: what
 * is not understood is a trouble with its line, never a guess. `text` has one character for each octet of the file (latin1).
 */
export function readMasterFile(text: string, options: MasterFileOptions): MasterFile {
  const reader = new MasterFileReader(options);
  reader.read(text);
  return reader.result;
}

class MasterFileReader {
  readonly result: MasterFile = { records: [], troubles: [] };
  readonly #options: MasterFileOptions;
  #chars = 0;

  constructor(options: MasterFileOptions) {
    this.#options = options;
  }

  read(text: string): void {
    const { file, origin } = this.#options;
    try {
      this.#readFile(text, {
        file,
        depth: 0,
        origin,
        owner: undefined,
        defaultTtlS: undefined,
        lastTtlS: undefined,
      });
    } catch (error) {
      if (!(error instanceof ZoneLimitError)) throw error;
    }
  }

  #readFile(text: string, context: Context): void {
    const { file } = context;
    this.#chars += text.length;
    if (this.#chars > ZONE_CHARS_MAX)
      this.#stop({ file, line: 1 }, `expected at most ${ZONE_CHARS_MAX} octets in a zone`);
    if (text.startsWith('\u00ef\u00bb\u00bf') || text.startsWith('\ufeff')) {
      this.#tell({ file, line: 1 }, 'the file begins with a byte order mark: save it without one');
      return;
    }
    for (const entry of entriesOf(text, (error) => this.#tell({ file, line: error.line }, error.message)))
      this.#guarded(file, () => this.#readEntry(entry, context));
  }

  /** Tells what is wrong with an entry, and goes on. */
  #guarded(file: string, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof ZoneTextError)) throw error;
      this.#tell({ file, line: error.line }, error.message);
    }
  }

  #readEntry(entry: Entry, context: Context): void {
    const [first] = entry.words;
    if (!entry.hasOwner || first?.text.startsWith('$') !== true || first.quoted)
      return this.#readRecord(entry, context);
    const args = entry.words.slice(1);
    switch (first.text.toUpperCase()) {
      case '$ORIGIN':
        context.origin = nameOf(only(args, entry, '$ORIGIN: expected one name'), context.origin);
        return;
      case '$TTL': {
        const word = only(args, entry, '$TTL: expected one duration');
        context.defaultTtlS = ttlOf(word) ?? refuse(word.line, '$TTL: expected seconds or 1h30m', word);
        return;
      }
      case '$GENERATE':
        for (const one of generated(entry)) this.#readRecord(one, context);
        return;
      case '$INCLUDE':
        return this.#include(entry, context);
      default:
        refuse(entry.line, 'expected $ORIGIN, $TTL, $INCLUDE or $GENERATE', first);
    }
  }

  #include({ line, words }: Entry, context: Context): void {
    const [, path, origin, ...more] = words;
    if (!path || more.length > 0)
      throw new ZoneTextError(line, '$INCLUDE: expected a file and perhaps an origin');
    const { include } = this.#options;
    if (!include) throw new ZoneTextError(line, '$INCLUDE is not read here: put the records into this file');
    if (context.depth >= INCLUDE_DEPTH_MAX)
      throw new ZoneTextError(
        line,
        `$INCLUDE: expected at most ${INCLUDE_DEPTH_MAX} files within each other`,
      );
    const found = include(path.text);
    if ('error' in found) throw new ZoneTextError(line, `$INCLUDE: ${found.error}`);
    // Its $ORIGIN ends with it (RFC 1035 section 5.1); so do, in BIND, its last owner and its $TTL.
    this.#readFile(found.text, {
      ...context,
      file: found.file,
      depth: context.depth + 1,
      origin: origin ? nameOf(origin, context.origin) : context.origin,
    });
  }

  #readRecord({ line, hasOwner, words }: Entry, context: Context): void {
    const left = [...words];
    const ownerWord = hasOwner ? left.shift() : undefined;
    // Kept even when the rest cannot be read: the lines below it mean this one.
    if (ownerWord) context.owner = nameOf(ownerWord, context.origin);
    const { owner, file } = context;
    if (owner === undefined) throw new ZoneTextError(line, 'the first record has no owner');
    const ttlS = ttlAndClass(left);
    const typeWord = left.shift();
    const type = typeWord && !typeWord.quoted ? typeNumberOf(typeWord.text) : undefined;
    if (!typeWord || type === undefined || type === 0)
      return refuse(typeWord?.line ?? line, 'expected a record type such as A or TYPE65280', typeWord);
    if (type === RR_TYPES.OPT || (type >= 128 && type <= 255))
      refuse(typeWord.line, 'expected a type that a zone can hold', typeWord);
    const reader = new WordReader(left, context.origin, line);
    const rdata = throughWire(type, rdataOf(type, typeWord.text, reader), line);
    this.result.origin ??= context.origin ?? owner;
    const { recordsMax = ZONE_RECORDS_MAX } = this.#options;
    if (this.result.records.length >= recordsMax)
      this.#stop({ file, line }, `expected at most ${recordsMax} records in a zone`);
    this.result.records.push({
      name: owner,
      type,
      ttlS: this.#ttl(ttlS, rdata, context, { file, line }),
      rdata,
      text: left.map((word) => (word.quoted ? `"${word.text}"` : word.text)).join(' '),
      file,
      line,
    });
  }

  /** Its own, `$TTL`'s (RFC 2308 section 4), or else the last one (RFC 1035 section 5.1). */
  #ttl(own: number | undefined, rdata: Rdata, context: Context, place: ZonePlace): number {
    const known = own ?? context.defaultTtlS ?? context.lastTtlS;
    if (known === undefined && rdata.kind !== 'SOA')
      throw new ZoneTextError(place.line, 'the record has no TTL: begin the file with $TTL');
    if (known === undefined && rdata.kind === 'SOA')
      this.result.troubles.push({
        ...place,
        severity: 'warn',
        message: 'no $TTL above the SOA record: its minimum is taken as the TTL, as BIND does',
      });
    const ttlS = known ?? (rdata.kind === 'SOA' ? rdata.minimumS : 0);
    context.lastTtlS = ttlS;
    return ttlS;
  }

  #tell(place: ZonePlace, message: string): void {
    this.result.troubles.push({ ...place, severity: 'fail', message });
    if (this.result.troubles.length >= TROUBLES_MAX)
      this.#stop(place, `${TROUBLES_MAX} lines cannot be read: reading ends here`);
  }

  #stop(place: ZonePlace, message: string): never {
    this.result.troubles.push({ ...place, severity: 'fail', message });
    throw new ZoneLimitError(message);
  }
}

/** Takes TTL and class, in either order, off the front. Only class IN can be served to the Internet. */
function ttlAndClass(words: Word[]): number | undefined {
  let ttlS: number | undefined;
  let hasClass = false;
  for (;;) {
    const [word] = words;
    if (!word || word.quoted) return ttlS;
    const isClass = /^(?:IN|CS|CH|HS|CLASS\d{1,5})$/i.test(word.text);
    if (isClass && !hasClass) {
      if (!/^(?:IN|CLASS1)$/i.test(word.text)) refuse(word.line, 'expected class IN', word);
      hasClass = true;
    } else if (!isClass && ttlS === undefined && secondsOf(word.text) !== undefined) ttlS = ttlOf(word);
    else return ttlS;
    words.shift();
  }
}

/** RFC 2181 section 8: 31 bits. @throws ZoneTextError for a longer one */
function ttlOf(word: Word): number | undefined {
  const seconds = word.quoted ? undefined : secondsOf(word.text);
  if (seconds !== undefined && seconds >= 2 ** 31)
    refuse(word.line, `expected a TTL below ${2 ** 31} seconds`, word);
  return seconds;
}

/**
 * The data as a reader of the wire sees it: what the codec cannot write or read back is no record, and data in RFC 3597's
 * form of a known type becomes that type's.
 */
function throughWire(type: number, rdata: Rdata, line: number): Rdata {
  const message = decodeMessage(wireOf(type, rdata, line));
  const [answer] = message.answers;
  const why = answer?.rdata.kind === 'malformed' ? answer.rdata.why : message.errors[0]?.message;
  if (!answer || why !== undefined)
    throw new ZoneTextError(line, `the data does not fit its type: ${why ?? 'nothing could be read back'}`);
  return answer.rdata;
}

function wireOf(type: number, rdata: Rdata, line: number): Uint8Array {
  const question = { id: 0, name: '.', type, recursionDesired: false };
  try {
    return encodeResponse({ ...question, answers: [{ name: '.', type, ttlS: 0, rdata }] });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ZoneTextError(line, `the data does not fit its type: ${error.message}`);
  }
}

function only(words: readonly Word[], { line }: Entry, expected: string): Word {
  const [word, ...more] = words;
  if (!word || more.length > 0) throw new ZoneTextError(line, `${expected}, got ${words.length}`);
  return word;
}

function refuse(line: number, expected: string, got: Word | undefined): never {
  throw new ZoneTextError(line, `${expected}, got ${got ? quote(got.text) : 'the end of the record'}`);
}
