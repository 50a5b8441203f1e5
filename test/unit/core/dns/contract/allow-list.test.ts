import { describe, expect, it } from 'vitest';
import { coverageBy, withFile, type Coverage, type RangeSet } from '#core/dns/contract/allow-list.ts';
import { parseAddress } from '#core/dns/contract/ip.ts';
import { MS_PER_DAY, MS_PER_HOUR } from '#core/units.ts';

const START_MS = 1_800_000_000_000;
const NOTICE = { noticeMs: 14 * MS_PER_DAY };

const day = (days: number): number => START_MS + days * MS_PER_DAY;
const listing = (...prefixes: string[]) => ({ ranges: prefixes.map((prefix) => ({ prefix })) });

/** The file as it was looked at, day by day. */
function history(...looks: [days: number, ...prefixes: string[]][]): RangeSet {
  let set: RangeSet | undefined;
  for (const [days, ...prefixes] of looks) set = withFile(set, listing(...prefixes), day(days));
  if (!set) throw new Error('the file was never looked at');
  return set;
}

function coverage(set: RangeSet, text: string, nowMs: number): Coverage {
  const address = parseAddress(text);
  if (!address) throw new Error(`${text} is no address`);
  return coverageBy(set, NOTICE, nowMs)(address);
}

describe('an address and the published file', () => {
  it('is covered at once by the first file ever seen', () => {
    const set = history([0, '192.0.2.0/24']);
    expect(coverage(set, '192.0.2.7', day(0))).toEqual({ state: 'COVERED', prefix: '192.0.2.0/24' });
  });

  it('is too new until the notice has passed since the range was first seen, to the millisecond', () => {
    const set = history([0, '192.0.2.0/24'], [1, '192.0.2.0/24', '198.51.100.0/24']);
    expect(coverage(set, '198.51.100.1', day(15) - 1)).toEqual({
      state: 'TOO_NEW',
      prefix: '198.51.100.0/24',
      sinceMs: day(1),
      coveredAtMs: day(15),
    });
    expect(coverage(set, '198.51.100.1', day(15)).state).toBe('COVERED');
  });

  it('is unlisted in no range', () => {
    expect(coverage(history([0, '192.0.2.0/24']), '192.0.3.1', day(99))).toEqual({ state: 'UNLISTED' });
    expect(coverage(history([0, '192.0.2.0/24']), '2001:db8::1', day(99))).toEqual({ state: 'UNLISTED' });
  });

  it('is retired once its range is gone', () => {
    const set = history([0, '192.0.2.0/24', '198.51.100.0/24'], [3, '192.0.2.0/24']);
    expect(coverage(set, '198.51.100.1', day(4))).toEqual({
      state: 'RETIRED',
      prefix: '198.51.100.0/24',
      removedAtMs: day(3),
    });
    expect(coverage(set, '192.0.2.1', day(4)).state).toBe('COVERED');
  });

  it('is not new in ranges that have replaced others without a gap', () => {
    const set = history([0, '192.0.2.0/24'], [30, '192.0.2.0/25', '192.0.2.128/25'], [31, '192.0.0.0/16']);
    expect(coverage(set, '192.0.2.200', day(31))).toEqual({ state: 'COVERED', prefix: '192.0.0.0/16' });
    expect(coverage(set, '192.0.9.1', day(31)).state).toBe('TOO_NEW');
  });

  it('is not new in a wider range that came some hours after the one it was in had gone, and is after two days', () => {
    const narrow = history([0, '192.0.2.0/24', '203.0.113.0/24'], [30, '203.0.113.0/24']);
    const soon = withFile(narrow, listing('192.0.0.0/16', '203.0.113.0/24'), day(30) + 6 * MS_PER_HOUR);
    expect(coverage(soon, '192.0.2.200', day(31))).toEqual({ state: 'COVERED', prefix: '192.0.0.0/16' });
    expect(coverage(soon, '192.0.9.1', day(31)).state).toBe('TOO_NEW');
    const late = withFile(narrow, listing('192.0.0.0/16', '203.0.113.0/24'), day(32));
    expect(coverage(late, '192.0.2.200', day(33))).toMatchObject({ state: 'TOO_NEW', sinceMs: day(32) });
  });

  it('is covered in a wider range beside the one that covers it, and retired where a narrower one leaves it out', () => {
    const both = history([0, '192.0.2.0/24'], [30, '192.0.2.0/24', '192.0.0.0/16']);
    expect(coverage(both, '192.0.2.200', day(30))).toEqual({ state: 'COVERED', prefix: '192.0.2.0/24' });
    const narrowed = history([0, '192.0.2.0/24'], [30, '192.0.2.0/25']);
    expect(coverage(narrowed, '192.0.2.1', day(30)).state).toBe('COVERED');
    expect(coverage(narrowed, '192.0.2.200', day(30))).toMatchObject({
      state: 'RETIRED',
      prefix: '192.0.2.0/24',
    });
  });

  it('is new again after a gap of more than a day, and is not after a shorter one', () => {
    const shortly = withFile(
      withFile(history([0, '192.0.2.0/24', '198.51.100.0/24']), listing('192.0.2.0/24'), day(3)),
      listing('192.0.2.0/24', '198.51.100.0/24'),
      day(3) + MS_PER_HOUR,
    );
    expect(coverage(shortly, '198.51.100.1', day(4)).state).toBe('COVERED');
    const long = history(
      [0, '192.0.2.0/24', '198.51.100.0/24'],
      [3, '192.0.2.0/24'],
      [5, '192.0.2.0/24', '198.51.100.0/24'],
    );
    expect(coverage(long, '198.51.100.1', day(6))).toMatchObject({ state: 'TOO_NEW', sinceMs: day(5) });
  });

  it('is too new where the file itself says that the range is for later, also in the first file', () => {
    const later = { ranges: [{ prefix: '192.0.2.0/24', effectiveAtMs: day(2) }] };
    const set = withFile(undefined, later, day(0));
    expect(coverage(set, '192.0.2.1', day(1))).toMatchObject({ state: 'TOO_NEW', coveredAtMs: day(2) });
    expect(coverage(set, '192.0.2.1', day(2)).state).toBe('COVERED');
    const sooner = withFile(set, { ranges: [{ prefix: '192.0.2.0/24', effectiveAtMs: day(1) }] }, day(1));
    expect(coverage(sooner, '192.0.2.1', day(1)).state).toBe('COVERED');
  });

  it('does not believe a file that dates a range back', () => {
    const backDated = { ranges: [{ prefix: '198.51.100.0/24', effectiveAtMs: day(-60) }] };
    const set = withFile(history([0, '192.0.2.0/24']), backDated, day(1));
    expect(coverage(set, '198.51.100.1', day(2)).state).toBe('TOO_NEW');
  });
});

describe('what a file has listed over time', () => {
  it('is the same object while the file is the same, whatever its order', () => {
    const set = history([0, '192.0.2.0/24', '198.51.100.0/24']);
    expect(withFile(set, listing('198.51.100.0/24', '192.0.2.0/24'), day(1))).toBe(set);
    const shorter = withFile(set, listing('192.0.2.0/24'), day(1));
    expect(withFile(shorter, listing('192.0.2.0/24'), day(2))).toBe(shorter);
  });

  it('keeps five hundred removed ranges, the latest', () => {
    const many = Array.from({ length: 600 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`);
    let set = withFile(undefined, listing('192.0.2.0/24', ...many), day(0));
    set = withFile(set, listing('192.0.2.0/24', ...many.slice(300)), day(1));
    set = withFile(set, listing('192.0.2.0/24'), day(2));
    expect(set.entries).toHaveLength(501);
    expect(coverage(set, '10.2.0.1', day(3)).state).toBe('RETIRED');
    expect(coverage(set, '192.0.2.1', day(3)).state).toBe('COVERED');
    expect(set.entries.filter(({ removedAtMs }) => removedAtMs === day(2))).toHaveLength(300);
  });
});
