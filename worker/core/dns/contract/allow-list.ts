import { MS_PER_DAY } from '../../units.ts';
import type { Address } from './ip.ts';
import type { RangeFile } from './range-file.ts';
import { rangeIndex } from './range-index.ts';

/** A range of the published file as it was really seen: a publisher can date a file back. Times are the hub's, epoch ms. */
export type RangeEntry = {
  prefix: string;
  firstSeenMs: number;
  /** Of the first file ever seen: how old it was then nobody knows, so it counts as old enough. */
  trusted?: true | undefined;
  /** By the file's own word not in use before. */
  effectiveAtMs?: number | undefined;
  /** When it was first seen to be gone from the file. */
  removedAtMs?: number | undefined;
};

/** What a published file has listed over time. */
export type RangeSet = { entries: RangeEntry[] };

/** What customers were promised, milliseconds: how long a range is in the file before its first use. */
export type AllowListPolicy = { noticeMs: number };

/**
 * How an address stands with the file (reference: dns, section 1.6). `TOO_NEW`: listed, but for less than the notice, or for
 * later; `coveredAtMs` is when that is over. `RETIRED`: no longer listed.
 */
export type Coverage =
  | { state: 'COVERED'; prefix: string }
  | { state: 'TOO_NEW'; prefix: string; sinceMs: number; coveredAtMs: number }
  | { state: 'UNLISTED' }
  | { state: 'RETIRED'; prefix: string; removedAtMs: number };

/** Removed ranges that are remembered, the latest: an address in an older one is unlisted, which is as bad. */
const REMOVED_MAX = 500;
/** A range that comes back within a day has never been away: firewalls are seldom set more often than that. */
const RELISTED_WITHIN_MS = MS_PER_DAY;

/**
 * What has been listed, after another look at the file; the same object when nothing has changed. All ranges of the first
 * file are trusted.
 */
export function withFile(before: RangeSet | undefined, { ranges }: RangeFile, nowMs: number): RangeSet {
  if (!before)
    return {
      entries: ranges.map(({ prefix, effectiveAtMs }) => ({
        prefix,
        firstSeenMs: nowMs,
        trusted: true,
        ...effectiveOf(effectiveAtMs),
      })),
    };
  const listed = new Map(ranges.map((range) => [range.prefix, range]));
  let isChanged = false;
  const known = before.entries.map((entry): RangeEntry => {
    const range = listed.get(entry.prefix);
    const { removedAtMs, effectiveAtMs, ...rest } = entry;
    if (!range) {
      if (removedAtMs !== undefined) return entry;
      isChanged = true;
      return { ...entry, removedAtMs: nowMs };
    }
    if (removedAtMs !== undefined && nowMs - removedAtMs > RELISTED_WITHIN_MS) return entry;
    listed.delete(entry.prefix);
    if (removedAtMs === undefined && effectiveAtMs === range.effectiveAtMs) return entry;
    isChanged = true;
    return { ...rest, ...effectiveOf(range.effectiveAtMs) };
  });
  if (!isChanged && listed.size === 0) return before;
  const fresh = [...listed.values()].map(({ prefix, effectiveAtMs }) => ({
    prefix,
    firstSeenMs: nowMs,
    ...effectiveOf(effectiveAtMs),
  }));
  return { entries: bounded([...known, ...fresh]) };
}

/** Tells how addresses stand with what has been listed, at `nowMs`. */
export function coverageBy(
  { entries }: RangeSet,
  { noticeMs }: AllowListPolicy,
  nowMs: number,
): (address: Address) => Coverage {
  const find = rangeIndex(entries);
  return (address) => {
    const found = find(address);
    const listed = found.filter(({ removedAtMs }) => removedAtMs === undefined);
    const [narrowest] = listed;
    if (!narrowest) return uncovered(found);
    const sinceMs = listedSinceMs(found);
    const effectiveAtMs = Math.min(...listed.map((entry) => entry.effectiveAtMs ?? 0));
    const coveredAtMs = Math.max(sinceMs + noticeMs, effectiveAtMs);
    const { prefix } = narrowest;
    if (coveredAtMs <= nowMs) return { state: 'COVERED', prefix };
    return { state: 'TOO_NEW', prefix, sinceMs: Math.max(sinceMs, 0), coveredAtMs };
  };
}

function uncovered(found: readonly RangeEntry[]): Coverage {
  const [last] = found.toSorted((a, b) => (b.removedAtMs ?? 0) - (a.removedAtMs ?? 0));
  if (last?.removedAtMs === undefined) return { state: 'UNLISTED' };
  return { state: 'RETIRED', prefix: last.prefix, removedAtMs: last.removedAtMs };
}

/**
 * Since when an address has been in the file without a gap that counts, in whatever range: one that two halves replace, be it
 * some hours later, has not become new.
 * Minus infinity when that is since the first look.
 */
function listedSinceMs(found: readonly RangeEntry[]): number {
  let sinceMs = Number.POSITIVE_INFINITY;
  const latestFirst = found.toSorted((a, b) => (b.removedAtMs ?? Infinity) - (a.removedAtMs ?? Infinity));
  for (const { firstSeenMs, removedAtMs, trusted } of latestFirst)
    if (removedAtMs === undefined || sinceMs - removedAtMs <= RELISTED_WITHIN_MS)
      sinceMs = Math.min(sinceMs, trusted ? Number.NEGATIVE_INFINITY : firstSeenMs);
  return sinceMs;
}

function bounded(entries: readonly RangeEntry[]): RangeEntry[] {
  const removed = entries.filter(({ removedAtMs }) => removedAtMs !== undefined);
  if (removed.length <= REMOVED_MAX) return [...entries];
  const kept = new Set(
    removed.toSorted((a, b) => (b.removedAtMs ?? 0) - (a.removedAtMs ?? 0)).slice(0, REMOVED_MAX),
  );
  return entries.filter((entry) => entry.removedAtMs === undefined || kept.has(entry));
}

function effectiveOf(effectiveAtMs: number | undefined): { effectiveAtMs?: number } {
  return effectiveAtMs === undefined ? {} : { effectiveAtMs };
}
