import type { Incident } from '#core/incident.ts';
import type { Ledger } from '#core/ledger.ts';

/** DESIGN section 5: time-to-page has its own objective, 99 % within 120 s. */
export const TIME_TO_PAGE_OBJECTIVE_MS = 120_000;

/** The legs of a page's way, in order; each ends at the time the ledger keeps under `<stage>Ms`. */
export const LEDGER_STAGES = [
  'firstFailedStart',
  'runEnd',
  'received',
  'burstAsked',
  'decided',
  'sent',
  'accepted',
] as const;
export type LedgerStage = (typeof LEDGER_STAGES)[number];

/** One leg. `skipped`: a later stage came without it. `waiting`: the page is here now. `ahead`: not reached. */
export type LedgerLeg = {
  stage: LedgerStage;
  status: 'done' | 'skipped' | 'waiting' | 'ahead';
  /** When the stage was reached, epoch ms. */
  atMs?: number | undefined;
  /** Time the leg took; absent for the first stage. */
  tookMs?: number | undefined;
  /** How long the page has been waiting here so far. */
  waitingMs?: number | undefined;
  /** The longest leg, a waiting one included. */
  slowest: boolean;
};

/** How far a page has come: `timeToPageMs` from the first failed start to a provider's acceptance. */
export type LedgerView = {
  legs: LedgerLeg[];
  slowestStage?: LedgerStage | undefined;
  timeToPageMs?: number | undefined;
  /** From the first failed start until now, while no provider has accepted. */
  unpagedMs?: number | undefined;
  /** Whether the objective of two minutes is kept, so far or for good. */
  withinObjective: boolean;
  acceptedBy?: string | undefined;
  providerId?: string | undefined;
};

/** The legs of an incident's way to the pager, with what each took. Pure; an incident that is over waits for nothing. */
export function ledgerView(incident: Pick<Incident, 'ledger' | 'status'>, nowMs: number): LedgerView {
  const { ledger } = incident;
  const lastDone = LEDGER_STAGES.findLastIndex((stage) => atOf(ledger, stage) !== undefined);
  const isOver = incident.status === 'resolved';
  let reachedMs = ledger.firstFailedStartMs;
  const legs = LEDGER_STAGES.map((stage, index): LedgerLeg => {
    const atMs = atOf(ledger, stage);
    if (atMs !== undefined) {
      // A burst may have been asked for before the failure the page counts from: that leg took nothing.
      const tookMs = Math.max(0, atMs - reachedMs);
      reachedMs = Math.max(reachedMs, atMs);
      return { stage, status: 'done', atMs, tookMs: index === 0 ? undefined : tookMs, slowest: false };
    }
    if (index < lastDone) return { stage, status: 'skipped', slowest: false };
    if (index === lastDone + 1 && !isOver)
      return { stage, status: 'waiting', waitingMs: Math.max(0, nowMs - reachedMs), slowest: false };
    return { stage, status: 'ahead', slowest: false };
  });
  const slowest = longest(legs);
  if (slowest) slowest.slowest = true;
  const { acceptedMs, acceptedBy, providerId } = ledger;
  const timeToPageMs = acceptedMs === undefined ? undefined : acceptedMs - ledger.firstFailedStartMs;
  const unpagedMs = timeToPageMs === undefined && !isOver ? nowMs - ledger.firstFailedStartMs : undefined;
  return {
    legs,
    slowestStage: slowest?.stage,
    timeToPageMs,
    unpagedMs,
    withinObjective: (timeToPageMs ?? unpagedMs ?? Number.POSITIVE_INFINITY) <= TIME_TO_PAGE_OBJECTIVE_MS,
    acceptedBy,
    providerId,
  };
}

function atOf(ledger: Ledger, stage: LedgerStage): number | undefined {
  return ledger[`${stage}Ms`];
}

function longest(legs: readonly LedgerLeg[]): LedgerLeg | undefined {
  let best: LedgerLeg | undefined;
  for (const leg of legs) if (lengthOf(leg) > (best ? lengthOf(best) : 0)) best = leg;
  return best;
}

function lengthOf(leg: LedgerLeg): number {
  return leg.tookMs ?? leg.waitingMs ?? 0;
}
