import { voteExpiresAtMs, type VoteTiming } from '../region.ts';
import type { StoredRun } from '../view.ts';
import { SILENT_AFTER_MS } from '../wire.ts';

/** The runs of one region, as they came in. */
type Coming = { receivedAtMs: number; startedAtMs: number; late: boolean };

/**
 * When each region gave signs of life, as far as its runs tell: heartbeats are not stored. Between two runs that came no
 * further apart than results may, it was live; after one that nothing followed in time, until it counted as silent.
 */
export class Presence {
  readonly #timing: VoteTiming;
  readonly #byRegion = new Map<string, Coming[]>();

  /** `runs` in the order in which they were received. */
  constructor(runs: readonly StoredRun[], timing: VoteTiming) {
    this.#timing = timing;
    for (const { run, receivedAtMs, startedAtMs, late } of runs) {
      const known = this.#byRegion.get(run.region);
      const coming = { receivedAtMs, startedAtMs, late };
      if (known) known.push(coming);
      else this.#byRegion.set(run.region, [coming]);
    }
  }

  /** The regions that were live at a moment, of those there are runs of. */
  at(nowMs: number): string[] {
    return [...this.#byRegion.keys()].filter((region) => this.#isLive(region, nowMs));
  }

  #isLive(region: string, nowMs: number): boolean {
    const comings = this.#byRegion.get(region) ?? [];
    const at = firstAfter(comings, nowMs);
    const [last, next] = [comings[at - 1], comings[at]];
    // A run that was going on then, and came in as soon as it was over.
    if (next && !next.late && next.startedAtMs <= nowMs) return true;
    if (!last) return false;
    if (nowMs - last.receivedAtMs <= SILENT_AFTER_MS) return true;
    const dueMs = voteExpiresAtMs({ startedAtMs: last.receivedAtMs }, this.#timing);
    return next ? next.receivedAtMs <= dueMs : nowMs <= dueMs;
  }
}

/** Index of the first run received after a moment. */
function firstAfter(comings: readonly Coming[], nowMs: number): number {
  let low = 0;
  let high = comings.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((comings[middle]?.receivedAtMs ?? 0) <= nowMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
