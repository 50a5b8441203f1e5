import { askedBurst, isClear } from './burst.ts';
import { activeIncident, activeSlow, type CheckState } from './check-state.ts';
import {
  isKeptByOthers,
  openIncident,
  settled,
  withDeployBefore,
  withFailure,
  type Incident,
} from './incident.ts';
import {
  latencyOf,
  NEW_NORMAL_AFTER_MS,
  SLOW_REGIONS_MIN,
  slowRegions,
  withoutBaselines,
} from './latency.ts';
import { newLedger, type Ledger } from './ledger.ts';
import { windowAt } from './maintenance.ts';
import { dueNotices, maintenanceNotice } from './notice.ts';
import type { Policy } from './policy.ts';
import { quorumOf, withoutTally, type RegionState } from './region.ts';
import { paged, unpaged, withAsked, type Stepped } from './stepped.ts';
import { pagingRule, verdictOf } from './verdict.ts';
import { dueWarnings } from './warning.ts';

/** Everything that follows from the state and the time: page, burst, recovery, resolve, notices. */
export function settle(policy: Policy, before: CheckState, nowMs: number): Stepped {
  const stages = [settleMaintenance, settleIncident, settleLatency, settleNotices];
  return stages.reduce<Stepped>(
    ({ state, effects }, stage) => {
      const next = stage(policy, state, nowMs);
      return {
        state: next.state,
        effects: next.effects.length === 0 ? effects : [...effects, ...next.effects],
      };
    },
    { state: before, effects: [] },
  );
}

function settleMaintenance(policy: Policy, state: CheckState, nowMs: number): Stepped {
  const window = windowAt(policy.config.maintenance, policy.check.id, nowMs);
  if (window) {
    const { title, untilMs } = window;
    if (state.maintenance?.title === title && state.maintenance.untilMs === untilMs) return unpaged(state);
    return unpaged({ ...state, maintenance: { title, untilMs } });
  }
  if (!state.maintenance) return unpaged(state);
  const after: CheckState = { ...state, maintenance: undefined };
  const verdict = verdictOf(state.regions, policy.check, nowMs);
  const notice = maintenanceNotice(policy, state.regions, state.maintenance, verdict, state.lastSeq, nowMs);
  return { state: after, effects: [{ type: 'page', page: notice }] };
}

function settleIncident(policy: Policy, state: CheckState, nowMs: number): Stepped {
  const active = goingOn(policy, state, nowMs);
  if (active) return settleActive(policy, state, active, nowMs);
  const { suspicion, burst, regions } = state;
  const rule = suspicion && pagingRule(regions, suspicion.streak, policy.check, nowMs);
  if (rule && suspicion) {
    const opened = withDeployBefore(
      openIncident(state.lastSeq + 1, rule, suspicion, burst?.beganMs, state.lastGoodAtMs, nowMs),
      state.deploys,
    );
    const next = { ...state, lastSeq: opened.seq, suspicion: undefined, burst: undefined };
    const kept = activeIncident(state);
    const ended = kept ? paged('resolve', policy, state, kept, nowMs).effects : [];
    const untilMs = state.maintenance?.untilMs;
    if (untilMs !== undefined) {
      const ledger = { ...opened.ledger, heldUntilMs: untilMs };
      return { state: { ...next, incident: { ...opened, held: true, ledger } }, effects: ended };
    }
    const trigger = paged('trigger', policy, { ...next, incident: opened }, opened, nowMs);
    return { state: trigger.state, effects: [...ended, ...trigger.effects] };
  }
  if (isClear(regions, policy.check, nowMs)) {
    const cleared = withoutTally(regions);
    if (!suspicion && !burst && cleared === regions) return unpaged(state);
    return unpaged({ ...state, suspicion: undefined, burst: undefined, regions: cleared });
  }
  const asked = askedBurst(burst, regions, policy.check, nowMs);
  return asked ? withAsked(policy, unpaged({ ...state, burst: asked })) : unpaged(state);
}

/** The incident that what fails now belongs to; not one that only the members of its page keep open. */
export function goingOn(policy: Policy, state: CheckState, nowMs: number): Incident | undefined {
  const incident = activeIncident(state);
  return incident && isKeptByOthers(policy, incident, state.flapping, nowMs) ? undefined : incident;
}

function settleActive(policy: Policy, state: CheckState, active: Incident, nowMs: number): Stepped {
  if (active.held && !state.maintenance && active.cleanSinceMs === undefined) {
    const ledger = { ...active.ledger, decidedMs: nowMs, heldUntilMs: nowMs };
    const released: Incident = { ...active, held: false, ledger };
    return paged('trigger', policy, { ...state, incident: released }, released, nowMs);
  }
  const incident = settled(policy, state.regions, active, state.flapping, nowMs);
  if (incident.status !== 'resolved') return unpaged(incident === active ? state : { ...state, incident });
  const over = { ...state, incident, regions: withoutTally(state.regions) };
  return incident.held ? unpaged(over) : paged('resolve', policy, over, incident, nowMs);
}

/** Being slow in most regions is an incident of its own; a failure ends it, as that has a page of its own. */
function settleLatency(policy: Policy, state: CheckState, nowMs: number): Stepped {
  const { check, config } = policy;
  const slow = activeSlow(state);
  const isFailingNow = activeIncident(state) !== undefined;
  if (!slow && isFailingNow) return unpaged(state);
  const regions = slowRegions(state.regions, config.paging.latency, check, nowMs);
  if (!slow) {
    // What is being confirmed may be worse than slow, and would have to wake somebody twice.
    if (regions.length === 0 || state.suspicion || state.maintenance) return unpaged(state);
    const opened = withDeployBefore(
      {
        seq: state.lastSeq + 1,
        status: 'open',
        rule: 'latency',
        ledger: slowLedger(state.regions, regions, nowMs),
        latency: { ...latencyOf(state.regions, regions), regions },
        lastGoodAtMs: state.lastGoodAtMs,
        successes: {},
      },
      state.deploys,
    );
    return paged('trigger', policy, { ...state, lastSeq: opened.seq, slow: opened }, opened, nowMs);
  }
  if (isFailingNow) {
    const ended: Incident = { ...slow, status: 'resolved', cleanSinceMs: nowMs, resolvedAtMs: nowMs };
    return paged('resolve', policy, { ...state, slow: ended }, ended, nowMs);
  }
  // Silence is not health: with fewer than can say slow, it may be as slow as before.
  const saying = Math.min(SLOW_REGIONS_MIN, check.regions.length);
  if (quorumOf(state.regions, check, nowMs).length < saying) return unpaged(state);
  // What has lasted for a day is normal now, and is learnt anew.
  if (regions.length > 0 && nowMs - slow.ledger.firstFailedStartMs >= NEW_NORMAL_AFTER_MS)
    return unpaged({ ...state, regions: withoutBaselines(state.regions) });
  const marked =
    regions.length > 0
      ? slow.cleanSinceMs === undefined
        ? slow
        : withFailure(slow)
      : { ...slow, cleanSinceMs: slow.cleanSinceMs ?? nowMs };
  const now = settled(policy, state.regions, marked, state.flapping, nowMs);
  const next = { ...state, slow: now };
  if (now.status === 'resolved') return paged('resolve', policy, next, now, nowMs);
  const isSame = now.status === slow.status && now.cleanSinceMs === slow.cleanSinceMs;
  return unpaged(isSame ? state : next);
}

/** Slowness has no first failed run: it counts from the start of the run that showed it. */
function slowLedger(regions: Record<string, RegionState>, slow: readonly string[], nowMs: number): Ledger {
  const startsMs = slow.flatMap((id) => regions[id]?.vote?.startedAtMs ?? []);
  return { ...newLedger(Math.max(0, ...startsMs), 0, nowMs), runEndMs: nowMs, decidedMs: nowMs };
}

function settleNotices(policy: Policy, state: CheckState, nowMs: number): Stepped {
  const hasIncident = activeIncident(state) !== undefined;
  const { regions, notices } = dueNotices(policy, state.regions, hasIncident, state.lastSeq, nowMs);
  const { told, notice } = dueWarnings(policy, regions, state.toldWarnings, state.lastSeq, nowMs);
  const pages = notice ? [...notices, notice] : notices;
  const warned = told === state.toldWarnings ? state : { ...state, toldWarnings: told };
  if (pages.length === 0) return unpaged(warned);
  return { state: { ...warned, regions }, effects: pages.map((page) => ({ type: 'page', page })) };
}
