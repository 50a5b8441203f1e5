import type { Check, Region } from '../config.ts';
import { neededRegions, type SeenRegion } from './sight.ts';

/** How the pings of one watchdog fare. Times are the hub's, epoch ms. */
export type WatchdogState = {
  attemptedMs?: number | undefined;
  /** When a ping was last answered by a 2xx. */
  succeededMs?: number | undefined;
  /** Why the last ping failed; absent once one has succeeded. */
  failure?: { atMs: number; error: string } | undefined;
};

type EvidenceConfig = {
  checks: readonly Pick<Check, 'intervalMs' | 'timeoutMs' | 'regions'>[];
  regions: readonly Pick<Region, 'id'>[];
};

/** Results are worth a ping for this long at least (reference: paging, section 1.4, item 12). */
const EVIDENCE_MS_MIN = 30_000;
/** A ping that failed is tried again after this, if it is not due earlier: a watchdog's patience is short. */
const RETRY_AFTER_MS = 5_000;

/**
 * For how long an evaluated result shows that the hub works, milliseconds: until as many regions as it takes have each
 * run the check that they run most often once more, were that to hang to its deadline.
 */
export function evidenceMs({ checks, regions }: EvidenceConfig): number {
  const dueMs = regions.flatMap(({ id }) => {
    const own = checks.filter((check) => check.regions.includes(id));
    return own.length === 0 ? [] : [Math.min(...own.map((check) => check.intervalMs + check.timeoutMs))];
  });
  const needed = dueMs.toSorted((a, b) => a - b)[neededRegions(regions.length) - 1];
  return Math.max(EVIDENCE_MS_MIN, needed ?? 0);
}

/** Whether results of two regions (of the only one) have really been stored and evaluated lately. */
export function hasEvidence(
  config: EvidenceConfig,
  regions: Readonly<Record<string, SeenRegion>>,
  nowMs: number,
): boolean {
  const withinMs = evidenceMs(config);
  const evaluated = Object.values(regions).filter(
    ({ evaluatedMs }) => evaluatedMs !== undefined && evaluatedMs <= nowMs && nowMs - evaluatedMs <= withinMs,
  );
  return evaluated.length >= neededRegions(config.regions.length);
}

/** When a watchdog is to be pinged next, epoch ms, evidence provided. */
export function pingDueMs(state: WatchdogState | undefined, everyMs: number, nowMs: number): number {
  const { attemptedMs, failure } = state ?? {};
  // Pinged in the future: the clock has been set back.
  if (attemptedMs === undefined || attemptedMs > nowMs) return nowMs;
  return attemptedMs + (failure ? Math.min(everyMs, RETRY_AFTER_MS) : everyMs);
}
