import { activeIncident, isBursting, isLate, withOrder, type CheckState } from './check-state.ts';
import {
  incidentPage,
  incidentWakeMs,
  openIncident,
  settled,
  withFailure,
  withSuccess,
  type Incident,
} from './incident.ts';
import { stampAccepted, stampSent, type Ledger } from './ledger.ts';
import type { Page } from './page.ts';
import type { Policy } from './policy.ts';
import type { Run } from './run.ts';
import { afterFail, afterPass, BURST_ASK_INTERVAL_MS, failingRegions, withBurst } from './suspicion.ts';
import { heard, pagingRule, withoutScores, withVote } from './verdict.ts';

/** What happens to a check. `nowMs` is always the hub's clock, epoch ms. */
export type CheckEvent =
  | { type: 'run'; nowMs: number; startedAtMs: number; run: Run }
  /** Regions heard from within `SILENT_AFTER_MS`, as their objects answered. */
  | { type: 'liveness'; nowMs: number; liveRegions: string[] }
  | { type: 'tick'; nowMs: number }
  /** The first attempt to send a page began, or a provider accepted it. */
  | { type: 'sent'; nowMs: number; seq: number }
  | { type: 'accepted'; nowMs: number; seq: number; channel: string; providerId?: string | undefined };

/** What the shell must do after it has stored the state. */
export type CheckEffect =
  /** Ask every region to run the check now and to say whether it is live. */
  | { type: 'burst' }
  /** Put this page into the outbox of every channel of the check, in the same transaction. */
  | { type: 'page'; page: Page };

export type Stepped = { state: CheckState; effects: CheckEffect[] };

/** Advances a check by one event. Pure: no clock, no chance, no I/O; the input state is not changed. */
export function step(policy: Policy, before: CheckState, event: CheckEvent): Stepped {
  const state = withoutRemovedRegions(policy, before);
  switch (event.type) {
    case 'run':
      return stepRun(policy, state, event);
    case 'liveness':
      return stepLiveness(policy, state, event);
    case 'tick':
      return settle(policy, state, event.nowMs);
    case 'sent':
      return unpaged(withLedger(state, event.seq, (ledger) => stampSent(ledger, event.nowMs)));
    case 'accepted':
      return unpaged(withLedger(state, event.seq, (ledger) => stampAccepted(ledger, event)));
  }
}

/** When the state wants a `tick` by itself, epoch ms; `undefined` when only events can change it. */
export function stateWakeMs(policy: Policy, state: CheckState, nowMs: number): number | undefined {
  const askMs =
    state.suspicion && isBursting(state, nowMs)
      ? state.suspicion.askedAtMs + BURST_ASK_INTERVAL_MS
      : undefined;
  const incident = activeIncident(state);
  const times = [askMs, incident && incidentWakeMs(policy, incident, nowMs)].filter(
    (time) => time !== undefined,
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

function stepRun(policy: Policy, before: CheckState, event: Extract<CheckEvent, { type: 'run' }>): Stepped {
  const { check } = policy;
  const { run, nowMs } = event;
  if (!check.regions.includes(run.region)) return unpaged(before);
  const startedAtMs = Math.min(event.startedAtMs, nowMs);
  const late = isLate(before, check, run, startedAtMs, nowMs);
  const region = heard(before.regions[run.region], check, nowMs);
  const state: CheckState = {
    ...before,
    regions: { ...before.regions, [run.region]: region },
    probes: withOrder(before.probes, check, run, nowMs),
  };
  if (late) return settle(policy, state, nowMs);
  const { outcome, failure } = run;
  if (outcome === 'invalid') {
    state.regions[run.region] = { ...region, abstains: true };
    return settle(policy, state, nowMs);
  }
  const failingBefore = failingRegions(state.regions, check, nowMs);
  const vote = { outcome, runId: run.id, startedAtMs, durationMs: run.durationMs, failure };
  state.regions[run.region] = withVote(region, vote, check);
  const incident = activeIncident(state);
  if (failure === undefined) return settle(policy, passed(policy, state, run, startedAtMs, nowMs), nowMs);
  if (incident) state.incident = withFailure(incident);
  else
    state.suspicion = afterFail(state.suspicion, { run, failure, startedAtMs, nowMs }, failingBefore, check);
  return settle(policy, state, nowMs);
}

function passed(
  policy: Policy,
  state: CheckState,
  { region }: Run,
  startedAtMs: number,
  nowMs: number,
): CheckState {
  const isClear = failingRegions(state.regions, policy.check, nowMs).length === 0;
  const incident = activeIncident(state);
  return {
    ...state,
    lastGoodAtMs: Math.max(state.lastGoodAtMs ?? 0, startedAtMs),
    suspicion: state.suspicion && afterPass(state.suspicion, region, isClear),
    incident: incident ? withSuccess(incident, region, startedAtMs) : state.incident,
  };
}

function stepLiveness(
  policy: Policy,
  before: CheckState,
  event: Extract<CheckEvent, { type: 'liveness' }>,
): Stepped {
  const regions = { ...before.regions };
  for (const id of event.liveRegions)
    if (policy.check.regions.includes(id)) regions[id] = heard(regions[id], policy.check, event.nowMs);
  // A region whose object has not heard from its probes is silent now, however lately it reported here.
  for (const [id, region] of Object.entries(regions))
    if (!event.liveRegions.includes(id)) regions[id] = { ...region, silent: true };
  return settle(policy, { ...before, regions }, event.nowMs);
}

/** Everything that follows from the state and the time: page, burst, recovery, resolve. */
function settle(policy: Policy, state: CheckState, nowMs: number): Stepped {
  const active = activeIncident(state);
  if (active) {
    const incident = settled(policy, state.regions, active, nowMs);
    if (incident.status === 'resolved') {
      const over = { ...state, incident, regions: withoutScores(state.regions) };
      return paged('resolve', policy, over, incident, nowMs);
    }
    return unpaged(incident === active ? state : { ...state, incident });
  }
  const { suspicion } = state;
  if (!suspicion) return unpaged(state);
  const rule = pagingRule(state.regions, suspicion.streak, policy.check, nowMs);
  if (rule) {
    const incident = openIncident(state.lastSeq + 1, rule, suspicion, state.lastGoodAtMs, nowMs);
    const next = { ...state, lastSeq: incident.seq, incident, suspicion: undefined };
    return paged('trigger', policy, next, incident, nowMs);
  }
  const asked = withBurst(suspicion, state.regions, policy.check, nowMs);
  return asked ? { state: { ...state, suspicion: asked }, effects: [{ type: 'burst' }] } : unpaged(state);
}

function unpaged(state: CheckState): Stepped {
  return { state, effects: [] };
}

function paged(
  event: Page['event'],
  policy: Policy,
  state: CheckState,
  incident: Incident,
  nowMs: number,
): Stepped {
  const page = incidentPage(event, policy, state.regions, incident, nowMs);
  return { state, effects: [{ type: 'page', page }] };
}

function withLedger(state: CheckState, seq: number, change: (ledger: Ledger) => Ledger): CheckState {
  if (state.incident?.seq !== seq) return state;
  return { ...state, incident: { ...state.incident, ledger: change(state.incident.ledger) } };
}

function withoutRemovedRegions(policy: Policy, state: CheckState): CheckState {
  const known = (id: string): boolean => policy.check.regions.includes(id);
  if (Object.keys(state.regions).every(known)) return state;
  return { ...state, regions: Object.fromEntries(Object.entries(state.regions).filter(([id]) => known(id))) };
}
