import type { Scenario } from './scenario.ts';
import type { StoredEntry } from './hub.ts';
import { median } from './statistics.ts';

/** What the rules ask for, written down a second time from the design, so that a slip in core is not one here too. */
const STREAK_OF = [3, 3, 4, 4, 5, 6] as const;
const TALLY_EACH_MAX = 3;
const TALLY_PER_REGION = 2;
const TALLY_WINDOW_MS = 120_000;
/** Regions with so many failures in a row each. */
const REGIONAL: readonly (readonly [number, number])[] = [
  [2, 5],
  [3, 3],
];
const RESULT_GRACE_MS = 10_000;
/** A region heard from by its results this lately is live, whatever else has happened. */
const SURELY_LIVE_MS = 33_000;
/** A region that fails alone for this long may be left out. */
const KNOWN_BAD_MS = 295_000;
const RECOVERY_PASSES = 2;
/** Passes that make up a region's pace, and how much slower they must be. */
const PACE_PASSES = 5;
const SLOW_SHARE = 0.7;

/** A run that counts, in the order in which the hub took it in. */
type Counted = {
  region: string;
  failed: boolean;
  startedAtMs: number;
  receivedMs: number;
  durationMs: number;
  /** Its control target failed too: it may count or not. */
  isDoubtful: boolean;
};

/**
 * What the hub has been told, judged by the letter of the design and by nothing of core: whether a page, and whether a
 * resolve, has enough behind it. Where the design leaves room it is generous. Times are by the hub's clock.
 */
export class Evidence {
  readonly #scenario: Scenario;
  readonly #newest = new Map<string, { boot: number; seq: number; receivedMs: number }>();
  readonly #abstaining = new Set<string>();
  readonly #controlFailedMs = new Map<string, number>();
  #counted: Counted[] = [];
  /** What came before an incident was over does not count for the next one's tally. */
  #tallyFrom = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** The hub has stored a run. */
  add({ run, startedAtMs, nowMs }: StoredEntry): void {
    const { intervalMs, timeoutMs } = this.#scenario;
    const last = this.#newest.get(run.probe);
    const follows = last !== undefined && nowMs - last.receivedMs <= intervalMs + timeoutMs;
    const isOld = follows && (run.boot < last.boot || (run.boot === last.boot && run.seq <= last.seq));
    if (!isOld) this.#newest.set(run.probe, { boot: run.boot, seq: run.seq, receivedMs: nowMs });
    if (isOld || nowMs - startedAtMs > intervalMs + timeoutMs) return;
    // Of a canary alone: no word on what everybody gets.
    if (run.trigger === 'deploy') return;
    if (run.outcome === 'invalid') return void this.#abstaining.add(run.region);
    const isDoubtful = run.control?.outcome === 'fail';
    if (isDoubtful) {
      this.#controlFailedMs.set(run.region, startedAtMs);
      if (!this.#mayControlBeBroken(nowMs)) return void this.#abstaining.add(run.region);
    }
    this.#abstaining.delete(run.region);
    const { region, outcome, durationMs } = run;
    const failed = outcome === 'fail';
    this.#counted.push({ region, failed, startedAtMs, receivedMs: nowMs, durationMs, isDoubtful });
    if (this.#counted.length > 2_000) this.#forgetOldest();
  }

  /** An incident is over. */
  clear(): void {
    this.#tallyFrom = this.#counted.length;
  }

  /** Why a page for this reason has too little behind it; `undefined` when it has enough. */
  lacksFor(reason: string, nowMs: number): string | undefined {
    switch (reason) {
      case 'unanimous':
        return this.#lacksUnanimous(nowMs);
      case 'partial':
        return this.#lacksPartial(nowMs);
      case 'regional':
        return this.#lacksRegional(nowMs);
      case 'latency':
        return this.#lacksLatency();
      default:
        return `no rule pages for ${reason}`;
    }
  }

  /** Why an incident cannot be over yet. */
  lacksForResolve(nowMs: number): string | undefined {
    const { resolveAfterMs } = this.#scenario;
    const at = this.#counted.findLastIndex((run) => run.failed && !run.isDoubtful && !this.#isAlone(run));
    const failure = this.#counted[at];
    const since = this.#counted.slice(at + 1);
    const firstMs = since[0]?.startedAtMs;
    if (failure && firstMs === undefined) return 'nothing has passed since the last failure';
    if (firstMs !== undefined && nowMs - firstMs < resolveAfterMs && failure)
      return `clean for ${nowMs - firstMs} ms only`;
    for (const region of this.#surelyInQuorum(nowMs)) {
      const passes = since.filter((run) => run.region === region).length;
      if (failure && passes < RECOVERY_PASSES) return `${region} has passed ${passes} times since`;
    }
    return undefined;
  }

  /** Whether a region's failure is its own: the others pass, it for long or they for long. */
  #isAlone({ region, startedAtMs }: Counted): boolean {
    const before = this.#counted.filter((run) => run.startedAtMs <= startedAtMs);
    const own = before.filter((run) => run.region === region);
    const since = own[own.findLastIndex(({ failed }) => !failed) + 1]?.startedAtMs ?? startedAtMs;
    const others = this.#scenario.regions.filter((other) => other !== region);
    const othersPass = others.every(
      (other) => before.findLast((run) => run.region === other)?.failed !== true,
    );
    const lastElsewhere = before.findLast((run) => run.failed && run.region !== region)?.startedAtMs ?? 0;
    return othersPass && startedAtMs - Math.max(0, Math.min(since, lastElsewhere)) >= KNOWN_BAD_MS;
  }

  #lacksUnanimous(nowMs: number): string | undefined {
    const streak: Counted[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (let at = this.#counted.length - 1; at >= 0; at--) {
      const run = this.#counted[at];
      if (!run?.failed || this.#expiresMs(run) <= Math.min(nextMs, nowMs)) break;
      streak.push(run);
      nextMs = run.startedAtMs;
    }
    const quorum = this.#surelyInQuorum(nowMs);
    const needed = STREAK_OF[quorum.length] ?? quorum.length + 1;
    if (streak.length < needed) return `a streak of ${streak.length} where ${needed} are needed`;
    const absent = quorum.filter((region) => !streak.some((run) => run.region === region));
    return absent.length === 0 ? undefined : `${absent.join(' and ')} has not failed`;
  }

  #lacksPartial(nowMs: number): string | undefined {
    const tallies = this.#scenario.regions.map((region) => {
      const failures = this.#counted.filter(
        (run, at) =>
          at >= this.#tallyFrom &&
          run.region === region &&
          run.failed &&
          nowMs - run.startedAtMs <= TALLY_WINDOW_MS,
      );
      return Math.min(TALLY_EACH_MAX, failures.length);
    });
    const sum = tallies.reduce((total, tally) => total + tally, 0) - Math.max(...tallies);
    const needed = TALLY_PER_REGION * Math.max(3, this.#surelyInQuorum(nowMs).length);
    return sum >= needed ? undefined : `${sum} failures outside the worst region where ${needed} are needed`;
  }

  #lacksRegional(nowMs: number): string | undefined {
    const rows = this.#scenario.regions.map((region) => this.#failuresInRow(region, nowMs));
    const enough = REGIONAL.some(
      ([regions, inRow]) => rows.filter((count) => count >= inRow).length >= regions,
    );
    return enough ? undefined : `failures in a row: ${rows.join(', ')}`;
  }

  /** What is normal by chance may be low, so that anything near the slow end of normal may be a shift. */
  #lacksLatency(): string | undefined {
    const slowMs = this.#scenario.passMs[1] * SLOW_SHARE;
    const slow = this.#scenario.regions.filter((region) => {
      const passes = this.#counted.filter((run) => run.region === region && !run.failed).slice(-PACE_PASSES);
      return passes.length === PACE_PASSES && median(passes.map(({ durationMs }) => durationMs)) > slowMs;
    });
    return slow.length >= 2 ? undefined : `slow in ${slow.length} regions`;
  }

  /** Regions that cannot be out of the quorum. */
  #surelyInQuorum(nowMs: number): string[] {
    return this.#scenario.regions.filter((region) => {
      const last = this.#counted.findLast((run) => run.region === region);
      if (!last || last.isDoubtful || this.#abstaining.has(region) || this.#expiresMs(last) <= nowMs)
        return false;
      if (nowMs - last.receivedMs > SURELY_LIVE_MS) return false;
      return nowMs - (this.#failingSinceMs(region) ?? nowMs) < KNOWN_BAD_MS;
    });
  }

  #failingSinceMs(region: string): number | undefined {
    const runs = this.#counted.filter((run) => run.region === region);
    const at = runs.findLastIndex(({ failed }) => !failed);
    return runs[at + 1]?.startedAtMs;
  }

  #failuresInRow(region: string, nowMs: number): number {
    let count = 0;
    let nextMs = nowMs;
    for (const run of this.#counted.toReversed()) {
      if (run.region !== region) continue;
      if (!run.failed || this.#expiresMs(run) <= nextMs) break;
      count += 1;
      nextMs = run.startedAtMs;
    }
    return count;
  }

  #mayControlBeBroken(nowMs: number): boolean {
    const { intervalMs, timeoutMs } = this.#scenario;
    const broken = [...this.#controlFailedMs.values()].filter(
      (atMs) => nowMs - atMs <= intervalMs + timeoutMs,
    );
    return broken.length * 2 > this.#surelyInQuorum(nowMs).length;
  }

  #expiresMs({ startedAtMs }: Counted): number {
    return startedAtMs + this.#scenario.intervalMs + this.#scenario.timeoutMs + RESULT_GRACE_MS;
  }

  #forgetOldest(): void {
    const gone = 1_000;
    this.#counted = this.#counted.slice(gone);
    this.#tallyFrom = Math.max(0, this.#tallyFrom - gone);
  }
}
