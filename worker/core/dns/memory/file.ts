import type { DnsSettings } from '../../checks/dns.ts';
import { formatMs, MS_PER_DAY, MS_PER_HOUR, MS_PER_SECOND } from '../../units.ts';
import { withFile } from '../contract/allow-list.ts';
import type { DnsSummary, SeenRanges } from '../findings/evidence.ts';
import type { Finding } from '../findings/finding.ts';
import type { FileMemory, FileVersion, Noted } from './memory.ts';
import { utcMinutes } from './moment.ts';
import { isTakenBack } from './taken-back.ts';

/** Contents remembered: with a file a week, two months. */
const OLDER_MAX = 8;
/** A file that cannot be read for this long is no contract any more; for less, nobody has missed it. */
const UNREADABLE_MS_MAX = MS_PER_HOUR;
/** How long it is told that the ranges have changed and the date has not: whoever publishes the file has heard it by then. */
const UNDATED_TOLD_MS = MS_PER_DAY;
/** Copies that cannot be read: four URLs in twenty regions. */
const FAILING_MAX = 80;

/** The file after a run has looked at it under each of its URLs. */
export function withLooks(
  settings: DnsSettings,
  before: FileMemory | undefined,
  { region, nowMs, summary }: { region: string; nowMs: number; summary: DnsSummary },
): Noted<FileMemory | undefined> {
  const { allowList } = settings;
  if (!allowList) return { part: undefined, isNews: before !== undefined };
  const of = { urls: allowList.urls.toSorted(), service: allowList.service };
  const known = before && isSameFile(before.of, of) ? { ...before, of } : undefined;
  const part = looksOf(summary).reduce<FileMemory>(
    (file, look) => withLook(settings, file, look, copyKey(region, look.url), nowMs),
    known ?? { of, older: [], failing: {} },
  );
  const isNews =
    !before ||
    !known ||
    before.of.urls.join(' ') !== of.urls.join(' ') ||
    part.current?.firstSeenMs !== before.current?.firstSeenMs ||
    part.failing !== before.failing;
  return { part, isNews };
}

/**
 * C4 of this run's looks: a copy that has not been readable for an hour, one that still has (or has again) an older content
 * past the grace, and a content that came without a later date.
 */
export function fileFindings(
  settings: DnsSettings,
  file: FileMemory | undefined,
  { region, nowMs, summary }: { region: string; nowMs: number; summary: DnsSummary },
): Finding[] {
  if (!file) return [];
  const graceMs = settings.limits.graceS * MS_PER_SECOND;
  return looksOf(summary).flatMap((look): Finding[] => {
    const subject = look.url.slice(0, 300);
    const bad = (severity: Finding['severity'], message: string, sinceMs: number): Finding[] => [
      { id: 'C4', severity, subject, message, figures: { sinceMs } },
    ];
    const failing = file.failing[copyKey(region, look.url)];
    if (failing) {
      const lastsMs = nowMs - failing.failingSinceMs;
      if (lastsMs < UNREADABLE_MS_MAX) return [];
      return bad(
        'fail',
        `The range file cannot be read in ${region} for ${formatMs(lastsMs)}: ${failing.error}`,
        failing.failingSinceMs,
      );
    }
    const { current } = file;
    if (!current || !look.ranges) return [];
    if (fingerprintOf(look.ranges) === current.fingerprint)
      return current.undated && nowMs - current.firstSeenMs < UNDATED_TOLD_MS
        ? bad(
            'warn',
            `The ranges in the file have changed at ${utcMinutes(current.firstSeenMs)}, and its date has not.`,
            current.firstSeenMs,
          )
        : [];
    const lastsMs = nowMs - current.firstSeenMs;
    if (lastsMs <= graceMs) return [];
    return bad(
      'fail',
      `The range file in ${region} is not the newest: it has ${datedText(look.publishedAtMs)}, and ${datedText(current.publishedAtMs)} has been out for ${formatMs(lastsMs)}.`,
      current.firstSeenMs,
    );
  });
}

/** A run tells of the same content only once: a copy with its digest has its ranges. */
function looksOf({ ranges }: DnsSummary): SeenRanges[] {
  return ranges.map((look) => {
    if (look.ranges || look.error !== undefined || look.sha256 === undefined) return look;
    const same = ranges.find((other) => other.ranges && other.sha256 === look.sha256);
    return same ? { ...same, url: look.url } : look;
  });
}

/** Of one service under some of the same URLs: a copy more or less does not make a file new. */
function isSameFile(a: FileMemory['of'], b: FileMemory['of']): boolean {
  return a.service === b.service && a.urls.some((url) => b.urls.includes(url));
}

function withLook(
  settings: DnsSettings,
  file: FileMemory,
  look: SeenRanges,
  key: string,
  nowMs: number,
): FileMemory {
  const { [key]: failing, ...others } = file.failing;
  if (!look.ranges || look.ranges.length === 0) {
    const error = look.error ?? (look.ranges ? 'the file lists no range' : undefined);
    if (error === undefined || (!failing && Object.keys(others).length >= FAILING_MAX)) return file;
    if (failing?.error === error) return file;
    const failingSinceMs = failing?.failingSinceMs ?? nowMs;
    return { ...file, failing: { ...others, [key]: { failingSinceMs, error } } };
  }
  const read = failing ? { ...file, failing: others } : file;
  const { current, older } = file;
  const fingerprint = fingerprintOf(look.ranges);
  const { publishedAtMs } = look;
  if (current?.fingerprint === fingerprint) {
    const isLater = publishedAtMs !== undefined && publishedAtMs > (current.publishedAtMs ?? 0);
    if (!isLater && current.goneSinceMs === undefined) return read;
    const { undated, goneSinceMs: _goneSinceMs, ...rest } = current;
    if (isLater) return { ...read, current: { ...rest, publishedAtMs } };
    return { ...read, current: { ...rest, ...(undated ? { undated } : {}) } };
  }
  if (current && !isNewer(look, fingerprint, current, older)) {
    const goneSinceMs = current.goneSinceMs ?? nowMs;
    if (!isTakenBack(settings, goneSinceMs, nowMs)) return { ...read, current: { ...current, goneSinceMs } };
  }
  const isUndated =
    current !== undefined && publishedAtMs !== undefined && publishedAtMs === current.publishedAtMs;
  return {
    ...read,
    current: {
      fingerprint,
      ...(publishedAtMs === undefined ? {} : { publishedAtMs }),
      firstSeenMs: nowMs,
      ...(isUndated ? { undated: true } : {}),
    },
    older: [...(current ? [current] : []), ...older].slice(0, OLDER_MAX),
    set: withFile(file.set, { ranges: look.ranges }, nowMs),
  };
}

/** By its date; where dates do not tell, a content never seen before is newer than one that was. */
function isNewer(
  { publishedAtMs }: SeenRanges,
  fingerprint: string,
  current: FileVersion,
  older: readonly FileVersion[],
): boolean {
  const known = current.publishedAtMs;
  if (publishedAtMs !== undefined && known !== undefined && publishedAtMs !== known)
    return publishedAtMs > known;
  return older.every((version) => version.fingerprint !== fingerprint);
}

function copyKey(region: string, url: string): string {
  return `${region} ${url}`;
}

function datedText(publishedAtMs: number | undefined): string {
  return publishedAtMs === undefined ? 'another content' : `that of ${utcMinutes(publishedAtMs)}`;
}

/** Tells contents apart by their ranges, whatever their order: 53 bits of two rounds of a multiplying hash (cyrb53). */
function fingerprintOf(ranges: NonNullable<SeenRanges['ranges']>): string {
  const text = ranges
    .map(({ prefix, effectiveAtMs }) => `${prefix}@${effectiveAtMs ?? ''}`)
    .toSorted()
    .join(' ');
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 2_654_435_761);
    low = Math.imul(low ^ unit, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return `${ranges.length}-${(4_294_967_296 * (2_097_151 & low) + (high >>> 0)).toString(36)}`;
}
