import { BURST_MAX_MS } from '../burst.ts';
import { checkDeadlines, initialState, type CheckState } from '../check-state.ts';
import { median } from '../statistics.ts';
import type { Reason } from '../page.ts';
import type { Policy } from '../policy.ts';
import { Presence } from './presence.ts';
import { seesProduction } from '../run.ts';
import { stateWakeMs, step } from '../step.ts';
import type { CheckEvent } from '../check-event.ts';
import type { StoredIncident } from './stored-line.ts';
import { formatMs } from '../units.ts';
import type { StoredRun } from '../view.ts';

/** A page, real or of a replay. Times are the hub's, epoch ms; `tookMs`: from the first failed start to the decision. */
export type Paged = {
  seq: number;
  reason: Reason;
  sinceMs: number;
  decidedMs: number;
  tookMs: number;
  resolvedMs?: number | undefined;
};

/** A page that the policy would have sent. */
export type ReplayedPage = Paged & {
  /** The `seq` of the real incident it is about; absent: an extra page. */
  incident?: number | undefined;
  /** How much later than the real page it would have been decided, negative when earlier. */
  laterMs?: number | undefined;
};

/** What a policy would have made of stored runs. */
export type ReplayReport = {
  runs: number;
  /** First and last receipt, epoch ms; 0 without runs. */
  fromMs: number;
  toMs: number;
  /** All pages of the policy, by time. */
  pages: ReplayedPage[];
  /** How many of them are about no real incident. */
  extra: number;
  /** Real pages that the policy would not have sent. */
  missed: Paged[];
  /** What a reader must know of how much this says. */
  notes: string[];
};

/** What happened, but for runs and the passing of time: a run is on its way, or has been for too long. */
type Started = { atMs: number; run: StoredRun };
type Overdue = { atMs: number; startedAtMs: number; region: string };

/** A probe without a connection tells of an overdue run when nobody wants to know any more. */
const OVERDUE_DELAY_MS_MAX = 5_000;
/** Scheduled starts by which the interval is told, and how far off the policy's it is another one. */
const STARTS_MIN = 10;
const INTERVAL_OFF_RATIO = 0.2;

/**
 * Replays stored runs of one check through `step` under a policy, and compares with the incidents there really were. Pure;
 * any order of runs, each counted once. The clock is the receipt of the runs, with ticks whenever the state wants one;
 * which regions were live is told by the runs themselves, and so is which of them went past the soft deadline. The runs are
 * as they were: with the interval, timeout and bursts of their time, whatever the policy says. A page counts as of a real
 * incident when they overlap and both are, or neither is, of being slow; each incident has one page.
 */
export function replay(
  policy: Policy,
  stored: readonly StoredRun[],
  incidents: readonly StoredIncident[],
): ReplayReport {
  // What only a canary gave has no vote.
  const runs = inOrder(stored.filter(({ run }) => seesProduction(run)));
  const recorded = recordedPolicy(policy, runs);
  const fromMs = runs[0]?.receivedAtMs ?? 0;
  const toMs = runs.at(-1)?.receivedAtMs ?? 0;
  const real = incidents.flatMap((incident) => realPageOf(incident)).toSorted(byDecision);
  const pages = compared(new Replay(recorded.policy, runs).pages(), real, fromMs);
  const met = new Set(pages.map(({ incident }) => incident));
  return {
    runs: runs.length,
    fromMs,
    toMs,
    pages,
    extra: pages.filter(({ incident }) => incident === undefined).length,
    missed: real.filter(({ seq }) => !met.has(seq)),
    notes: [...recorded.notes, ...notesOf(policy, runs, incidents), ...apartNote(stored)],
  };
}

/** One pass through the runs. */
class Replay {
  readonly #policy: Policy;
  readonly #runs: readonly StoredRun[];
  readonly #starts: readonly Started[];
  readonly #presence: Presence;
  readonly #overdue: Overdue[] = [];
  readonly #pages = new Map<number, ReplayedPage>();
  #state: CheckState = initialState();
  #nowMs: number;

  constructor(policy: Policy, runs: readonly StoredRun[]) {
    this.#policy = policy;
    this.#runs = runs;
    const { floorMs } = policy.config.paging.lateness;
    const shortestMs = Math.min(floorMs, policy.check.timeoutMs);
    this.#starts = runs
      .filter((run) => run.run.durationMs > shortestMs && delayMs(run) <= OVERDUE_DELAY_MS_MAX)
      .map((run) => ({ atMs: run.startedAtMs, run }))
      .toSorted((a, b) => a.atMs - b.atMs);
    this.#presence = new Presence(runs, policy.check);
    this.#nowMs = Math.min(runs[0]?.receivedAtMs ?? 0, this.#starts[0]?.atMs ?? Number.POSITIVE_INFINITY);
  }

  pages(): ReplayedPage[] {
    let nextRun = 0;
    let nextStart = 0;
    for (let run = this.#runs[nextRun]; run; run = this.#runs[nextRun]) {
      const start = this.#starts[nextStart];
      const overdue = this.#overdue[0];
      const wakeMs = stateWakeMs(this.#policy, this.#state, this.#nowMs) ?? Number.POSITIVE_INFINITY;
      const tickMs = Math.max(wakeMs, this.#nowMs + 1);
      const firstMs = Math.min(run.receivedAtMs, start?.atMs ?? Infinity, overdue?.atMs ?? Infinity, tickMs);
      this.#nowMs = Math.max(this.#nowMs, firstMs);
      if (start?.atMs === firstMs) {
        nextStart += 1;
        this.#began(start.run);
      } else if (overdue?.atMs === firstMs) {
        this.#overdue.shift();
        const { startedAtMs, region } = overdue;
        this.#apply({ type: 'overdue', nowMs: this.#nowMs, startedAtMs, region });
      } else if (run.receivedAtMs === firstMs) {
        nextRun += 1;
        const { startedAtMs } = run;
        this.#apply({ type: 'run', nowMs: this.#nowMs, startedAtMs, run: run.run });
      } else {
        this.#apply({ type: 'tick', nowMs: this.#nowMs });
      }
    }
    return [...this.#pages.values()].toSorted(byDecision);
  }

  /** A run that will be over its soft deadline says so when it is, as its probe did. */
  #began(stored: StoredRun): void {
    const { softMs } = checkDeadlines(this.#policy, this.#state);
    if (stored.run.durationMs <= softMs) return;
    const { startedAtMs, run } = stored;
    const atMs = Math.round(startedAtMs + softMs + delayMs(stored));
    this.#overdue.push({ atMs, startedAtMs, region: run.region });
    this.#overdue.sort((a, b) => a.atMs - b.atMs);
  }

  #apply(event: CheckEvent): void {
    const { state, effects } = step(this.#policy, this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      if (effect.type !== 'page') continue;
      const { event: what, seq, reason, sinceMs, decidedAtMs } = effect.page;
      if (what === 'trigger')
        this.#pages.set(seq, { seq, reason, sinceMs, decidedMs: decidedAtMs, tookMs: decidedAtMs - sinceMs });
      const page = this.#pages.get(seq);
      if (what === 'resolve' && page) page.resolvedMs = decidedAtMs;
    }
    // The regions' objects answer with the burst whether their probes are live.
    if (!effects.some(({ type }) => type === 'burst')) return;
    const liveRegions = this.#presence.at(event.nowMs);
    this.#apply({
      type: 'liveness',
      nowMs: event.nowMs,
      askedAtMs: event.nowMs,
      liveRegions,
      silentRegions: this.#policy.check.regions.filter((id) => !liveRegions.includes(id)),
    });
  }
}

/** How long a run took from its end to the hub. */
function delayMs({ run, startedAtMs, receivedAtMs }: StoredRun): number {
  return Math.max(0, receivedAtMs - startedAtMs - run.durationMs);
}

/** The runs as they were received, each once. History does not keep the order within one millisecond. */
function inOrder(stored: readonly StoredRun[]): StoredRun[] {
  const byId = new Map(stored.map((run) => [run.run.id, run]));
  return [...byId.values()].toSorted(
    (a, b) =>
      a.receivedAtMs - b.receivedAtMs ||
      a.startedAtMs - b.startedAtMs ||
      a.run.boot - b.run.boot ||
      a.run.seq - b.run.seq,
  );
}

/** The policy with the interval of the recording: with another one votes would expire between the runs, or never. */
function recordedPolicy(policy: Policy, runs: readonly StoredRun[]): { policy: Policy; notes: string[] } {
  const between = calmGapsMs(runs);
  const { intervalMs } = policy.check;
  const recordedMs = Math.round(median(between));
  const isOff = Math.abs(recordedMs - intervalMs) > intervalMs * INTERVAL_OFF_RATIO;
  if (between.length < STARTS_MIN || !isOff) return { policy, notes: [] };
  return {
    policy: { ...policy, check: { ...policy.check, intervalMs: recordedMs } },
    notes: [
      `the runs came every ${formatMs(recordedMs)}, and are judged so: the policy's interval of ${formatMs(intervalMs)} would have had others`,
    ],
  };
}

/** Times between scheduled starts of a region while nothing had failed for as long as a burst may last, milliseconds. */
function calmGapsMs(runs: readonly StoredRun[]): number[] {
  const lastMs = new Map<string, number>();
  const gapsMs: number[] = [];
  let troubledMs = Number.NEGATIVE_INFINITY;
  for (const { run, startedAtMs, receivedAtMs } of runs) {
    if (run.outcome !== 'pass') {
      troubledMs = receivedAtMs;
      lastMs.clear();
    }
    if (run.trigger !== 'schedule' || startedAtMs - troubledMs < BURST_MAX_MS) continue;
    const before = lastMs.get(run.region);
    if (before !== undefined && startedAtMs > before) gapsMs.push(startedAtMs - before);
    lastMs.set(run.region, startedAtMs);
  }
  return gapsMs;
}

function notesOf(
  { check }: Policy,
  runs: readonly StoredRun[],
  incidents: readonly StoredIncident[],
): string[] {
  const slow = runs.filter(({ run }) => run.outcome === 'pass' && run.durationMs > check.timeoutMs).length;
  const seen = new Set(runs.map(({ run }) => run.region));
  const unseen = runs.length === 0 ? [] : check.regions.filter((region) => !seen.has(region));
  const held = incidents.filter((incident) => incident.held).length;
  return [
    ...(slow > 0
      ? [
          `${slow} passes took longer than the policy's timeout of ${formatMs(check.timeoutMs)}: passes all the same`,
        ]
      : []),
    ...(unseen.length > 0 ? [`no runs from ${unseen.join(', ')}: not part of the quorum`] : []),
    ...(held > 0 ? [`${held} real incidents were held by maintenance and have paged nobody`] : []),
  ];
}

function apartNote(stored: readonly StoredRun[]): string[] {
  const apart = stored.filter(({ run }) => !seesProduction(run)).length;
  return apart > 0 ? [`${apart} runs of canaries were left out: they say nothing of what everybody got`] : [];
}

/** The page of a real incident; none when maintenance held it for good. */
function realPageOf({ seq, rule, ledger, resolvedAtMs, held }: StoredIncident): Paged[] {
  const { firstFailedStartMs, decidedMs } = ledger;
  if (held || decidedMs === undefined) return [];
  const tookMs = decidedMs - firstFailedStartMs;
  return [{ seq, reason: rule, sinceMs: firstFailedStartMs, decidedMs, tookMs, resolvedMs: resolvedAtMs }];
}

/** The policy's pages with the real incidents they are about: each the first that overlaps and has no page yet. */
function compared(pages: readonly ReplayedPage[], real: readonly Paged[], fromMs: number): ReplayedPage[] {
  const met = new Set<number>();
  return pages.map((page) => {
    const incident = real.find((candidate) => !met.has(candidate.seq) && isSame(page, candidate));
    if (!incident) return page;
    met.add(incident.seq);
    // Of one that was paged before the runs begin nothing can be said of how much earlier.
    const laterMs = incident.decidedMs < fromMs ? undefined : page.decidedMs - incident.decidedMs;
    return { ...page, incident: incident.seq, laterMs };
  });
}

function isSame(page: Paged, incident: Paged): boolean {
  return (
    (page.reason === 'latency') === (incident.reason === 'latency') &&
    page.sinceMs <= (incident.resolvedMs ?? Infinity) &&
    incident.sinceMs <= (page.resolvedMs ?? Infinity)
  );
}

function byDecision(a: Paged, b: Paged): number {
  return a.decidedMs - b.decidedMs;
}
