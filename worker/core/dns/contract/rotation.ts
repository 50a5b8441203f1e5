/** Pools up to this size are computed exactly, in under a millisecond; above it addresses come nearly by themselves. */
const EXACT_MAX = 100;

/**
 * Answers after which one certain address of a pool of `pool` has been seen with probability `p`, when each answer shows
 * `perAnswer` of them by chance: 1 − (1 − k/N)^m ≥ p (reference: dns, section 1.4).
 */
export function answersToSeeOne(pool: number, perAnswer: number, p: number): number {
  if (perAnswer >= pool) return 1;
  if (perAnswer < 1) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.ceil(Math.log1p(-p) / Math.log1p(-perAnswer / pool)));
}

/**
 * Answers after which all of a pool have been seen with probability `p`. Exact up to 100 addresses, by how many are still
 * missing after each answer; above, as if each address came by itself, which asks for at most one answer more in a hundred.
 */
export function answersToSeeAll(pool: number, perAnswer: number, p: number): number {
  if (perAnswer >= pool) return 1;
  if (perAnswer < 1) return Number.POSITIVE_INFINITY;
  const apart = Math.ceil(Math.log(-Math.expm1(Math.log(p) / pool)) / Math.log1p(-perAnswer / pool));
  if (pool > EXACT_MAX) return apart;
  return exactAnswers(pool, perAnswer, p, apart * 2 + 2);
}

function exactAnswers(pool: number, perAnswer: number, p: number, max: number): number {
  const shares = newShares(pool, perAnswer);
  // chance[missing]: that so many addresses have not been seen yet.
  let chance = Array<number>(pool + 1).fill(0);
  chance[pool] = 1;
  for (let answers = 1; answers < max; answers += 1) {
    const next = Array<number>(pool + 1).fill(0);
    for (const [missing, likely] of chance.entries()) {
      if (likely === 0) continue;
      for (const [fresh, share] of (shares[missing] ?? []).entries())
        next[missing - fresh] = (next[missing - fresh] ?? 0) + likely * share;
    }
    chance = next;
    if ((chance[0] ?? 0) >= p) return answers;
  }
  return max;
}

/** By the number still missing: the chances that an answer has 0, 1, 2… of those (hypergeometric). */
function newShares(pool: number, perAnswer: number): number[][] {
  const lnFactorial = [0];
  for (let n = 1; n <= pool; n += 1) lnFactorial.push((lnFactorial[n - 1] ?? 0) + Math.log(n));
  const lnChoose = (n: number, k: number): number =>
    (lnFactorial[n] ?? 0) - (lnFactorial[k] ?? 0) - (lnFactorial[n - k] ?? 0);
  return Array.from({ length: pool + 1 }, (_, missing) =>
    Array.from({ length: Math.min(perAnswer, missing) + 1 }, (_fresh, fresh) => {
      const old = perAnswer - fresh;
      if (old > pool - missing) return 0;
      return Math.exp(lnChoose(missing, fresh) + lnChoose(pool - missing, old) - lnChoose(pool, perAnswer));
    }),
  );
}
