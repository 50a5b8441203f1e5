import type { Config } from '../config.ts';
import { isDrillDone, newDrill, withDrillChannel, type Drill } from './drill.ts';
import { newLedger, stampAccepted, stampAcknowledged, stampSent, type Ledger } from '../ledger.ts';
import { windowAt, type MaintenanceWindow } from '../maintenance.ts';
import { blindPage, drillPage } from './network-page.ts';
import type { NetworkSubject } from './network-subject.ts';
import type { Paged, Page } from '../page.ts';
import { routesOf, type ChannelTraits, type Routes } from '../policy.ts';
import { afterLook, sightOf, type RegionAnswer, type SeenRegion } from './sight.ts';
import { MS_PER_MINUTE } from '../units.ts';
import { hasEvidence, pingDueMs, type WatchdogState } from './watchdog.ts';

export { isNetworkSubject, type NetworkSubject } from './network-subject.ts';

/** Too few regions were live. */
export type NetworkIncident = {
  seq: number;
  status: 'open' | 'resolved';
  /** `firstFailedStart`: the last moment by which enough regions were heard from, or when the hub began to wait. */
  ledger: Ledger;
  /** Whether enough regions had ever been heard from before. */
  hadSeen: boolean;
  /** A maintenance window of all checks holds its page. */
  held?: boolean | undefined;
  acknowledged?: { atMs: number; by: string; via: string } | undefined;
  /** Since when enough regions were live again; of one that is over. */
  backSinceMs?: number | undefined;
  resolvedAtMs?: number | undefined;
};

/** All that is remembered of the regions together. Plain JSON; owned by the network's object. Times are epoch ms. */
export type NetworkState = {
  /** First start of the hub. */
  startedAtMs: number;
  /** Since when the regions are being looked at without a long break. */
  watchingSinceMs: number;
  lookedAtMs?: number | undefined;
  regions: Record<string, SeenRegion>;
  lastSeq: number;
  /** The latest incident, over or not. */
  incident?: NetworkIncident | undefined;
  lastDrill: number;
  /** The latest drill, over or not. */
  drill?: Drill | undefined;
  /** When each channel last accepted a drill. */
  drilledAtMs: Record<string, number>;
  /** In the order of the configuration. */
  watchdogs: WatchdogState[];
};

/** What happens to the regions together. `nowMs` is always the hub's clock, epoch ms. */
export type NetworkEvent =
  /** Every region's object was asked. One that has not answered in time is absent. */
  | { type: 'looked'; nowMs: number; answers: Record<string, RegionAnswer> }
  | { type: 'tick'; nowMs: number }
  /** The first attempt to send a page to a channel began, failed, or was accepted. */
  | { type: 'sent'; nowMs: number; subject: NetworkSubject; seq: number; channel: string }
  | {
      type: 'failed';
      nowMs: number;
      subject: NetworkSubject;
      seq: number;
      channel: string;
      error: string;
      refused: boolean;
    }
  | {
      type: 'accepted';
      nowMs: number;
      subject: NetworkSubject;
      seq: number;
      channel: string;
      providerId?: string | undefined;
    }
  | { type: 'acknowledged'; nowMs: number; subject: NetworkSubject; seq: number; by: string; via: string }
  /** Somebody wants a drill. `waitMs`: how long somebody has to acknowledge it, 0 when nobody need. */
  | { type: 'drill'; nowMs: number; by: string; channels: string[]; waitMs: number }
  /** A ping of a watchdog has ended. */
  | { type: 'pinged'; nowMs: number; watchdog: number; error?: string | undefined };

/** What the shell must do after it has stored the state. */
export type NetworkEffect =
  /** Put this page into the outbox of the channels it is for, in the same transaction. */
  | { type: 'page'; page: Page }
  /** Ping this watchdog of the configuration. */
  | { type: 'ping'; watchdog: number };

export type NetworkStepped = { state: NetworkState; effects: NetworkEffect[] };

/** Everything the decisions about the regions together must know of the configuration. */
export type NetworkPolicy = {
  config: Pick<
    Config,
    'publicUrl' | 'regions' | 'checks' | 'paging' | 'maintenance' | 'platform' | 'watchdogs'
  >;
  routes: Routes;
};

/** Regions are looked at this often: a heartbeat's interval. */
export const LOOK_INTERVAL_MS = 10_000;
/** Enough regions live for this long: the incident is over. */
const BACK_FOR_MS = MS_PER_MINUTE;
/**
 * Without a look for this long the hub was away, and what its probes need to come back must not count as silence: after a
 * shorter absence they are back within eight seconds, long before they are called silent.
 */
const AWAY_AFTER_MS = 1.5 * LOOK_INTERVAL_MS;
/** A break in the watch is not taken for one again within this: a hub that only ever looks now and then must see, too. */
const WATCH_AGAIN_MS = 2 * MS_PER_MINUTE;

/** A hub that has just been started for the first time. */
export function initialNetworkState(nowMs: number): NetworkState {
  return {
    startedAtMs: nowMs,
    watchingSinceMs: nowMs,
    regions: {},
    lastSeq: 0,
    lastDrill: 0,
    drilledAtMs: {},
    watchdogs: [],
  };
}

/** The policy: its pages go to the page channels of all checks, for all of them have lost their eyes. */
export function networkPolicyOf(
  config: NetworkPolicy['config'] & Pick<Config, 'channels'>,
  traits: Record<string, ChannelTraits>,
): NetworkPolicy {
  const ofChecks = [...new Set(config.checks.flatMap(({ channels }) => channels))];
  const channels = ofChecks.length > 0 ? ofChecks : Object.keys(config.channels);
  const withProbes = config.regions.filter(({ worker }) => worker === undefined);
  // The hub's own askers are live whenever the hub is: they must not hide that all probes are gone.
  const regions = withProbes.length > 0 ? withProbes : config.regions;
  return { config: { ...config, regions }, routes: routesOf(config, { channels }, traits) };
}

/** The routes of a drill: only the channels that are tested; nobody else is woken for it. */
export function drillRoutes({ routes }: NetworkPolicy, drill: Drill | undefined): Routes {
  const channels = drill?.channels.map(({ channel }) => channel) ?? [];
  return { ...routes, page: channels, fallback: [], escalation: [] };
}

/** The incident that is not over, if any. */
export function blindIncident({ incident }: NetworkState): NetworkIncident | undefined {
  return incident?.status === 'open' ? incident : undefined;
}

/** What the outboxes must know of the latest incident, or of the latest drill. */
export function pagedOf({ incident, drill }: NetworkState, subject: NetworkSubject): Paged[] {
  if (subject === 'drill')
    return drill
      ? [{ seq: drill.n, isOver: drill.endedMs !== undefined, acknowledged: drill.acknowledged }]
      : [];
  if (!incident) return [];
  const { seq, status, acknowledged } = incident;
  return [{ seq, isOver: status === 'resolved', acknowledged }];
}

/** Advances the network by one event. Pure: no clock, no chance, no I/O; the input state is not changed. */
export function networkStep(
  policy: NetworkPolicy,
  before: NetworkState,
  event: NetworkEvent,
): NetworkStepped {
  const { nowMs } = event;
  const state = withConfigured(policy, before, nowMs);
  switch (event.type) {
    case 'looked':
      return settle(policy, looked(state, event.answers, nowMs), nowMs, true);
    case 'tick':
      return settle(policy, state, nowMs, false);
    case 'drill':
      return stepDrill(policy, state, event);
    case 'sent':
    case 'failed':
    case 'accepted':
    case 'acknowledged':
      return settle(policy, delivered(state, event), nowMs, false);
    case 'pinged':
      return { state: pinged(state, event), effects: [] };
  }
}

/** When the regions must be looked at next, epoch ms: at the latest, and to the moment when something hangs on it. */
export function nextLookMs(policy: NetworkPolicy, state: NetworkState, nowMs: number): number {
  const { lookedAtMs } = state;
  // Looked in the future: the clock has been set back.
  if (lookedAtMs === undefined || lookedAtMs > nowMs) return nowMs;
  const sight = sightOf(state.regions, state.watchingSinceMs, nowMs);
  const incident = blindIncident(state);
  const moments = [
    // Just past it, when a region heard from in the last moment would still count.
    sight.lostAtMs + 1,
    sight.blindAtMs,
    incident && sight.backSinceMs !== undefined ? sight.backSinceMs + BACK_FOR_MS : undefined,
    incident?.held ? windowOf(policy, lookedAtMs)?.untilMs : undefined,
  ].filter((ms) => ms !== undefined && ms > lookedAtMs) as number[];
  return Math.min(lookedAtMs + LOOK_INTERVAL_MS, ...moments);
}

/** When the state wants a look or a `tick` by itself, epoch ms. */
export function networkWakeMs(policy: NetworkPolicy, state: NetworkState, nowMs: number): number {
  const { drill } = state;
  return Math.min(
    nextLookMs(policy, state, nowMs),
    ...(drill && drill.endedMs === undefined ? [drill.endsAtMs] : []),
    ...(hasEvidence(policy.config, state.regions, nowMs)
      ? policy.config.watchdogs.map(({ everyMs }, index) => pingDueMs(state.watchdogs[index], everyMs, nowMs))
      : []),
  );
}

function looked(
  state: NetworkState,
  answers: Readonly<Record<string, RegionAnswer>>,
  nowMs: number,
): NetworkState {
  const { lookedAtMs, watchingSinceMs, startedAtMs } = state;
  // Nobody has watched for a while: the hub was away, and so may its probes have been because of it.
  const isAnew =
    lookedAtMs !== undefined &&
    nowMs - lookedAtMs > AWAY_AFTER_MS &&
    (watchingSinceMs === startedAtMs || nowMs - watchingSinceMs > WATCH_AGAIN_MS);
  const regions = Object.entries(state.regions).map(([id, region]) => [
    id,
    afterLook(region, answers[id], isAnew, nowMs),
  ]);
  return {
    ...state,
    lookedAtMs: nowMs,
    watchingSinceMs: isAnew ? nowMs : Math.min(watchingSinceMs, nowMs),
    regions: Object.fromEntries(regions) as NetworkState['regions'],
  };
}

/** Everything that follows from the state and the time. `isFresh`: the regions have just been looked at. */
function settle(
  policy: NetworkPolicy,
  before: NetworkState,
  nowMs: number,
  isFresh: boolean,
): NetworkStepped {
  const sighted = isFresh ? settleSight(policy, before, nowMs) : { state: before, effects: [] };
  const drilled = settleDrill(policy, sighted.state, nowMs);
  const watched = settleWatchdogs(policy, drilled.state, nowMs);
  return { state: watched.state, effects: [...sighted.effects, ...drilled.effects, ...watched.effects] };
}

function settleSight(policy: NetworkPolicy, state: NetworkState, nowMs: number): NetworkStepped {
  const sight = sightOf(state.regions, state.watchingSinceMs, nowMs);
  const incident = blindIncident(state);
  const window = windowOf(policy, nowMs);
  const paged = (event: Page['event'], of: NetworkIncident): NetworkStepped => ({
    state: { ...state, incident: of },
    effects: of.held ? [] : [{ type: 'page', page: blindPage(event, policy, state, of, nowMs) }],
  });
  if (!incident) {
    if (nowMs < sight.blindAtMs) return { state, effects: [] };
    const sinceMs = Math.min(nowMs, sight.lastSeenMs ?? state.startedAtMs);
    const opened: NetworkIncident = {
      seq: state.lastSeq + 1,
      status: 'open',
      ledger: {
        ...newLedger(sinceMs, 0, nowMs),
        decidedMs: nowMs,
        ...(window ? { heldUntilMs: window.untilMs } : {}),
      },
      hadSeen: sight.lastSeenMs !== undefined,
      ...(window ? { held: true } : {}),
    };
    const stepped = paged('trigger', opened);
    return { ...stepped, state: { ...stepped.state, lastSeq: opened.seq } };
  }
  const { backSinceMs } = sight;
  if (backSinceMs !== undefined && nowMs - backSinceMs >= BACK_FOR_MS)
    return paged('resolve', { ...incident, status: 'resolved', backSinceMs, resolvedAtMs: nowMs });
  if (incident.held && !window && backSinceMs === undefined)
    return paged('trigger', {
      ...incident,
      held: false,
      ledger: { ...incident.ledger, decidedMs: nowMs, heldUntilMs: nowMs },
    });
  return { state, effects: [] };
}

function stepDrill(
  policy: NetworkPolicy,
  before: NetworkState,
  { nowMs, by, channels, waitMs }: Extract<NetworkEvent, { type: 'drill' }>,
): NetworkStepped {
  const drill = newDrill(before.lastDrill + 1, by, channels, waitMs, nowMs);
  const state = { ...before, lastDrill: drill.n, drill };
  return { state, effects: [{ type: 'page', page: drillPage('trigger', policy, drill, nowMs) }] };
}

function settleDrill(policy: NetworkPolicy, state: NetworkState, nowMs: number): NetworkStepped {
  const { drill } = state;
  if (!drill || drill.endedMs !== undefined || !isDrillDone(drill, nowMs)) return { state, effects: [] };
  const ended: Drill = { ...drill, endedMs: nowMs };
  const page = drillPage('resolve', policy, ended, nowMs);
  return { state: { ...state, drill: ended }, effects: [{ type: 'page', page }] };
}

function settleWatchdogs(policy: NetworkPolicy, state: NetworkState, nowMs: number): NetworkStepped {
  const { watchdogs } = policy.config;
  if (watchdogs.length === 0 || !hasEvidence(policy.config, state.regions, nowMs))
    return { state, effects: [] };
  const due = watchdogs.flatMap(({ everyMs }, index) =>
    pingDueMs(state.watchdogs[index], everyMs, nowMs) <= nowMs ? [index] : [],
  );
  if (due.length === 0) return { state, effects: [] };
  const marked = watchdogs.map((_watchdog, index) =>
    due.includes(index) ? { ...state.watchdogs[index], attemptedMs: nowMs } : (state.watchdogs[index] ?? {}),
  );
  return {
    state: { ...state, watchdogs: marked },
    effects: due.map((watchdog) => ({ type: 'ping', watchdog })),
  };
}

function pinged(
  state: NetworkState,
  { watchdog, error, nowMs }: Extract<NetworkEvent, { type: 'pinged' }>,
): NetworkState {
  const watchdogs = state.watchdogs.map((known, index) => {
    if (index !== watchdog) return known;
    return error === undefined
      ? { ...known, succeededMs: nowMs, failure: undefined }
      : { ...known, failure: { atMs: nowMs, error } };
  });
  return { ...state, watchdogs };
}

type DeliveryEvent = Extract<NetworkEvent, { subject: NetworkSubject }>;

function delivered(state: NetworkState, event: DeliveryEvent): NetworkState {
  const { incident, drill } = state;
  if (event.subject === 'network')
    return incident?.seq === event.seq ? { ...state, incident: tracked(incident, event) } : state;
  if (drill?.n !== event.seq) return state;
  const next = drilled(drill, event);
  const isTaken = event.type === 'accepted' && next !== drill;
  return {
    ...state,
    drill: next,
    ...(isTaken ? { drilledAtMs: { ...state.drilledAtMs, [event.channel]: event.nowMs } } : {}),
  };
}

function tracked(incident: NetworkIncident, event: DeliveryEvent): NetworkIncident {
  const { ledger } = incident;
  switch (event.type) {
    case 'sent':
      return { ...incident, ledger: stampSent(ledger, event.nowMs) };
    case 'accepted':
      return { ...incident, ledger: stampAccepted(ledger, event) };
    case 'acknowledged': {
      if (incident.acknowledged || incident.status === 'resolved') return incident;
      const { nowMs, by, via } = event;
      return {
        ...incident,
        acknowledged: { atMs: nowMs, by, via },
        ledger: stampAcknowledged(ledger, nowMs, by),
      };
    }
    case 'failed':
      return incident;
  }
}

function drilled(drill: Drill, event: DeliveryEvent): Drill {
  const { nowMs } = event;
  switch (event.type) {
    case 'sent':
      return withDrillChannel(drill, event.channel, (known) => ({ ...known, sentMs: known.sentMs ?? nowMs }));
    case 'failed': {
      const { error, refused } = event;
      return withDrillChannel(drill, event.channel, (known) => ({
        ...known,
        attempts: known.attempts + 1,
        error,
        ...(refused ? { refused } : {}),
      }));
    }
    case 'accepted': {
      const { providerId } = event;
      return withDrillChannel(drill, event.channel, (known) => ({
        ...known,
        attempts: known.attempts + 1,
        acceptedMs: nowMs,
        providerId,
        error: undefined,
      }));
    }
    case 'acknowledged':
      if (drill.acknowledged || drill.endedMs !== undefined) return drill;
      return { ...drill, acknowledged: { atMs: nowMs, by: event.by, via: event.via } };
  }
}

/** The state with the regions of the configuration, and no other. */
function withConfigured({ config }: NetworkPolicy, state: NetworkState, nowMs: number): NetworkState {
  const ids = config.regions.map(({ id }) => id);
  const isSame = ids.length === Object.keys(state.regions).length && ids.every((id) => state.regions[id]);
  if (isSame) return state;
  const regions = ids.map((id): [string, SeenRegion] => [
    id,
    state.regions[id] ?? { knownSinceMs: nowMs, answers: false },
  ]);
  return { ...state, regions: Object.fromEntries(regions) };
}

/** The window that covers every check now, if there is one. */
function windowOf({ config }: NetworkPolicy, nowMs: number): MaintenanceWindow | undefined {
  const ofAll = config.maintenance.filter(({ checks }) => checks === undefined);
  return windowAt(ofAll, 'network', nowMs);
}
