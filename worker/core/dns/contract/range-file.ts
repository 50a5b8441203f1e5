import { truncate } from '../../units.ts';
import { strictUtf8Text } from '../codec/utf8.ts';
import { RANGES_MAX } from '../findings/evidence.ts';
import { hostPrefix, parseAddress, parsePrefix, prefixText } from './ip.ts';

/** One range as a file lists it; `prefix` is written the one way. */
export type ListedRange = {
  prefix: string;
  service?: string | undefined;
  effectiveAtMs?: number | undefined;
};

/** What a file says: when it was made by its own word, epoch ms, and its ranges, each once. */
export type RangeFile = { publishedAtMs?: number | undefined; ranges: ListedRange[] };

export type ParsedRangeFile = { ok: true; file: RangeFile } | { ok: false; error: string };

/** Lists of ranges, by their names in the files of AWS (`prefixes`, `ipv6_prefixes`), Google (`prefixes`) and others. */
const LIST_KEYS = ['prefixes', 'ipv4_prefixes', 'ipv6_prefixes', 'ranges'] as const;
/** The range in an entry: of AWS, of Google, and plainly. */
const PREFIX_KEYS = ['prefix', 'ip_prefix', 'ipv6_prefix', 'ipv4Prefix', 'ipv6Prefix', 'cidr'] as const;
const EFFECTIVE_KEYS = ['effectiveAt', 'effective_at', 'effectiveDate'] as const;
/** When the file was made: of AWS, of Google, and plainly. A `syncToken` stands in for them. */
const DATE_KEYS = ['createDate', 'creationTime', 'publishedAt'] as const;
/** Services named in an error: a line to read. */
const SERVICES_SHOWN = 8;
/** Epoch seconds stay below this for ten thousand years; epoch milliseconds have been above it since 1973. */
const SECONDS_MAX = 1e11;

/** What is wrong with a file, for people. */
class RangeFileError extends Error {}

/**
 * Reads a published file of address ranges: the shape of AWS's `ip-ranges.json`, Google's `cloud.json`, a JSON list of ranges
 * or of `{ prefix, service, effectiveAt }`, or text with a range a line and `#` comments. A single address is a range of one.
 * With `service`, only the ranges of that service. One bad entry makes the file bad: whoever reads it by a program fails on it.
 */
export function parseRangeFile(bytes: Uint8Array, service?: string): ParsedRangeFile {
  try {
    return { ok: true, file: readFile(bytes, service) };
  } catch (error) {
    if (!(error instanceof RangeFileError)) throw error;
    return { ok: false, error: truncate(error.message, 300) };
  }
}

function readFile(bytes: Uint8Array, service: string | undefined): RangeFile {
  const text = strictUtf8Text(bytes)?.trim();
  if (text === undefined) throw new RangeFileError('the file is not UTF-8');
  if (text === '') throw new RangeFileError('the file is empty');
  if (text.startsWith('<')) throw new RangeFileError('expected JSON or a list of ranges, got a web page');
  const file = /^[{[]/.test(text) ? fromJson(parsedJson(text)) : { ranges: fromLines(text) };
  const chosen =
    service === undefined ? file.ranges : file.ranges.filter((range) => range.service === service);
  if (chosen.length === 0) throw new RangeFileError(nothingText(file.ranges, service));
  const ranges = onceEach(chosen);
  if (ranges.length > RANGES_MAX)
    throw new RangeFileError(
      `the file lists ${ranges.length} ranges; at most ${RANGES_MAX} can be followed: name a service of it`,
    );
  return { ...file, ranges };
}

function nothingText(ranges: readonly ListedRange[], service: string | undefined): string {
  if (service === undefined || ranges.length === 0) return 'the file lists no range';
  const services = [...new Set(ranges.flatMap((range) => range.service ?? []))];
  const known =
    services.length === 0
      ? 'its ranges name no service'
      : `it has ${services.slice(0, SERVICES_SHOWN).join(', ')}${services.length > SERVICES_SHOWN ? ', …' : ''}`;
  return `the file lists no range of service ${service}; ${known}`;
}

/** Files list a range once for each service that uses it: the first is kept, with the earliest time of them. */
function onceEach(ranges: readonly ListedRange[]): ListedRange[] {
  const byPrefix = new Map<string, ListedRange>();
  for (const range of ranges) {
    const known = byPrefix.get(range.prefix);
    if (!known) byPrefix.set(range.prefix, range);
    else if ((range.effectiveAtMs ?? 0) < (known.effectiveAtMs ?? 0))
      byPrefix.set(range.prefix, { ...known, effectiveAtMs: range.effectiveAtMs });
  }
  return [...byPrefix.values()];
}

function fromLines(text: string): ListedRange[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, at) => {
    const entry = line.replace(/[#;].*$/, '').trim();
    return entry === '' ? [] : [{ prefix: rangeOf(entry, `line ${at + 1}`) }];
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RangeFileError(`the file is not JSON: ${error.message}`);
  }
}

function fromJson(json: unknown): RangeFile {
  if (Array.isArray(json)) return { ranges: entriesOf(json, '') };
  const file = json as Record<string, unknown>;
  const lists = LIST_KEYS.filter((key) => file[key] !== undefined);
  if (lists.length === 0)
    throw new RangeFileError(
      `expected a list named ${LIST_KEYS.join(', ')}; the file has ${Object.keys(file).slice(0, SERVICES_SHOWN).join(', ') || 'nothing'}`,
    );
  const ranges = lists.flatMap((key) => {
    const list = file[key];
    if (!Array.isArray(list)) throw new RangeFileError(`${key}: expected a list, got ${shown(list)}`);
    return entriesOf(list, key);
  });
  const publishedAtMs = publishedOf(file);
  return { ...(publishedAtMs === undefined ? {} : { publishedAtMs }), ranges };
}

function entriesOf(list: readonly unknown[], key: string): ListedRange[] {
  return list.map((entry, at) => {
    const path = `${key}[${at}]`;
    if (typeof entry === 'string') return { prefix: rangeOf(entry, path) };
    if (typeof entry !== 'object' || entry === null)
      throw new RangeFileError(`${path}: expected a range, got ${shown(entry)}`);
    const fields = entry as Record<string, unknown>;
    const prefixKey = PREFIX_KEYS.find((known) => fields[known] !== undefined);
    if (prefixKey === undefined)
      throw new RangeFileError(`${path}: expected one of ${PREFIX_KEYS.join(', ')}, got none of them`);
    const effectiveKey = EFFECTIVE_KEYS.find((known) => fields[known] !== undefined);
    const { service } = fields;
    if (service !== undefined && (typeof service !== 'string' || service.length > 100))
      throw new RangeFileError(
        `${path}.service: expected a text of at most 100 characters, got ${shown(service)}`,
      );
    return {
      prefix: rangeOf(fields[prefixKey], `${path}.${prefixKey}`),
      ...(service === undefined ? {} : { service }),
      ...(effectiveKey === undefined
        ? {}
        : { effectiveAtMs: dateOf(fields[effectiveKey], `${path}.${effectiveKey}`) }),
    };
  });
}

function rangeOf(value: unknown, path: string): string {
  const text = typeof value === 'string' ? value.trim() : '';
  const address = parseAddress(text);
  const prefix = address ? hostPrefix(address) : parsePrefix(text);
  if (prefix) return prefixText(prefix);
  throw new RangeFileError(
    `${path}: expected a range such as 192.0.2.0/24 without bits behind its length, got ${shown(value)}`,
  );
}

function publishedOf(file: Record<string, unknown>): number | undefined {
  const key = DATE_KEYS.find((known) => file[known] !== undefined);
  if (key !== undefined) return dateOf(file[key], key);
  return file.syncToken === undefined ? undefined : dateOf(file.syncToken, 'syncToken');
}

/** A time as files write it: ISO 8601 (without a zone it is UTC), AWS's `2026-11-20-18-43-13`, or epoch seconds or ms. */
function dateOf(value: unknown, path: string): number {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  if (/^\d{9,14}$/.test(text)) return Number(text) * (Number(text) < SECONDS_MAX ? 1_000 : 1);
  const [, day, hours, minutes, seconds] = /^(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)$/.exec(text) ?? [];
  const spelt = day === undefined ? text : `${day}T${hours}:${minutes}:${seconds}Z`;
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(spelt);
  const isDateOnly = /^\d{4}-\d\d-\d\d$/.test(spelt);
  const isIso = isDateOnly || /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(spelt);
  const timeMs = isIso ? Date.parse(hasZone || isDateOnly ? spelt : `${spelt}Z`) : Number.NaN;
  if (Number.isNaN(timeMs) || timeMs < 0)
    throw new RangeFileError(`${path}: expected a time such as 2026-11-20T18:43:13Z, got ${shown(value)}`);
  return timeMs;
}

function shown(value: unknown): string {
  return truncate(JSON.stringify(value) ?? 'nothing', 60);
}
