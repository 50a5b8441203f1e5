import { median } from '../statistics.ts';
import { normalTail } from './tail.ts';

/** Are the first values greater than the second? */
export type MannWhitney = {
  /** Pairs in which the first is greater; a tie counts half. */
  u: number;
  /** Chance of a `u` as great, were both alike. */
  greater: number;
  /** Chance of a `u` as small. */
  less: number;
  /** Twice the smaller of the two, at most 1. */
  twoSided: number;
  method: 'exact' | 'normal';
};

/** Values of both sides together up to which every way to split them is counted: C(56, 28) < 2^53 is exact, C(57, 28) not. */
export const EXACT_VALUES_MAX = 56;

/**
 * Mann and Whitney's test by mid-ranks. Up to `EXACT_VALUES_MAX` values in all it is the exact permutation test, ties and
 * all: the chances are those of every way to deal out the ranks that are there. Beyond, or with `method`, the normal
 * approximation with its variance corrected for ties and a continuity correction of ½. Throws a RangeError for a side
 * without values.
 */
export function mannWhitney(
  first: readonly number[],
  second: readonly number[],
  method: MannWhitney['method'] = first.length + second.length <= EXACT_VALUES_MAX ? 'exact' : 'normal',
): MannWhitney {
  checkValues('first', first);
  checkValues('second', second);
  if (method === 'exact' && first.length + second.length > EXACT_VALUES_MAX)
    throw new RangeError(
      `exact: expected at most ${EXACT_VALUES_MAX} values in all, got ${first.length + second.length}`,
    );
  const { ranks, tied } = doubledMidRanks([...first, ...second]);
  const doubledSum = ranks.slice(0, first.length).reduce((sum, rank) => sum + rank, 0);
  const u = doubledSum / 2 - (first.length * (first.length + 1)) / 2;
  const tails =
    method === 'exact'
      ? exactTails(ranks, first.length, doubledSum)
      : normalTails(u, first.length, second.length, tied);
  return { u, ...tails, twoSided: Math.min(1, 2 * Math.min(tails.greater, tails.less)), method };
}

/** Median of all differences first − second: by how much the first are greater. Throws a RangeError for a side without values. */
export function hodgesLehmann(first: readonly number[], second: readonly number[]): number {
  checkValues('first', first);
  checkValues('second', second);
  return median(first.flatMap((a) => second.map((b) => a - b)));
}

function checkValues(name: string, values: readonly number[]): void {
  if (values.length === 0) throw new RangeError(`${name}: expected values, got none`);
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new RangeError(`${name}: expected finite numbers, got ${bad}`);
}

/** Twice the mid-rank of each value, which is whole, and Σ(t³ − t) over the groups of `t` equal values. */
function doubledMidRanks(values: readonly number[]): { ranks: number[]; tied: number } {
  const order = values.map((_value, at) => at).toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = values.map(() => 0);
  let tied = 0;
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end] ?? 0] === values[order[start] ?? 0]) end += 1;
    // Ranks start + 1 to end: their mean is half of start + 1 + end.
    for (const at of order.slice(start, end)) ranks[at] = start + 1 + end;
    tied += (end - start) ** 3 - (end - start);
    start = end;
  }
  return { ranks, tied };
}

/** Counts the ways to choose `size` of the ranks by their sum, one rank after the other. */
function exactTails(
  ranks: readonly number[],
  size: number,
  seenSum: number,
): { greater: number; less: number } {
  const sumMax = ranks.reduce((sum, rank) => sum + rank, 0);
  const width = sumMax + 1;
  // ways[chosen * width + sum]
  const ways = new Float64Array((size + 1) * width);
  ways[0] = 1;
  let reached = 0;
  for (const [at, rank] of ranks.entries()) {
    reached += rank;
    for (let chosen = Math.min(at + 1, size); chosen >= 1; chosen--) {
      const row = chosen * width;
      const from = row - width - rank;
      for (let sum = rank; sum <= reached; sum++)
        ways[row + sum] = (ways[row + sum] ?? 0) + (ways[from + sum] ?? 0);
    }
  }
  let all = 0;
  let greater = 0;
  let less = 0;
  for (let sum = 0; sum <= sumMax; sum++) {
    const count = ways[size * width + sum] ?? 0;
    all += count;
    if (sum >= seenSum) greater += count;
    if (sum <= seenSum) less += count;
  }
  return { greater: greater / all, less: less / all };
}

function normalTails(u: number, n: number, m: number, tied: number): { greater: number; less: number } {
  const all = n + m;
  const deviation = Math.sqrt(((n * m) / 12) * (all + 1 - tied / (all * (all - 1))));
  // All values alike: nothing can be told.
  if (!(deviation > 0)) return { greater: 1, less: 1 };
  const over = u - (n * m) / 2;
  return { greater: normalTail((over - 0.5) / deviation), less: normalTail((-over - 0.5) / deviation) };
}
