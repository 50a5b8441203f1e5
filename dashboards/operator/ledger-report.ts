import type { Check } from '#core/config.ts';
import { slowestLeg, timeToPageMs } from '#core/ledger.ts';
import {
  OBJECTIVE_MS,
  OBJECTIVE_RATIO,
  objectiveOf,
  standingOf,
  type LedgerEntry,
  type ObjectiveReport,
  type ObjectiveStanding,
} from '#core/objective.ts';

/** One incident's way to the pager. Times epoch ms. */
export type LedgerRow = {
  check: string;
  title: string;
  /** The configuration still has its check, which therefore has a page. */
  known: boolean;
  seq: number;
  status: LedgerEntry['status'];
  rule: LedgerEntry['rule'];
  errorClass: string | undefined;
  /** The deploy soon before it, and how long before. */
  deploy: LedgerEntry['deploy'];
  sinceMs: number;
  standing: ObjectiveStanding;
  /** From the start of the first failed run to a provider's acceptance; absent when there was none, or it was held. */
  timeToPageMs: number | undefined;
  slowestLeg: { name: string; durationMs: number } | undefined;
  acceptedBy: string | undefined;
  /** From the acceptance to somebody's. */
  acknowledgedAfterMs: number | undefined;
  acknowledgedBy: string | undefined;
};

/** All that `/operator/ledger` shows, and what `/operator/api/ledger` answers. Keys are kept for good. */
export type LedgerReport = {
  nowMs: number;
  /** Incidents that began since then are looked at. */
  sinceMs: number;
  /** Of this check only. */
  check: string | undefined;
  /** There are more incidents than are looked at: only the newest count. */
  truncated: boolean;
  objective: { withinMs: number; ratio: number };
  report: ObjectiveReport;
  /** Newest first. */
  incidents: LedgerRow[];
};

/** The report over incidents, newest first. Pure. */
export function ledgerReport(subject: {
  checks: readonly Pick<Check, 'id' | 'title'>[];
  entries: readonly LedgerEntry[];
  check: string | undefined;
  sinceMs: number;
  truncated: boolean;
  nowMs: number;
}): LedgerReport {
  const { checks, entries, check, sinceMs, truncated, nowMs } = subject;
  return {
    nowMs,
    sinceMs,
    check,
    truncated,
    objective: { withinMs: OBJECTIVE_MS, ratio: OBJECTIVE_RATIO },
    report: objectiveOf(entries, nowMs),
    incidents: entries.map((entry) => rowOf(checks, entry, nowMs)),
  };
}

function rowOf(checks: readonly Pick<Check, 'id' | 'title'>[], entry: LedgerEntry, nowMs: number): LedgerRow {
  const { check, seq, status, rule, errorClass, deploy, ledger } = entry;
  const known = checks.find(({ id }) => id === check);
  const { acceptedMs, acknowledgedMs } = ledger;
  const standing = standingOf(entry, nowMs);
  return {
    check,
    title: known?.title ?? check,
    known: known !== undefined,
    seq,
    status,
    rule,
    errorClass,
    deploy,
    sinceMs: ledger.firstFailedStartMs,
    standing,
    timeToPageMs: timeToPageMs(ledger),
    // A window's length says nothing of the way.
    slowestLeg: standing === 'held' ? undefined : slowestLeg(ledger),
    acceptedBy: ledger.acceptedBy,
    acknowledgedAfterMs:
      acceptedMs === undefined || acknowledgedMs === undefined
        ? undefined
        : Math.max(0, acknowledgedMs - acceptedMs),
    acknowledgedBy: ledger.acknowledgedBy,
  };
}
