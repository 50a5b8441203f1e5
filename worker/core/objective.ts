import type { Incident } from './incident.ts';
import { timeToPageMs } from './ledger.ts';
import { MS_PER_DAY } from './units.ts';
import { nearestRank } from './statistics.ts';

/** DESIGN section 5: time-to-page has its own objective, 99 % within 120 s. */
export const OBJECTIVE_MS = 120_000;
export const OBJECTIVE_RATIO = 0.99;
/** It is looked at over ninety days (issue 3, point 8). */
export const OBJECTIVE_WINDOW_MS = 90 * MS_PER_DAY;

/** What the objective must know of an incident. */
export type PagedIncident = Pick<Incident, 'rule' | 'status' | 'ledger' | 'held' | 'lead'>;

/** An incident as the ledger of many shows it. */
export type LedgerEntry = PagedIncident & {
  check: string;
  seq: number;
  /** Label of its first failure. */
  errorClass?: string | undefined;
  /** The deploy soon before it. */
  deploy?: Incident['deploy'];
};

/**
 * How an incident counts. `kept`, `missed`: its page was accepted in time, or too late, or not yet and it is late
 * already, or never. `waiting`: not accepted yet, and still in time. The others count for nothing, each for a reason:
 * `held` (a maintenance window), `break-glass` (timed by a probe, the hub was gone), `latency` (no run has failed to count
 * from), `covered` (another incident's page speaks for it).
 */
export const STANDINGS = ['kept', 'missed', 'waiting', 'held', 'break-glass', 'latency', 'covered'] as const;
export type ObjectiveStanding = (typeof STANDINGS)[number];

/** How an incident counts at `nowMs`, epoch ms. */
export function standingOf(incident: PagedIncident, nowMs: number): ObjectiveStanding {
  const { rule, status, ledger, held, lead } = incident;
  if (held || ledger.heldUntilMs !== undefined) return 'held';
  if (rule === 'break-glass' || rule === 'latency') return rule;
  const tookMs = timeToPageMs(ledger);
  if (tookMs !== undefined) return tookMs <= OBJECTIVE_MS ? 'kept' : 'missed';
  if (lead !== undefined) return 'covered';
  const isLate = nowMs - ledger.firstFailedStartMs > OBJECTIVE_MS;
  return isLate || status === 'resolved' ? 'missed' : 'waiting';
}

/** Time-to-page over many incidents, and what it makes of the objective. */
export type ObjectiveReport = {
  /** Incidents by how they count. */
  standings: Record<ObjectiveStanding, number>;
  /** `kept` and `missed` together. */
  counted: number;
  /**
   * By nearest rank over those that count, milliseconds. Absent when none counts, or when that rank falls on one whose
   * page was never accepted.
   */
  p50Ms?: number | undefined;
  p95Ms?: number | undefined;
  p99Ms?: number | undefined;
  /** The longest that was accepted. */
  maxMs?: number | undefined;
  /** Share within the objective, 0–1; absent when none counts: no pages are no proof. */
  withinRatio?: number | undefined;
  kept?: boolean | undefined;
  /** Share of the misses that the objective allows that is used up; over 1 it is missed. */
  budgetUsedRatio?: number | undefined;
};

/** What time-to-page has been over these incidents. Pure. */
export function objectiveOf(incidents: readonly PagedIncident[], nowMs: number): ObjectiveReport {
  const standings = Object.fromEntries(STANDINGS.map((standing) => [standing, 0])) as Record<
    ObjectiveStanding,
    number
  >;
  const timesMs: number[] = [];
  for (const incident of incidents) {
    const standing = standingOf(incident, nowMs);
    standings[standing] += 1;
    if (standing === 'kept' || standing === 'missed')
      timesMs.push(timeToPageMs(incident.ledger) ?? Number.POSITIVE_INFINITY);
  }
  const counted = timesMs.length;
  if (counted === 0) return { standings, counted };
  const sorted = timesMs.toSorted((a, b) => a - b);
  const withinRatio = standings.kept / counted;
  return {
    standings,
    counted,
    p50Ms: accepted(nearestRank(sorted, 50)),
    p95Ms: accepted(nearestRank(sorted, 95)),
    p99Ms: accepted(nearestRank(sorted, 99)),
    maxMs: sorted.findLast(Number.isFinite),
    withinRatio,
    kept: withinRatio >= OBJECTIVE_RATIO,
    budgetUsedRatio: standings.missed / (counted * (1 - OBJECTIVE_RATIO)),
  };
}

function accepted(timeMs: number | undefined): number | undefined {
  return timeMs !== undefined && Number.isFinite(timeMs) ? timeMs : undefined;
}
