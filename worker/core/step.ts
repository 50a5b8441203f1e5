import { askedBurst, BURST_ASK_INTERVAL_MS, isBurstOn, isClear } from './burst.ts';
import {
  activeIncident,
  activeSlow,
  checkDeadlines,
  isBursting,
  isLate,
  withOrder,
  type CheckState,
} from './check-state.ts';
import { withMark, type DeployMark } from './deploy/mark.ts';
import { warnedIn } from './dns/findings/warned.ts';
import type { Failure } from './failure.ts';
import { flapsMostly } from './flapping.ts';
import {
  incidentPage,
  incidentWakeMs,
  isKeptByOthers,
  openIncident,
  resolveAfterMs,
  settled,
  withDeployBefore,
  withDeployNews,
  withFailure,
  withSuccess,
  type Incident,
} from './incident.ts';
import {
  isShifted,
  latencyOf,
  NEW_NORMAL_AFTER_MS,
  SLOW_REGIONS_MIN,
  slowRegions,
  withoutBaselines,
} from './latency.ts';
import { newLedger, stampAccepted, stampAcknowledged, stampSent, type Ledger } from './ledger.ts';
import { windowAt } from './maintenance.ts';
import { dueNotices, maintenanceNotice, NOTICE_AFTER_MS, noticeWakeMs } from './notice.ts';
import type { GroupedCheck, Page } from './page.ts';
import type { Policy } from './policy.ts';
import {
  failsApart,
  heard,
  isKnownBad,
  isLive,
  quorumOf,
  unclearRegions,
  withDuration,
  withOverdue,
  withoutTally,
  withoutVote,
  withVote,
  type RegionState,
} from './region.ts';
import { seesProduction, type Run } from './run.ts';
import { afterFail, afterPass, goesOn } from './suspicion.ts';
import { earliest } from './units.ts';
import { pagingRule, verdictOf } from './verdict.ts';
import { dueWarnings } from './warning.ts';

/** What happens to a check. `nowMs` is always the hub's clock, epoch ms. */
export type CheckEvent =
  | { type: 'run'; nowMs: number; startedAtMs: number; run: Run }
  /** A run that goes on has passed its soft deadline. */
  | { type: 'overdue'; nowMs: number; startedAtMs: number; region: string }
  /**
   * What the regions' objects answered when they were asked: heard from within `SILENT_AFTER_MS`, or not. A region whose
   * object did not answer is in neither list.
   */
  | {
      type: 'liveness';
      nowMs: number;
      askedAtMs: number;
      liveRegions: readonly string[];
      silentRegions: readonly string[];
    }
  | { type: 'tick'; nowMs: number }
  /** The first attempt to send a page began, or a provider accepted it. */
  | { type: 'sent'; nowMs: number; seq: number }
  | { type: 'accepted'; nowMs: number; seq: number; channel: string; providerId?: string | undefined }
  /** Somebody has it. `via`: the channel that told, or `operator`, or `link`. */
  | { type: 'acknowledged'; nowMs: number; seq: number; by: string; via: string }
  /** The group's word on a page: another one speaks for it, or none. */
  | { type: 'grouped'; nowMs: number; seq: number; lead?: string | undefined }
  /** The incidents of other checks that this one's page speaks for now. */
  | { type: 'members'; nowMs: number; seq: number; checks: GroupedCheck[] }
  /** A deploy that concerns the check, or what is new of it. */
  | { type: 'deployed'; nowMs: number; mark: DeployMark }
  /** A probe has paged by itself while the hub was gone. Times are by the hub's clock. */
  | ({ type: 'broke-glass'; nowMs: number } & BrokenGlass);

/** A page that a probe has sent by itself. Times are the hub's, epoch ms. */
export type BrokenGlass = {
  seq: number;
  region: string;
  firstFailedStartMs: number;
  decidedMs: number;
  acceptedMs: number;
  channel: string;
  providerId?: string | undefined;
  receipt?: string | undefined;
  failure: Failure;
};

/** What the shell must do after it has stored the state. */
export type CheckEffect =
  /** Ask every region to run the check now, within `deadlineMs`, and to say whether it is live. */
  | { type: 'burst'; deadlineMs: number }
  /** Put this page into the outbox of the channels it is for, in the same transaction. */
  | { type: 'page'; page: Page }
  /** Put this page into the outbox as accepted already: a probe has sent it. */
  | { type: 'adopt'; page: Page; glass: BrokenGlass };

export type Stepped = { state: CheckState; effects: CheckEffect[] };

/** A region whose overdue run came to nothing asks the others again only after this: two intervals. */
const OVERDUE_AGAIN_MS = 60_000;

/** Advances a check by one event. Pure: no clock, no chance, no I/O; the input state is not changed. */
export function step(policy: Policy, before: CheckState, event: CheckEvent): Stepped {
  const state = withoutRemovedRegions(policy, before);
  switch (event.type) {
    case 'run':
      return stepRun(policy, state, event);
    case 'overdue':
      return stepOverdue(policy, state, event);
    case 'liveness':
      return stepLiveness(policy, state, event);
    case 'tick':
      return settle(policy, state, event.nowMs);
    case 'sent':
      return unpaged(withLedger(state, event.seq, (ledger) => stampSent(ledger, event.nowMs)));
    case 'accepted':
      return unpaged(
        reachesSomebody(policy, event.channel)
          ? withLedger(state, event.seq, (ledger) => stampAccepted(ledger, event))
          : state,
      );
    case 'acknowledged':
      return unpaged(acknowledged(state, event));
    case 'grouped':
      return unpaged(withIncident(state, event.seq, (incident) => ({ ...incident, lead: event.lead })));
    case 'members':
      return stepMembers(policy, state, event);
    case 'deployed':
      return unpaged(withDeploy(state, event.mark));
    case 'broke-glass':
      return stepBrokenGlass(policy, state, event);
  }
}

/** Whether a page that this channel has taken wakes somebody; where none does, all that can be had counts. */
function reachesSomebody({ routes }: Policy, channel: string): boolean {
  const wakes = (id: string): boolean => routes.traits[id]?.wakes === true;
  return wakes(channel) || ![...routes.page, ...routes.fallback].some(wakes);
}

/** When the state wants a `tick` by itself, epoch ms; `undefined` when only events can change it. */
export function stateWakeMs(policy: Policy, state: CheckState, nowMs: number): number | undefined {
  const { burst, flapping, maintenance, regions } = state;
  const incident = activeIncident(state);
  const slow = activeSlow(state);
  const overdueMs = Object.values(regions).flatMap(({ overdue }) =>
    overdue && overdue.untilMs > nowMs ? [overdue.untilMs] : [],
  );
  return earliest(
    burst && isBursting(state, nowMs) ? burst.askedAtMs + BURST_ASK_INTERVAL_MS : undefined,
    incident && incidentWakeMs(policy, incident, flapping, nowMs),
    slow && incidentWakeMs(policy, slow, flapping, nowMs),
    maintenance?.untilMs,
    noticeWakeMs(policy, regions, incident !== undefined, nowMs),
    ...overdueMs,
  );
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

function stepOverdue(
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

function stepLiveness(
  policy: Policy,
  before: CheckState,
  event: Extract<CheckEvent, { type: 'liveness' }>,
): Stepped {
  const regions = { ...before.regions };
  for (const id of event.liveRegions)
    if (policy.check.regions.includes(id)) regions[id] = heard(regions[id], policy.check, event.nowMs);
  // A region whose object has not heard from its probes is silent, unless it has reported here since the object was asked.
  for (const [id, region] of Object.entries(regions))
    if (event.silentRegions.includes(id) && region.heardAtMs <= event.askedAtMs)
      regions[id] = { ...region, silent: true };
  return settle(policy, { ...before, regions }, event.nowMs);
}

function stepMembers(
  policy: Policy,
  before: CheckState,
  event: Extract<CheckEvent, { type: 'members' }>,
): Stepped {
  const known = before.incident?.seq === event.seq ? (before.incident.checks ?? []) : [];
  const state = withIncident(before, event.seq, (incident) => ({ ...incident, checks: event.checks }));
  const incident = activeIncident(state);
  const isNew = event.checks.some((check) => !known.some((other) => isSameIncident(check, other)));
  const after = settle(policy, state, event.nowMs);
  if (!incident || incident.seq !== event.seq || incident.held || !isNew) return after;
  const page = incidentPage('update', policy, state.regions, incident, state.flapping, event.nowMs);
  return { state: after.state, effects: [...after.effects, { type: 'page', page }] };
}

function isSameIncident(a: GroupedCheck, b: GroupedCheck): boolean {
  return a.check === b.check && a.seq === b.seq;
}

/**
 * A probe's own page becomes the hub's: the incident it would have opened, with that number. One for an incident that is
 * here already only adds its acceptance; one that is over, or that a probe has misnumbered, is closed at the provider.
 */
function stepBrokenGlass(
  policy: Policy,
  before: CheckState,
  event: Extract<CheckEvent, { type: 'broke-glass' }>,
): Stepped {
  const { nowMs, type: _type, ...glass } = event;
  const { seq, firstFailedStartMs, decidedMs, acceptedMs, channel, providerId, failure, region } = glass;
  const active = activeIncident(before);
  const stamped = { nowMs: acceptedMs, channel, providerId };
  const adopted = (state: CheckState, incident: Incident, isOver: boolean): Stepped => {
    const pageAt = (page: 'trigger' | 'resolve'): Page =>
      incidentPage(page, policy, state.regions, incident, state.flapping, nowMs);
    return {
      state,
      effects: [
        { type: 'adopt', page: pageAt('trigger'), glass },
        ...(isOver ? [{ type: 'page' as const, page: pageAt('resolve') }] : []),
      ],
    };
  };
  if (active?.seq === seq) {
    const known = withLedger(before, seq, (ledger) => stampAccepted(ledger, stamped));
    // Its page is out, whatever window was to hold it: it needs a resolve like any other.
    const state = withIncident(known, seq, (held) => (held.held ? { ...held, held: false } : held));
    return adopted(state, activeIncident(state) ?? active, false);
  }
  const incident = withDeployBefore(
    {
      seq,
      status: 'open',
      rule: 'break-glass',
      ledger: stampAccepted(
        { ...newLedger(firstFailedStartMs, 0, decidedMs), runEndMs: decidedMs, decidedMs, sentMs: decidedMs },
        stamped,
      ),
      cause: { failure, runId: '', region, screenshot: false },
      lastGoodAtMs: before.lastGoodAtMs,
      successes: {},
    },
    before.deploys,
  );
  // The probes have seen the one before end, and another one begin, all without the hub.
  const ended =
    active?.rule === 'break-glass' && seq > before.lastSeq
      ? { ...active, cleanSinceMs: Math.max(firstFailedStartMs, active.ledger.firstFailedStartMs) }
      : undefined;
  // Its number is taken for good: another incident's page under the same key would be told to nobody.
  if (seq <= before.lastSeq || (active && !ended))
    return adopted(
      { ...before, lastSeq: Math.max(before.lastSeq, seq) },
      { ...incident, cleanSinceMs: nowMs },
      true,
    );
  const taken = adopted(
    { ...before, lastSeq: seq, incident, suspicion: undefined, burst: undefined },
    incident,
    false,
  );
  if (!ended) return taken;
  const page = incidentPage('resolve', policy, before.regions, ended, before.flapping, nowMs);
  return { state: taken.state, effects: [{ type: 'page', page }, ...taken.effects] };
}

/** Everything that follows from the state and the time: page, burst, recovery, resolve, notices. */
function settle(policy: Policy, before: CheckState, nowMs: number): Stepped {
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
function goingOn(policy: Policy, state: CheckState, nowMs: number): Incident | undefined {
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

function unpaged(state: CheckState): Stepped {
  return { state, effects: [] };
}

function withAsked(policy: Policy, { state, effects }: Stepped): Stepped {
  if (effects.some(({ type }) => type === 'burst')) return { state, effects };
  const { confirmMs } = checkDeadlines(policy, state);
  return { state, effects: [...effects, { type: 'burst', deadlineMs: confirmMs }] };
}

function paged(
  event: Page['event'],
  policy: Policy,
  state: CheckState,
  incident: Incident,
  nowMs: number,
): Stepped {
  const page = incidentPage(event, policy, state.regions, incident, state.flapping, nowMs);
  return { state, effects: [{ type: 'page', page }] };
}

function acknowledged(
  state: CheckState,
  { seq, by, via, nowMs }: Extract<CheckEvent, { type: 'acknowledged' }>,
): CheckState {
  return withIncident(state, seq, (incident) =>
    incident.acknowledged || incident.status === 'resolved'
      ? incident
      : {
          ...incident,
          acknowledged: { atMs: nowMs, by, via },
          ledger: stampAcknowledged(incident.ledger, nowMs, by),
        },
  );
}

function withLedger(state: CheckState, seq: number, change: (ledger: Ledger) => Ledger): CheckState {
  return withIncident(state, seq, (incident) => ({ ...incident, ledger: change(incident.ledger) }));
}

function withIncident(state: CheckState, seq: number, change: (incident: Incident) => Incident): CheckState {
  if (state.incident?.seq === seq) return { ...state, incident: change(state.incident) };
  if (state.slow?.seq === seq) return { ...state, slow: change(state.slow) };
  return state;
}

/** The state after news of a deploy: an incident that names it, or should have, has it as it is now. */
function withDeploy(state: CheckState, mark: DeployMark): CheckState {
  const deploys = withMark(state.deploys ?? [], mark);
  const { incident, slow } = state;
  return {
    ...state,
    deploys,
    ...(incident ? { incident: withDeployNews(incident, deploys, mark) } : {}),
    ...(slow ? { slow: withDeployNews(slow, deploys, mark) } : {}),
  };
}

function withoutRemovedRegions(policy: Policy, state: CheckState): CheckState {
  const known = (id: string): boolean => policy.check.regions.includes(id);
  if (Object.keys(state.regions).every(known)) return state;
  return { ...state, regions: Object.fromEntries(Object.entries(state.regions).filter(([id]) => known(id))) };
}
