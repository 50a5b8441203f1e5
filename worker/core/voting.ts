import { isBurstOn } from './burst.ts';
import type { CheckEvent } from './check-event.ts';
import { activeIncident, isBursting, isLate, withOrder, type CheckState } from './check-state.ts';
import { warnedIn } from './dns/findings/warned.ts';
import { flapsMostly } from './flapping.ts';
import { resolveAfterMs, withFailure, withSuccess } from './incident.ts';
import { isShifted } from './latency.ts';
import { NOTICE_AFTER_MS } from './notice.ts';
import type { Policy } from './policy.ts';
import {
  failsApart,
  heard,
  isKnownBad,
  isLive,
  unclearRegions,
  withDuration,
  withoutVote,
  withOverdue,
  withVote,
} from './region.ts';
import { seesProduction, type Run } from './run.ts';
import { goingOn, settle } from './settling.ts';
import { unpaged, withAsked, type Stepped } from './stepped.ts';
import { afterFail, afterPass, goesOn } from './suspicion.ts';

/** A region whose overdue run came to nothing asks the others again only after this: two intervals. */
const OVERDUE_AGAIN_MS = 60_000;

/** A run has come: it votes, unless it is late, a canary's, or of our own fault. */
export function stepRun(
  policy: Policy,
  before: CheckState,
  event: Extract<CheckEvent, { type: 'run' }>,
): Stepped {
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
  // What a canary answers says nothing of what everybody gets.
  if (late || !seesProduction(run)) return settle(policy, state, nowMs);
  const { outcome, failure } = run;
  if (outcome === 'invalid') {
    state.regions[run.region] = withoutVote(region, failure?.message ?? 'no reason given', startedAtMs);
    return settle(policy, state, nowMs);
  }
  if (run.control?.outcome === 'fail') {
    const marked = { ...region, controlFailedAtMs: startedAtMs };
    state.regions[run.region] = marked;
    if (!isControlBroken(policy, state, nowMs)) {
      const why = `the control target failed too: ${run.control.error ?? 'no reason given'}`;
      state.regions[run.region] = withoutVote(marked, why, startedAtMs);
      const settledState = settle(policy, state, nowMs);
      // If it is no fault of this region alone, the others will say so.
      return region.invalid ? settledState : withAsked(policy, settledState);
    }
  }
  return stepVote(policy, state, run, startedAtMs, nowMs);
}

function stepVote(policy: Policy, state: CheckState, run: Run, startedAtMs: number, nowMs: number): Stepped {
  const { check, config } = policy;
  const { outcome, failure } = run;
  const region = state.regions[run.region] ?? heard(undefined, check, nowMs);
  const unclearBefore = unclearRegions(state.regions, check, nowMs);
  const vote = {
    outcome: failure === undefined ? ('pass' as const) : ('fail' as const),
    runId: run.id,
    startedAtMs,
    durationMs: run.durationMs,
    failure,
  };
  const usable = withVote(region, vote, check);
  const voted = run.dns ? { ...usable, warned: warnedIn(run.dns) } : usable;
  state.regions[run.region] =
    outcome === 'pass'
      ? withDuration(voted, run.durationMs, run.configHash, isShifted(voted, config.paging.latency))
      : voted;
  const next: CheckState = { ...state, flapping: flapsMostly(state.regions, state.flapping) };
  if (failure === undefined) return settle(policy, passed(next, run, startedAtMs), nowMs);
  if (isKnownBad(voted)) return settle(policy, next, nowMs);
  const incident = goingOn(policy, next, nowMs);
  if (incident) {
    // Longer than the hold: a relapse begins with one region, too, and inside the hold it is the same incident.
    const afterMs = resolveAfterMs(policy, next.flapping) + NOTICE_AFTER_MS;
    const isOver = failsApart(next.regions, run.region, check, afterMs, nowMs);
    return settle(policy, isOver ? next : { ...next, incident: withFailure(incident) }, nowMs);
  }
  const { suspicion, burst } = next;
  const isAnew = !suspicion || !goesOn(suspicion, startedAtMs, check);
  const isBeginning =
    !isBurstOn(burst, nowMs) && unclearBefore.length <= 1 && !unclearBefore.includes(run.region);
  const overdueMs = region.overdue?.atMs;
  return settle(
    policy,
    {
      ...next,
      suspicion: afterFail(suspicion, { run, failure, startedAtMs, nowMs, overdueMs }, isBeginning, check),
      // A burst that an overdue run began goes on; one of an older suspicion does not count for this one.
      burst: isAnew && burst && nowMs >= burst.untilMs ? undefined : burst,
    },
    nowMs,
  );
}

function passed(state: CheckState, { region }: Run, startedAtMs: number): CheckState {
  const incident = activeIncident(state);
  return {
    ...state,
    lastGoodAtMs: Math.max(state.lastGoodAtMs ?? 0, startedAtMs),
    suspicion: state.suspicion && afterPass(state.suspicion, region),
    incident: incident ? withSuccess(incident, region, startedAtMs) : state.incident,
  };
}

/** Where most live regions' control fails with the check, the control target is broken, and says nothing of the probes. */
function isControlBroken(policy: Policy, state: CheckState, nowMs: number): boolean {
  const { check } = policy;
  const live = Object.values(state.regions).filter((region) => isLive(region, check, nowMs));
  const broken = live.filter(
    ({ controlFailedAtMs }) =>
      controlFailedAtMs !== undefined && nowMs - controlFailedAtMs <= check.intervalMs + check.timeoutMs,
  );
  return broken.length * 2 > live.length;
}

/** A run goes on for longer than this check's runs do: the others are asked before it ends. */
export function stepOverdue(
  policy: Policy,
  before: CheckState,
  event: Extract<CheckEvent, { type: 'overdue' }>,
): Stepped {
  const { check } = policy;
  const { nowMs } = event;
  if (!check.regions.includes(event.region)) return unpaged(before);
  const startedAtMs = Math.min(event.startedAtMs, nowMs);
  const region = heard(before.regions[event.region], check, nowMs);
  const isOld = nowMs - startedAtMs > check.timeoutMs;
  // A region that is slow by itself must not make all of them run twice as often.
  const isTooSoon =
    region.lastOverdueMs !== undefined &&
    nowMs - region.lastOverdueMs < OVERDUE_AGAIN_MS &&
    nowMs >= region.lastOverdueMs &&
    !isBursting(before, nowMs);
  const isNews = !isOld && !isTooSoon && !isKnownBad(region) && !goingOn(policy, before, nowMs);
  const regions = {
    ...before.regions,
    [event.region]: isNews ? withOverdue(region, startedAtMs, check, nowMs) : region,
  };
  return settle(policy, { ...before, regions }, nowMs);
}
