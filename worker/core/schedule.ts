/**
 * Offset of a region's starts within the interval, milliseconds: regions are staggered by T/R (DESIGN section 5),
 * and checks are spread by a hash of their id so that they do not all start together.
 */
export function phaseMs(
  checkId: string,
  intervalMs: number,
  regionIndex: number,
  regionCount: number,
): number {
  const spread = hash32(checkId) % intervalMs;
  return Math.floor(spread + (regionIndex * intervalMs) / regionCount) % intervalMs;
}

/**
 * Time from now to the next start with this phase, in (0, interval]: "your next start is in N ms".
 * `notBeforeMs` (0 ≤ … < interval) leaves out a start closer than that, for the answer to a run that ended early.
 */
export function nextStartInMs(nowMs: number, intervalMs: number, phase: number, notBeforeMs = 0): number {
  const sincePhase = (((nowMs - phase) % intervalMs) + intervalMs) % intervalMs;
  const waitMs = intervalMs - sincePhase;
  return waitMs > notBeforeMs ? waitMs : waitMs + intervalMs;
}

/** Which of several probes of a region runs a check: highest hash of (check, probe), so that a change moves few checks. */
export function assignedProbe(checkId: string, probes: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestHash = -1;
  for (const probe of probes) {
    const weight = hash32(`${checkId}\n${probe}`);
    if (weight > bestHash || (weight === bestHash && best !== undefined && probe < best)) {
      best = probe;
      bestHash = weight;
    }
  }
  return best;
}

/** FNV-1a, 32 bits (RFC 9923): a spread, not a secret. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
