import { BURST_ASK_INTERVAL_MS } from '../burst.ts';
import { ATTEMPT_TIMEOUT_MS, RETRY_AFTER_MS } from '../delivery.ts';
import { FALLBACK_AFTER_MS } from '../follow-ups.ts';
import { REGIONAL, unanimousStreak } from '../verdict.ts';
import { SILENT_AFTER_MS } from '../wire.ts';

/** The terms of a time-to-page, in the order of the way, and what each of them is. */
export const TERMS = {
  'next-start': 'to the next start, (m+1)·T/R',
  skew: 'clocks that disagree, twice',
  'soft-deadline': 'first run, until it is overdue',
  'first-run': 'first run, to its end or deadline',
  control: 'control target, after a failure',
  'result-delay': 'results on their way to the hub',
  'burst-command': 'commands on their way to the probes',
  gap: 'gap between runs of the burst',
  confirmation: 'confirmation runs',
  silence: 'until a dead region counts as silent',
  decision: 'decision: the word of the group',
  'pager-attempt': 'pager: attempts, one accepted',
  'pager-pause': 'pager: pause between attempts',
  failover: 'hub failover',
  reconnect: 'probes find the hub again',
} as const;
export type TermName = keyof typeof TERMS;
/** A piece of the way, milliseconds. */
export type Piece = { name: TermName; ms: number };

/** What a way is made of, milliseconds; `worst` and `usual` ways differ only in these. */
export type WayParts = {
  nextStartMs: number;
  skewMs: number;
  resultDelayMs: number;
  commandMs: number;
  gapMs: number;
  /** 0 without a control target. */
  controlMs: number;
  decisionMs: number;
  /** One attempt that is accepted. */
  attemptMs: number;
  failoverMs: number;
  reconnectMs: number;
};

/** How runs of the outage end. Durations in milliseconds. */
export type DoomedRun = {
  /** When it is said to be overdue; `undefined` for a run that is over by then. */
  overdueMs: number | undefined;
  /** How long the first one takes in the end, and each one that the burst asks for. */
  firstMs: number;
  confirmationMs: number;
};

type Way = { pieces: Piece[]; ms: number };

/**
 * The way from an outage in all regions to the decision to page, of `live` regions; milliseconds, the longest that these
 * parts allow. Follows the code: an overdue run or a failure makes every region run at once (`step`, `askedBurst`); the
 * answer to a result asks for the next run after the gap (`Ack`); rule 1 pages when all live regions have failed and the
 * streak is long enough (`pagingRule`). `justDied`: one more region died with the outage; it holds rule 1 until it is
 * silent, unless rule 3 does not wait for it.
 */
export function wayToDecision(parts: WayParts, run: DoomedRun, live: number, justDied: boolean): Piece[] {
  const start: Piece[] = [
    { name: 'next-start', ms: parts.nextStartMs },
    { name: 'skew', ms: parts.skewMs },
  ];
  const failures = failuresOf(parts, run);
  const first = [1, 2, 3, 4, 5].map((count) => failures.first(count));
  const others = [1, 2, 3, 4, 5].map((count) => failures.other(count));
  const all = [...first, ...Array.from({ length: live - 1 }, () => others).flat()].toSorted(
    (a, b) => a.ms - b.ms,
  );
  const enough = [all[unanimousStreak(live) - 1], first[0], ...(live > 1 ? [others[0]] : [])];
  const decided = longest(enough.filter((way) => way !== undefined));
  const pieces = [...start, ...decided.pieces];
  if (!justDied) return pieces;
  const regionalMs = REGIONAL.filter((rule) => live >= rule.regions).map(({ regions, failuresInRow }) =>
    Math.max(others[failuresInRow - 1]?.ms ?? 0, live > regions ? 0 : (first[failuresInRow - 1]?.ms ?? 0)),
  );
  const silentMs = SILENT_AFTER_MS + BURST_ASK_INTERVAL_MS + parts.commandMs;
  const startMs = parts.nextStartMs + parts.skewMs;
  const heldMs = Math.min(silentMs, ...regionalMs.map((ms) => startMs + ms)) - (startMs + decided.ms);
  return heldMs > 0 ? [...pieces, { name: 'silence', ms: heldMs }] : pieces;
}

/**
 * The way from the decision to a provider's acceptance. When the first attempt hangs, the second comes after a pause;
 * the fallback, if there is one, has the page at 8 s, so that the way cannot be longer than its attempt.
 */
export function wayThroughPager(parts: WayParts, firstHangs: boolean, hasFallback: boolean): Piece[] {
  const decision: Piece = { name: 'decision', ms: parts.decisionMs };
  if (!firstHangs) return [decision, { name: 'pager-attempt', ms: parts.attemptMs }];
  const pauseMs = RETRY_AFTER_MS[0];
  const retried = ATTEMPT_TIMEOUT_MS + pauseMs + parts.attemptMs;
  const fallback = FALLBACK_AFTER_MS + parts.attemptMs;
  if (hasFallback && fallback < retried)
    return [
      decision,
      { name: 'pager-pause', ms: FALLBACK_AFTER_MS },
      { name: 'pager-attempt', ms: parts.attemptMs },
    ];
  return [
    decision,
    { name: 'pager-attempt', ms: ATTEMPT_TIMEOUT_MS + parts.attemptMs },
    { name: 'pager-pause', ms: pauseMs },
  ];
}

/** When the hub has the n-th failure of the first region, and of any other, from the first run's start on. */
function failuresOf(parts: WayParts, run: DoomedRun) {
  const result: Piece[] = [
    { name: 'control', ms: parts.controlMs },
    { name: 'result-delay', ms: parts.resultDelayMs },
  ];
  const firstRun: Piece[] = [{ name: 'first-run', ms: run.firstMs }, ...result];
  const confirmation: Piece[] = [{ name: 'confirmation', ms: run.confirmationMs }, ...result];
  const command: Piece = { name: 'burst-command', ms: parts.commandMs };
  const again = [command, { name: 'gap' as const, ms: parts.gapMs }, ...confirmation];
  const asked: Piece[] =
    run.overdueMs === undefined
      ? [...firstRun, command]
      : [
          { name: 'soft-deadline', ms: run.overdueMs },
          { name: 'result-delay', ms: parts.resultDelayMs },
          command,
        ];
  const others = (count: number): Way =>
    wayOf([...asked, ...confirmation, ...Array.from({ length: count - 1 }, () => again).flat()]);
  return {
    other: others,
    first: (count: number): Way => {
      if (count === 1) return wayOf(firstRun);
      // A burst that the first failure begins makes the first region run with the others.
      if (run.overdueMs === undefined) return others(count - 1);
      return wayOf([...firstRun, ...Array.from({ length: count - 1 }, () => again).flat()]);
    },
  };
}

function wayOf(pieces: Piece[]): Way {
  return { pieces, ms: totalMs(pieces) };
}

function longest(ways: readonly Way[]): Way {
  return ways.reduce((a, b) => (b.ms > a.ms ? b : a));
}

/** All of it, milliseconds. */
export function totalMs(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { ms }) => sum + ms, 0);
}
