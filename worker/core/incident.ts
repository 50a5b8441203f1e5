import type { Check, Config } from './config.ts';
import type { Failure } from './failure.ts';
import { pageOf, type Page, type PageSubject } from './page.ts';
import type { Run } from './run.ts';
import {
  extendStreak,
  heard,
  isCurrent,
  isLive,
  pagingRule,
  quorumOf,
  voteExpiresAtMs,
  withVote,
  type RegionState,
  type Rule,
  type Streak,
  type Vote,
} from './verdict.ts';

/**
 * When an incident passed each leg of its way to the pager; the hub's clock, epoch ms.
 * `firstFailedStart` → `runEnd` → `received` → `burstAsked` → `decided` → `sent` → `accepted`.
 */
export type Ledger = {
  firstFailedStartMs: number;
  runEndMs: number;
  receivedMs: number;
  burstAskedMs?: number | undefined;
  decidedMs?: number | undefined;
  sentMs?: number | undefined;
  acceptedMs?: number | undefined;
  /** The channel that accepted first, and its provider's id. */
  acceptedBy?: string | undefined;
  providerId?: string | undefined;
};

/** The failure an incident speaks of. */
export type Cause = { failure: Failure; runId: string; region: string; screenshot: boolean };

/** One incident of a check. `open` until it has been clean for `resolveAfterMs`. */
export type Incident = {
  seq: number;
  status: 'open' | 'recovered' | 'resolved';
  rule: Rule;
  ledger: Ledger;
  cause?: Cause | undefined;
  /** Start of the last run that passed before, epoch ms. */
  lastGoodAtMs?: number | undefined;
  /** Start of the first success since the last failure; absent while failing. */
  cleanSinceMs?: number | undefined;
  /** Successes per region since the last failure. */
  successes: Record<string, number>;
  recoveredAtMs?: number | undefined;
  resolvedAtMs?: number | undefined;
};

/** Failures seen and not yet paged: regions re-run at once until it is clear. */
export type Suspicion = {
  streak: Streak;
  /** Of the first failure of the streak, which rule 1 pages on. */
  streakLedger: Ledger;
  /** Of the first failure since all was clear, or since no more than one region failed; rules 2 and 3 page on it. */
  ledger: Ledger;
  cause: Cause;
  /** Start of the last failure: one after its vote has expired does not go on with what was before. */
  lastFailedStartMs: number;
  /** A burst asks for runs back to back until then, epoch ms. */
  burstUntilMs: number;
  /** When the regions were last asked. */
  askedAtMs: number;
};

/** The newest run of a probe that a check has seen. */
export type ProbeOrder = { boot: number; seq: number; receivedMs: number };

/** All a check remembers. Plain JSON; owned by its CheckObject. */
export type CheckState = {
  regions: Record<string, RegionState>;
  lastSeq: number;
  suspicion?: Suspicion | undefined;
  /** The latest incident, resolved or not. */
  incident?: Incident | undefined;
  lastGoodAtMs?: number | undefined;
  /** Newest run of each probe and when it came: what comes out of order does not vote. */
  probes: Record<string, ProbeOrder>;
};

/** Everything `step` must know of the configuration. */
export type Policy = {
  config: Pick<Config, 'publicUrl' | 'regions' | 'paging'>;
  check: Check;
};

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

/** Confirmation never outlives the two minutes (DESIGN law 4): a burst that has not decided by then ends. */
export const BURST_MAX_MS = 120_000;
/** While a burst runs the regions are asked again this often: a lost command or a region that died must not stall it. */
export const BURST_ASK_INTERVAL_MS = 5_000;
/** Probes whose order a check remembers: five in each of twenty regions. A name may be new at every start of a container. */
export const PROBES_MAX = 100;
/** Successes per live region that recovery takes (DESIGN section 5, "Resolve"). */
const RECOVERY_SUCCESSES = 2;

/** A check nobody has reported on. */
export function initialState(): CheckState {
  return { regions: {}, lastSeq: 0, probes: {} };
}

/** The incident that is not over, if any. */
export function activeIncident(state: CheckState): Incident | undefined {
  return state.incident?.status === 'resolved' ? undefined : state.incident;
}

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
      return { state: stampSent(state, event.seq, event.nowMs), effects: [] };
    case 'accepted':
      return { state: stampAccepted(state, event), effects: [] };
  }
}

/** Whether regions should run back to back now. */
export function isBursting(state: CheckState, nowMs: number): boolean {
  return state.suspicion !== undefined && nowMs < state.suspicion.burstUntilMs;
}

/** When the state wants a `tick` by itself, epoch ms; `undefined` when only events can change it. */
export function stateWakeMs(policy: Policy, state: CheckState, nowMs: number): number | undefined {
  const times: number[] = [];
  if (state.suspicion && isBursting(state, nowMs))
    times.push(state.suspicion.askedAtMs + BURST_ASK_INTERVAL_MS);
  const incident = activeIncident(state);
  if (incident?.cleanSinceMs !== undefined) {
    const { clearAfterMs, resolveAfterMs } = policy.config.paging;
    const dueMs = incident.cleanSinceMs + (incident.status === 'open' ? clearAfterMs : resolveAfterMs);
    // Past due means that successes are missing: they come as events.
    if (dueMs > nowMs) times.push(dueMs);
  }
  return times.length === 0 ? undefined : Math.min(...times);
}

/** DESIGN law 6: older than interval + timeout, or out of its probe's order. Such a run is history only. */
export function isLate(
  state: CheckState,
  check: Check,
  run: Run,
  startedAtMs: number,
  nowMs: number,
): boolean {
  if (nowMs - startedAtMs > check.intervalMs + check.timeoutMs) return true;
  const last = orderedBy(state.probes[run.probe], check, nowMs);
  return last !== undefined && !isNewer(run, last);
}

/** Whether a run comes after another one of the same probe. */
export function isNewer(run: Run, last: ProbeOrder): boolean {
  return run.boot > last.boot || (run.boot === last.boot && run.seq > last.seq);
}

/**
 * What a probe's runs must come after; nothing once all that began before is late by its age. So a probe whose clock was
 * set back, and with it the number of its boot, is heard again.
 */
function orderedBy(last: ProbeOrder | undefined, check: Check, nowMs: number): ProbeOrder | undefined {
  return last && nowMs - last.receivedMs > check.intervalMs + check.timeoutMs ? undefined : last;
}

function withOrder(
  before: CheckState['probes'],
  check: Check,
  run: Run,
  nowMs: number,
): CheckState['probes'] {
  const last = orderedBy(before[run.probe], check, nowMs);
  if (last && !isNewer(run, last)) return before;
  const others = Object.entries(before)
    .filter(([probe, order]) => probe !== run.probe && orderedBy(order, check, nowMs))
    .toSorted(([, a], [, b]) => b.receivedMs - a.receivedMs)
    .slice(0, PROBES_MAX - 1);
  return {
    ...Object.fromEntries(others),
    [run.probe]: { boot: run.boot, seq: run.seq, receivedMs: nowMs },
  };
}

function stepRun(policy: Policy, before: CheckState, event: Extract<CheckEvent, { type: 'run' }>): Stepped {
  const { run, nowMs } = event;
  if (!policy.check.regions.includes(run.region)) return { state: before, effects: [] };
  const startedAtMs = Math.min(event.startedAtMs, nowMs);
  const late = isLate(before, policy.check, run, startedAtMs, nowMs);
  const region = heard(before.regions[run.region], policy.check, nowMs);
  const state: CheckState = {
    ...before,
    regions: { ...before.regions, [run.region]: region },
    probes: withOrder(before.probes, policy.check, run, nowMs),
  };
  if (late) return settle(policy, state, nowMs);
  if (run.outcome === 'invalid') {
    state.regions[run.region] = { ...region, abstains: true };
    return settle(policy, state, nowMs);
  }
  const failing = failingRegions(state, policy.check, nowMs);
  const vote: Vote = {
    outcome: run.outcome,
    runId: run.id,
    startedAtMs,
    durationMs: run.durationMs,
    failure: run.failure,
  };
  state.regions[run.region] = withVote(region, vote, policy.check);
  return run.outcome === 'pass'
    ? settle(policy, afterPass(policy, state, run, startedAtMs, nowMs), nowMs)
    : settle(policy, afterFail(policy, state, run, startedAtMs, nowMs, failing), nowMs);
}

/** Regions whose failures are not made up for yet. */
function failingRegions(state: CheckState, check: Check, nowMs: number): string[] {
  return Object.entries(state.regions).flatMap(([id, region]) =>
    region.score > 0 && isCurrent(region, check, nowMs) ? [id] : [],
  );
}

function afterPass(
  policy: Policy,
  state: CheckState,
  run: Run,
  startedAtMs: number,
  nowMs: number,
): CheckState {
  const next: CheckState = { ...state, lastGoodAtMs: Math.max(state.lastGoodAtMs ?? 0, startedAtMs) };
  if (state.suspicion) {
    const clear = failingRegions(state, policy.check, nowMs).length === 0;
    const streak = extendStreak(state.suspicion.streak, run.region, 'pass');
    next.suspicion = clear ? undefined : { ...state.suspicion, streak };
  }
  const incident = activeIncident(state);
  if (incident)
    next.incident = {
      ...incident,
      cleanSinceMs: incident.cleanSinceMs ?? startedAtMs,
      successes: { ...incident.successes, [run.region]: (incident.successes[run.region] ?? 0) + 1 },
    };
  return next;
}

/** `failingBefore`: the regions that were failing already. */
function afterFail(
  policy: Policy,
  state: CheckState,
  run: Run,
  startedAtMs: number,
  nowMs: number,
  failingBefore: readonly string[],
): CheckState {
  const failure = run.failure;
  if (!failure) return state;
  const cause: Cause = { failure, runId: run.id, region: run.region, screenshot: run.screenshot };
  const incident = activeIncident(state);
  if (incident)
    return {
      ...state,
      incident: {
        ...incident,
        status: 'open',
        cleanSinceMs: undefined,
        recoveredAtMs: undefined,
        successes: {},
      },
    };
  const ledger: Ledger = {
    firstFailedStartMs: startedAtMs,
    runEndMs: Math.min(nowMs, startedAtMs + Math.round(run.durationMs)),
    receivedMs: nowMs,
  };
  const suspicion = state.suspicion;
  const goesOn =
    suspicion && startedAtMs < voteExpiresAtMs({ startedAtMs: suspicion.lastFailedStartMs }, policy.check);
  if (!goesOn) {
    const streak = { count: 1, regions: [run.region] };
    return {
      ...state,
      suspicion: {
        streak,
        streakLedger: ledger,
        ledger,
        cause,
        lastFailedStartMs: startedAtMs,
        burstUntilMs: 0,
        askedAtMs: 0,
      },
    };
  }
  // One bad region alone never pages, so what begins when a second one fails has not begun with it.
  const isBeginning =
    isBurstOver(suspicion, nowMs) && failingBefore.length <= 1 && !failingBefore.includes(run.region);
  return {
    ...state,
    suspicion: {
      ...suspicion,
      streak: extendStreak(suspicion.streak, run.region, 'fail'),
      streakLedger: suspicion.streak.count === 0 ? ledger : suspicion.streakLedger,
      ledger: isBeginning ? ledger : suspicion.ledger,
      cause,
      lastFailedStartMs: Math.max(suspicion.lastFailedStartMs, startedAtMs),
    },
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
function settle(policy: Policy, before: CheckState, nowMs: number): Stepped {
  const incident = activeIncident(before);
  if (incident) return settleIncident(policy, before, incident, nowMs);
  const suspicion = before.suspicion;
  if (!suspicion) return { state: before, effects: [] };
  const rule = pagingRule(before.regions, suspicion.streak, policy.check, nowMs);
  return rule ? open(policy, before, suspicion, rule, nowMs) : confirm(policy, before, suspicion, nowMs);
}

function open(policy: Policy, before: CheckState, suspicion: Suspicion, rule: Rule, nowMs: number): Stepped {
  const incident: Incident = {
    seq: before.lastSeq + 1,
    status: 'open',
    rule,
    ledger: {
      ...(rule === 'unanimous' ? suspicion.streakLedger : suspicion.ledger),
      burstAskedMs: suspicion.ledger.burstAskedMs,
      decidedMs: nowMs,
    },
    cause: suspicion.cause,
    lastGoodAtMs: before.lastGoodAtMs,
    successes: {},
  };
  const state: CheckState = { ...before, lastSeq: incident.seq, incident, suspicion: undefined };
  return { state, effects: [{ type: 'page', page: pageFor('trigger', policy, state, incident, nowMs) }] };
}

/**
 * Starts a burst, asks again while it lasts, and starts another only on new evidence: one region that keeps failing
 * alone must not make all of them hammer the target for ever.
 */
function confirm(policy: Policy, state: CheckState, suspicion: Suspicion, nowMs: number): Stepped {
  const isNew = suspicion.burstUntilMs === 0;
  const isOver = isBurstOver(suspicion, nowMs);
  if (isOver) {
    const failing = Object.values(state.regions).filter(
      (region) => region.vote?.outcome === 'fail' && isCurrent(region, policy.check, nowMs),
    );
    if (failing.length < 2) return { state, effects: [] };
  }
  // Asked in the future: the clock has been set back.
  const wasJustAsked = nowMs >= suspicion.askedAtMs && nowMs < suspicion.askedAtMs + BURST_ASK_INTERVAL_MS;
  if (!isNew && wasJustAsked) return { state, effects: [] };
  const next: Suspicion = {
    ...suspicion,
    burstUntilMs: Math.min(nowMs + BURST_MAX_MS, isNew || isOver ? Infinity : suspicion.burstUntilMs),
    askedAtMs: nowMs,
    ledger: { ...suspicion.ledger, burstAskedMs: suspicion.ledger.burstAskedMs ?? nowMs },
  };
  return { state: { ...state, suspicion: next }, effects: [{ type: 'burst' }] };
}

function isBurstOver(suspicion: Suspicion, nowMs: number): boolean {
  return suspicion.burstUntilMs !== 0 && nowMs >= suspicion.burstUntilMs;
}

function settleIncident(policy: Policy, before: CheckState, incident: Incident, nowMs: number): Stepped {
  const { cleanSinceMs } = incident;
  if (cleanSinceMs === undefined) return { state: before, effects: [] };
  const { clearAfterMs, resolveAfterMs } = policy.config.paging;
  const quorum = quorumOf(before.regions, policy.check, nowMs);
  const proven =
    quorum.length > 0 && quorum.every((id) => (incident.successes[id] ?? 0) >= RECOVERY_SUCCESSES);
  const cleanMs = nowMs - cleanSinceMs;
  const recovered = incident.status === 'recovered' || (proven && cleanMs >= clearAfterMs);
  if (!recovered) return { state: before, effects: [] };
  const now: Incident = { ...incident, status: 'recovered', recoveredAtMs: incident.recoveredAtMs ?? nowMs };
  if (!proven || cleanMs < resolveAfterMs) return { state: { ...before, incident: now }, effects: [] };
  const resolved: Incident = { ...now, status: 'resolved', resolvedAtMs: nowMs };
  return {
    state: { ...before, incident: resolved },
    effects: [{ type: 'page', page: pageFor('resolve', policy, before, resolved, nowMs) }],
  };
}

function pageFor(
  event: Page['event'],
  policy: Policy,
  state: CheckState,
  incident: Incident,
  nowMs: number,
): Page {
  const subject: PageSubject = {
    seq: incident.seq,
    rule: incident.rule,
    sinceMs: incident.ledger.firstFailedStartMs,
    decidedAtMs: nowMs,
    // The service worked again from the first success, not from the moment we were sure.
    resolvedAtMs: incident.cleanSinceMs,
    failure: incident.cause?.failure,
    runId: incident.cause?.runId,
    screenshot: incident.cause?.screenshot ?? false,
    lastGoodAtMs: incident.lastGoodAtMs,
  };
  return pageOf(event, policy.config, policy.check, state.regions, subject, (region) =>
    isLive(region, policy.check, nowMs),
  );
}

function stampSent(state: CheckState, seq: number, nowMs: number): CheckState {
  return withLedger(state, seq, (ledger) => ({ ...ledger, sentMs: ledger.sentMs ?? nowMs }));
}

function stampAccepted(state: CheckState, event: Extract<CheckEvent, { type: 'accepted' }>): CheckState {
  return withLedger(state, event.seq, (ledger) =>
    ledger.acceptedMs === undefined
      ? { ...ledger, acceptedMs: event.nowMs, acceptedBy: event.channel, providerId: event.providerId }
      : ledger,
  );
}

function withLedger(state: CheckState, seq: number, change: (ledger: Ledger) => Ledger): CheckState {
  if (state.incident?.seq !== seq) return state;
  return { ...state, incident: { ...state.incident, ledger: change(state.incident.ledger) } };
}

function withoutRemovedRegions(policy: Policy, state: CheckState): CheckState {
  const known = (id: string) => policy.check.regions.includes(id);
  if (Object.keys(state.regions).every(known)) return state;
  return { ...state, regions: Object.fromEntries(Object.entries(state.regions).filter(([id]) => known(id))) };
}
