import type { Incident } from '#core/incident.ts';
import { LEGS, slowestLeg, timeToPageMs, type Ledger } from '#core/ledger.ts';
import { OBJECTIVE_MS } from '#core/objective.ts';

/** The stamps of a page's way, each kept by the ledger under `<stage>Ms`. */
export const LEDGER_STAGES = [
  'firstFailedStart',
  'overdue',
  'runEnd',
  'received',
  'burstAsked',
  'decided',
  'sent',
  'accepted',
  'acknowledged',
] as const;
export type LedgerStage = (typeof LEDGER_STAGES)[number];

/** Stamps that lie inside a leg and end none: shown where there are any. */
const MARKS: readonly LedgerStage[] = ['overdue', 'burstAsked'];

/** One stamp. `skipped`: a later stage came without it. `waiting`: the page is here now. `ahead`: not reached. */
export type LedgerLeg = {
  stage: LedgerStage;
  status: 'done' | 'skipped' | 'waiting' | 'ahead';
  /** When the stage was reached, epoch ms. */
  atMs?: number | undefined;
  /** Time the leg took; absent for the first stage and for what ends no leg. */
  tookMs?: number | undefined;
  /** How long the page has been waiting here so far. */
  waitingMs?: number | undefined;
  /** The longest leg up to the acceptance, a waiting one included. */
  slowest: boolean;
};

/** How far a page has come: `timeToPageMs` from the first failed start to a provider's acceptance. */
export type LedgerView = {
  /** In the order they happened. */
  legs: LedgerLeg[];
  slowestStage?: LedgerStage | undefined;
  timeToPageMs?: number | undefined;
  /** From the first failed start until now, while no provider has accepted. */
  unpagedMs?: number | undefined;
  /** A maintenance window holds the page, or has until then: its time counts for nothing. */
  heldUntilMs?: number | undefined;
  held: boolean;
  /** Another incident's page speaks for this one: none of its own is waited for. */
  covered: boolean;
  /** Whether the objective of two minutes is kept, so far or for good. */
  withinObjective: boolean;
  acceptedBy?: string | undefined;
  providerId?: string | undefined;
  acknowledgedBy?: string | undefined;
};

type Paged = Pick<Incident, 'ledger' | 'status' | 'held' | 'lead'>;

/** The legs of an incident's way to the pager, with what each took. Pure; an incident that is over waits for nothing. */
export function ledgerView(incident: Paged, nowMs: number): LedgerView {
  const { ledger } = incident;
  const isOver = incident.status === 'resolved';
  const covered = incident.lead !== undefined && ledger.acceptedMs === undefined;
  const legs = withMarks(legsOf(ledger, isOver || incident.held === true || covered, nowMs), ledger);
  const slowest = longest(legs, ledger);
  if (slowest) slowest.slowest = true;
  const { acceptedMs, heldUntilMs, acceptedBy, providerId, acknowledgedBy } = ledger;
  const isUnpaged = acceptedMs === undefined && heldUntilMs === undefined && !covered;
  const tookMs = timeToPageMs(ledger);
  const unpagedMs = isUnpaged && !isOver ? nowMs - ledger.firstFailedStartMs : undefined;
  return {
    legs,
    slowestStage: slowest?.stage,
    timeToPageMs: tookMs,
    unpagedMs,
    heldUntilMs,
    held: incident.held === true,
    covered,
    withinObjective: (tookMs ?? unpagedMs ?? (isUnpaged ? Number.POSITIVE_INFINITY : 0)) <= OBJECTIVE_MS,
    acceptedBy,
    providerId,
    acknowledgedBy,
  };
}

function legsOf(ledger: Ledger, waitsForNothing: boolean, nowMs: number): LedgerLeg[] {
  const stages = LEDGER_STAGES.filter((stage) => !MARKS.includes(stage));
  const lastDone = stages.findLastIndex((stage) => atOf(ledger, stage) !== undefined);
  let reachedMs = ledger.firstFailedStartMs;
  return stages.map((stage, index): LedgerLeg => {
    const atMs = atOf(ledger, stage);
    if (atMs !== undefined) {
      const tookMs = Math.max(0, atMs - reachedMs);
      reachedMs = Math.max(reachedMs, atMs);
      return { stage, status: 'done', atMs, tookMs: index === 0 ? undefined : tookMs, slowest: false };
    }
    if (index < lastDone) return { stage, status: 'skipped', slowest: false };
    if (index === lastDone + 1 && !waitsForNothing)
      return { stage, status: 'waiting', waitingMs: Math.max(0, nowMs - reachedMs), slowest: false };
    return { stage, status: 'ahead', slowest: false };
  });
}

/** Marks stand before the first stamp that came after them, but never before the first of all. */
function withMarks(legs: LedgerLeg[], ledger: Ledger): LedgerLeg[] {
  const marks = MARKS.flatMap((stage): LedgerLeg[] => {
    const atMs = atOf(ledger, stage);
    return atMs === undefined ? [] : [{ stage, status: 'done', atMs, slowest: false }];
  });
  return marks.reduce((rows, mark) => {
    const later = rows.findIndex(
      ({ atMs, status }, index) =>
        index > 0 && status !== 'skipped' && (atMs ?? Number.POSITIVE_INFINITY) > (mark.atMs ?? 0),
    );
    return rows.toSpliced(later < 0 ? rows.length : later, 0, mark);
  }, legs);
}

/** Core names the slowest of those that are over; one that still waits may be slower. */
function longest(legs: readonly LedgerLeg[], ledger: Ledger): LedgerLeg | undefined {
  const done = slowestLeg(ledger);
  const end = LEGS.find(([, , name]) => name === done?.name)?.[1];
  const waiting = legs.find(({ status, stage }) => status === 'waiting' && stage !== 'acknowledged');
  if (waiting && (waiting.waitingMs ?? 0) > (done?.durationMs ?? 0)) return waiting;
  return (done?.durationMs ?? 0) > 0 ? legs.find(({ stage }) => `${stage}Ms` === end) : undefined;
}

function atOf(ledger: Ledger, stage: LedgerStage): number | undefined {
  return ledger[`${stage}Ms`];
}
