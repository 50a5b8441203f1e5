import { isBurstOn, type Burst } from './burst.ts';
import type { DeployMark } from './deploy/telling/mark.ts';
import type { Incident } from './incident.ts';
import type { Ledger } from './ledger.ts';
import { deadlinesOf, type Deadlines } from './lateness.ts';
import type { Paged } from './page.ts';
import type { Policy } from './policy.ts';
import { heard, type RegionState, type VoteTiming } from './region.ts';
import type { Run } from './run.ts';
import type { Suspicion } from './suspicion.ts';
import type { ToldWarnings } from './warning.ts';
import type { NextStart } from './wire.ts';

/** The newest run of a probe that a check has seen. */
export type ProbeOrder = { boot: number; seq: number; receivedMs: number };

/** All a check remembers. Plain JSON; owned by its CheckObject. */
export type CheckState = {
  regions: Record<string, RegionState>;
  lastSeq: number;
  suspicion?: Suspicion | undefined;
  burst?: Burst | undefined;
  /** The latest incident, resolved or not. */
  incident?: Incident | undefined;
  /** The latest incident of being slow. It ends when the check fails. */
  slow?: Incident | undefined;
  lastGoodAtMs?: number | undefined;
  /** Newest run of each probe and when it came: what comes out of order does not vote. */
  probes: Record<string, ProbeOrder>;
  flapping: boolean;
  /** Of a DNS check: the warnings that people have been told of. */
  toldWarnings?: ToldWarnings | undefined;
  /** The latest deploys that concern the check, oldest first. */
  deploys?: DeployMark[] | undefined;
  /** The maintenance window the check is in. */
  maintenance?: { title: string; untilMs: number } | undefined;
};

/** Probes whose order a check remembers: five in each of twenty regions. A name may be new at every start of a container. */
export const PROBES_MAX = 100;

/** A check nobody has reported on. */
export function initialState(): CheckState {
  return { regions: {}, lastSeq: 0, probes: {}, flapping: false };
}

/** A stored state, of this version or of one that knew less. */
export function restoredState(stored: Partial<CheckState>): CheckState {
  const regions = Object.entries(stored.regions ?? {}).map(([id, region]) => [
    id,
    { ...heard(undefined, { intervalMs: 0, timeoutMs: 0 }, region.heardAtMs), ...region },
  ]);
  return { ...initialState(), ...stored, regions: Object.fromEntries(regions) as CheckState['regions'] };
}

/** The incident that is not over, if any. */
export function activeIncident(state: CheckState): Incident | undefined {
  return state.incident?.status === 'resolved' ? undefined : state.incident;
}

/** The incident of being slow that is not over, if any. */
export function activeSlow(state: CheckState): Incident | undefined {
  return state.slow?.status === 'resolved' ? undefined : state.slow;
}

/** What the outbox must know of the check's incidents. */
export function pagedOf(state: CheckState): Paged[] {
  return [state.incident, state.slow].flatMap((incident) =>
    incident
      ? [{ seq: incident.seq, isOver: incident.status === 'resolved', acknowledged: incident.acknowledged }]
      : [],
  );
}

/** Whether regions should run back to back now. */
export function isBursting(state: CheckState, nowMs: number): boolean {
  return isBurstOn(state.burst, nowMs);
}

/** How long the check's runs may take before they are overdue, and before a confirmation run has failed. */
export function checkDeadlines(policy: Policy, state: CheckState): Deadlines {
  const durationsMs = Object.values(state.regions).flatMap(({ latestMs, baselineMs }) => [
    ...baselineMs,
    ...latestMs,
  ]);
  return deadlinesOf(policy.config.paging.lateness, policy.check.timeoutMs, durationsMs);
}

/** What a probe must know of the check until its next start. */
export function briefing(
  policy: Policy,
  state: CheckState,
  nowMs: number,
): Omit<NextStart, 'check' | 'inMs'> {
  const { softMs, confirmMs } = checkDeadlines(policy, state);
  const incident = activeIncident(state);
  return {
    softDeadlineMs: softMs,
    ...(isBursting(state, nowMs) && confirmMs < policy.check.timeoutMs ? { deadlineMs: confirmMs } : {}),
    incident: {
      seq: state.lastSeq,
      open: incident !== undefined,
      // One that a window holds has none either: the probe knows the window, and its end, should the hub be gone by then.
      accepted: incident?.ledger.acceptedMs !== undefined,
    },
  };
}

/** DESIGN law 6: older than interval + timeout, or out of its probe's order. Such a run is history only. */
export function isLate(
  state: CheckState,
  timing: VoteTiming,
  run: Run,
  startedAtMs: number,
  nowMs: number,
): boolean {
  if (nowMs - startedAtMs > timing.intervalMs + timing.timeoutMs) return true;
  const last = orderedBy(state.probes[run.probe], timing, nowMs);
  return last !== undefined && !isNewer(run, last);
}

/** Whether a run comes after another one of the same probe. */
export function isNewer(run: Run, last: ProbeOrder): boolean {
  return run.boot > last.boot || (run.boot === last.boot && run.seq > last.seq);
}

/** The order of probes after a run; the probes longest unheard are forgotten beyond `PROBES_MAX`. */
export function withOrder(
  before: CheckState['probes'],
  timing: VoteTiming,
  run: Run,
  nowMs: number,
): CheckState['probes'] {
  const last = orderedBy(before[run.probe], timing, nowMs);
  if (last && !isNewer(run, last)) return before;
  const others = Object.entries(before)
    .filter(([probe, order]) => probe !== run.probe && orderedBy(order, timing, nowMs))
    .toSorted(([, a], [, b]) => b.receivedMs - a.receivedMs)
    .slice(0, PROBES_MAX - 1);
  return {
    ...Object.fromEntries(others),
    [run.probe]: { boot: run.boot, seq: run.seq, receivedMs: nowMs },
  };
}

/**
 * What a probe's runs must come after; nothing once all that began before is late by its age. So a probe whose clock was
 * set back, and with it the number of its boot, is heard again.
 */
function orderedBy(last: ProbeOrder | undefined, timing: VoteTiming, nowMs: number): ProbeOrder | undefined {
  return last && nowMs - last.receivedMs > timing.intervalMs + timing.timeoutMs ? undefined : last;
}

/** The state with the ledger of the incident of that number changed. */
export function withLedger(state: CheckState, seq: number, change: (ledger: Ledger) => Ledger): CheckState {
  return withIncident(state, seq, (incident) => ({ ...incident, ledger: change(incident.ledger) }));
}

/** The state with its incident of that number changed; the same when it has none. */
export function withIncident(
  state: CheckState,
  seq: number,
  change: (incident: Incident) => Incident,
): CheckState {
  if (state.incident?.seq === seq) return { ...state, incident: change(state.incident) };
  if (state.slow?.seq === seq) return { ...state, slow: change(state.slow) };
  return state;
}
