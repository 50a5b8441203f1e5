import type { RealAttempts } from '../canary/state.ts';
import { SOURCES_MAX, type AttemptsReport } from './pipeline/attempts.ts';

/** What one source counts of one side: its last total, and what was there before the deploy. */
type Counted = { attempts: number; failures: number; before: { attempts: number; failures: number } };

/** Real attempts by source and side. Plain JSON. `sources` in the order they were last heard of. */
export type AttemptCounts = { sources: { source: string; canary?: Counted; baseline?: Counted }[] };

/** Nobody counts. */
export const NO_ATTEMPTS: AttemptCounts = { sources: [] };

const ZERO = { attempts: 0, failures: 0 };

/**
 * The counts after a report. Of a source that is new, the canary's attempts all came after the deploy, as the canary itself
 * did; its baseline's may be of years before and count from this report on. A total that has shrunk is a process that has
 * begun anew. Beyond `SOURCES_MAX` the one unheard for longest is forgotten.
 */
export function withReport(counts: AttemptCounts, report: AttemptsReport): AttemptCounts {
  const known = counts.sources.find(({ source }) => source === report.source) ?? { source: report.source };
  const next = { ...known };
  for (const { side, attempts, failures } of report.counters) {
    const last = known[side];
    const isAnew = last !== undefined && (attempts < last.attempts || failures < last.failures);
    const before = last
      ? isAnew
        ? {
            // What was counted so far stays counted.
            attempts: last.before.attempts - last.attempts,
            failures: last.before.failures - last.failures,
          }
        : last.before
      : side === 'canary'
        ? ZERO
        : { attempts, failures };
    next[side] = { attempts, failures, before };
  }
  const others = counts.sources.filter(({ source }) => source !== report.source);
  return { sources: [...others, next].slice(-SOURCES_MAX) };
}

/** The counts at the beginning of a deploy: what is there so far is of before. */
export function restarted(counts: AttemptCounts): AttemptCounts {
  const fromHere = (counted: Counted | undefined): Counted | undefined =>
    counted && { ...counted, before: { attempts: counted.attempts, failures: counted.failures } };
  return {
    sources: counts.sources.map(({ source, canary, baseline }) => {
      const [ofCanary, ofBaseline] = [fromHere(canary), fromHere(baseline)];
      return {
        source,
        ...(ofCanary ? { canary: ofCanary } : {}),
        ...(ofBaseline ? { baseline: ofBaseline } : {}),
      };
    }),
  };
}

/** The attempts since the deploy, of all sources; `undefined` when nobody counts. */
export function realAttemptsOf({ sources }: AttemptCounts): RealAttempts | undefined {
  if (sources.length === 0) return undefined;
  const sum = (side: 'canary' | 'baseline') =>
    sources.reduce(
      (total, source) => {
        const counted = source[side];
        if (!counted) return total;
        return {
          attempts: total.attempts + counted.attempts - counted.before.attempts,
          failures: total.failures + counted.failures - counted.before.failures,
        };
      },
      { attempts: 0, failures: 0 },
    );
  // An attempt from before the deploy may fail after it.
  const within = ({ attempts, failures }: { attempts: number; failures: number }) => ({
    attempts,
    failures: Math.max(0, Math.min(failures, attempts)),
  });
  return { canary: within(sum('canary')), baseline: within(sum('baseline')) };
}
