import { BURST_MAX_MS } from './burst.ts';
import type { Check, Config } from './config.ts';
import { failureLabel, type Failure } from './failure.ts';
import { windowAt } from './maintenance.ts';
import { dedupKey, type Page } from './page.ts';
import type { Run } from './run.ts';
import { earliest, formatMs, truncate } from './units.ts';
import type { NextStart } from './wire.ts';

/** A hub that has not been heard from for this long is gone (DESIGN section 5, break-glass). */
export const HUB_GONE_AFTER_MS = 30_000;
/** Local failures in a row that a page takes (DESIGN section 5, break-glass). */
const FAILURES_MIN = 2;
/** Characters of the parts of a page, as in `page.ts`. */
const SUMMARY_CHARS_MAX = 1_024;
const ERROR_CHARS_MAX = 600;
const REGION_FAILURE_CHARS_MAX = 200;

/** What the hub last said of a check's incidents: the newest one's number, whether it is not over, and whether its page is out. */
export type LastWord = NonNullable<NextStart['incident']>;

/** A run as far as it matters here. Times as in `GlassState`. */
export type LocalRun = Pick<Run, 'check' | 'outcome' | 'failure' | 'control'> & {
  startedAtMs: number;
  endedAtMs: number;
};

/** How a check has fared on this probe. */
export type LocalHealth = {
  failuresInRow: number;
  /** Start of the first of them, end of the last, and what that one said. */
  firstFailedStartMs?: number | undefined;
  lastFailedEndMs?: number | undefined;
  failure?: Failure | undefined;
  lastGoodStartMs?: number | undefined;
  /** Start of the first pass since the failures before these; absent once a page of this probe's own tells of these. */
  cleanSinceMs?: number | undefined;
  /** When the check runs again, out of turn, should the hub be gone; not after `burstUntilMs`. */
  againAtMs?: number | undefined;
  burstUntilMs?: number | undefined;
};

/** What a probe knows when it must decide without the hub. All times by one clock that never jumps, milliseconds. */
export type GlassState = {
  /** The last exchange with a hub that is out of reach; absent while it is there. */
  outSinceMs?: number | undefined;
  checks: Readonly<Record<string, LocalHealth>>;
  words: Readonly<Record<string, LastWord>>;
};

export type GlassPolicy = {
  checks: readonly Check[];
  burstGapMs: number;
  /** Clean for this long: what fails then is another incident. */
  resolveAfterMs: number;
  maintenance: Config['maintenance'];
};

/** A page that the probe must send by itself. */
export type DuePage = {
  check: Check;
  seq: number;
  failure: Failure;
  failuresInRow: number;
  firstFailedStartMs: number;
  lastGoodStartMs?: number | undefined;
  outSinceMs: number;
};

export type GlassDecision = {
  state: GlassState;
  /** To be sent now; the state does not know of them before `withPaged`. */
  pages: DuePage[];
  /** Checks to run again now. */
  again: string[];
  /** When to decide again, unless something happens before. */
  wakeAtMs?: number | undefined;
};

export const EMPTY_GLASS: GlassState = { checks: {}, words: {} };
const UNKNOWN: LastWord = { seq: 0, open: false, accepted: false };

/** The hub is out of reach; `sinceMs`: the last exchange with it. */
export function withHubLost(state: GlassState, sinceMs: number): GlassState {
  return { ...state, outSinceMs: state.outSinceMs ?? sinceMs };
}

/** The hub is there: what fails from now on is its business again. */
export function withHubBack(state: GlassState): GlassState {
  const checks = Object.entries(state.checks).map(([id, { lastGoodStartMs }]): [string, LocalHealth] => [
    id,
    { failuresInRow: 0, lastGoodStartMs },
  ]);
  return { words: state.words, checks: Object.fromEntries(checks) };
}

/** The hub has said how a check's incidents stand. */
export function withWord(state: GlassState, check: string, word: LastWord): GlassState {
  return { ...state, words: { ...state.words, [check]: word } };
}

/** This probe's own page for a check is on its way: another one would say the same. */
export function withPaged(state: GlassState, { check, seq }: Pick<DuePage, 'check' | 'seq'>): GlassState {
  const health = state.checks[check.id] ?? { failuresInRow: 0 };
  const checks = { ...state.checks, [check.id]: { ...health, cleanSinceMs: undefined } };
  return withWord({ ...state, checks }, check.id, { seq, open: true, accepted: true });
}

/**
 * A run has ended. A pass clears the check. A failure with a control target that failed too says nothing of the target,
 * nor does an invalid run: neither counts for or against it.
 */
export function withLocalRun(state: GlassState, run: LocalRun, burstGapMs: number): GlassState {
  const before = state.checks[run.check] ?? { failuresInRow: 0 };
  const after = healthAfter(before, run, burstGapMs);
  return { ...state, checks: { ...state.checks, [run.check]: after } };
}

function healthAfter(before: LocalHealth, run: LocalRun, burstGapMs: number): LocalHealth {
  if (run.outcome === 'pass') {
    const cleanSinceMs = before.failuresInRow === 0 ? before.cleanSinceMs : undefined;
    const { startedAtMs } = run;
    return { failuresInRow: 0, lastGoodStartMs: startedAtMs, cleanSinceMs: cleanSinceMs ?? startedAtMs };
  }
  const againAtMs = run.endedAtMs + burstGapMs;
  if (run.outcome === 'invalid' || run.control?.outcome === 'fail')
    return before.failuresInRow === 0 ? before : { ...before, againAtMs };
  return {
    ...before,
    failuresInRow: before.failuresInRow + 1,
    firstFailedStartMs: before.failuresInRow === 0 ? run.startedAtMs : before.firstFailedStartMs,
    lastFailedEndMs: run.endedAtMs,
    failure: run.failure,
    againAtMs,
  };
}

/**
 * What to do now, without a hub. A check that has failed runs again and again, for as long as a burst of the hub's
 * would last; with two failures in a row, and the hub gone for `HUB_GONE_AFTER_MS`, its page goes out. Nothing is done
 * for a check whose page is out already (unless it was clean for long since), or is held by maintenance (`wallMs`: now, epoch ms), or whose failures are of
 * the past: the last ended before the hub was lost, and over an interval and a timeout ago.
 */
export function decideGlass(
  state: GlassState,
  policy: GlassPolicy,
  nowMs: number,
  wallMs: number,
): GlassDecision {
  const { outSinceMs } = state;
  const decision: GlassDecision = { state, pages: [], again: [] };
  if (outSinceMs === undefined) return decision;
  const checks = { ...state.checks };
  const wakes: number[] = [];
  for (const check of policy.checks) {
    const health = checks[check.id];
    if (!health || health.failuresInRow === 0) continue;
    const said = state.words[check.id] ?? UNKNOWN;
    const word = isAnother(health, outSinceMs, policy) ? { ...said, open: false } : said;
    if (word.open && word.accepted) continue;
    if (isPast(health, check, outSinceMs, nowMs)) continue;
    const window = windowAt(policy.maintenance, check.id, wallMs);
    if (window) {
      wakes.push(nowMs + window.untilMs - wallMs);
      continue;
    }
    const pageAtMs = outSinceMs + HUB_GONE_AFTER_MS;
    const due = dueOf(check, health, word, outSinceMs);
    if (due && nowMs >= pageAtMs) {
      decision.pages.push(due);
      continue;
    }
    if (due) wakes.push(pageAtMs);
    const { againAtMs, burstUntilMs = nowMs + BURST_MAX_MS } = health;
    if (againAtMs === undefined || againAtMs > burstUntilMs) continue;
    const isDue = againAtMs <= nowMs;
    if (isDue) decision.again.push(check.id);
    else wakes.push(againAtMs);
    checks[check.id] = { ...health, burstUntilMs, againAtMs: isDue ? undefined : againAtMs };
  }
  return { ...decision, state: { ...state, checks }, wakeAtMs: earliest(...wakes) };
}

/**
 * Whether the failures are another incident than the one the hub has last spoken of: it was clean here for as long as an
 * incident's end takes, all of it since the hub was lost. Before, the hub would have said so.
 */
function isAnother(
  { cleanSinceMs, firstFailedStartMs }: LocalHealth,
  outSinceMs: number,
  { resolveAfterMs }: GlassPolicy,
): boolean {
  if (cleanSinceMs === undefined || firstFailedStartMs === undefined) return false;
  return firstFailedStartMs - Math.max(cleanSinceMs, outSinceMs) >= resolveAfterMs;
}

function isPast(health: LocalHealth, check: Check, outSinceMs: number, nowMs: number): boolean {
  const endedMs = health.lastFailedEndMs ?? 0;
  return endedMs < outSinceMs && nowMs - endedMs > check.intervalMs + check.timeoutMs;
}

function dueOf(check: Check, health: LocalHealth, word: LastWord, outSinceMs: number): DuePage | undefined {
  const { failuresInRow, firstFailedStartMs, failure, lastGoodStartMs } = health;
  if (failuresInRow < FAILURES_MIN || firstFailedStartMs === undefined || !failure) return undefined;
  // An incident whose page the hub has not brought out keeps its number: should it come out twice, it is the same page.
  const seq = word.open ? word.seq : word.seq + 1;
  return { check, seq, failure, failuresInRow, firstFailedStartMs, lastGoodStartMs, outSinceMs };
}

/** The page as a channel gets it. `shiftMs`: from the times of the state to epoch ms. */
export function glassPage(
  config: Pick<Config, 'publicUrl' | 'regions'>,
  region: string,
  due: DuePage,
  nowMs: number,
  shiftMs: number,
): Page {
  const { check, seq, failure, failuresInRow, firstFailedStartMs, lastGoodStartMs, outSinceMs } = due;
  const titleOf = (id: string): string => config.regions.find((known) => known.id === id)?.title ?? id;
  const epochMs = (timeMs: number): number => Math.max(0, Math.round(timeMs + shiftMs));
  const label = failureLabel(failure);
  const where = failure.step === undefined ? '' : ` at “${failure.step}”`;
  const hub = `the probe there pages by itself, as the hub is out of reach since ${isoSeconds(epochMs(outSinceMs))} (${formatMs(nowMs - outSinceMs)})`;
  return {
    event: 'trigger',
    dedupKey: dedupKey(check.id, seq),
    check: check.id,
    title: check.title,
    seq,
    severity: check.severity,
    owner: check.owner,
    summary: truncate(
      `${check.title} fails in ${titleOf(region)} — ${label}${where}; ${hub}`,
      SUMMARY_CHARS_MAX,
    ),
    reason: 'break-glass',
    ...(failure.step === undefined ? {} : { step: failure.step }),
    errorClass: label,
    error: truncate(failure.message, ERROR_CHARS_MAX),
    regions: check.regions.map((id) =>
      id === region
        ? {
            region: id,
            title: titleOf(id),
            vote: 'fail',
            failure: truncate(`${label}: ${failure.message}`, REGION_FAILURE_CHARS_MAX),
            failuresInRow,
          }
        : { region: id, title: titleOf(id), vote: 'not known here', failuresInRow: 0 },
    ),
    sinceMs: epochMs(firstFailedStartMs),
    decidedAtMs: epochMs(nowMs),
    ...(lastGoodStartMs === undefined ? {} : { lastGoodAtMs: epochMs(lastGoodStartMs) }),
    incidentUrl: `${config.publicUrl}/operator/checks/${check.id}/incidents/${seq}`,
    ...(check.runbook === undefined ? {} : { runbookUrl: check.runbook }),
  };
}

/** Epoch ms → `2026-11-21 18:40:49 UTC`. */
function isoSeconds(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
