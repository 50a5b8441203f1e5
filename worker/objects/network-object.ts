import { DurableObject } from 'cloudflare:workers';
import { overdueDrills, type Drill } from '#core/network/drill.ts';
import {
  initialNetworkState,
  networkWakeMs,
  nextLookMs,
  pagedOf,
  type NetworkEffect,
  type NetworkEvent,
  type NetworkState,
  type NetworkSubject,
} from '#core/network/network.ts';
import type { Delivery } from '#core/delivery.ts';
import { isSeen, neededRegions } from '#core/network/sight.ts';
import type { NetworkView } from '#core/view.ts';
import { hasEvidence } from '#core/network/watchdog.ts';
import { audit } from '../audit.ts';
import type { HubBindings } from '../bindings.ts';
import { log, logError } from '../log.ts';
import { config as hubConfig, networkPolicy } from '../settings.ts';
import { NetworkStore } from '../store/network-store.ts';
import { AlarmClock } from './alarm-clock.ts';
import { tickChecks, tickServices } from './ticks.ts';
import { askLiveness } from './liveness.ts';
import { NetworkDraft, networkOutboxPolicy } from './network-draft.ts';
import type { DrillStarted, DrillWish, NetworkRpc } from './network-rpc.ts';
import { Outbox, type SendingEvent } from './outbox.ts';
import type { Acknowledged } from './rpc.ts';
import { WatchdogPings } from './watchdog-pings.ts';

/** Incidents in a view: what one scrolls to. */
const VIEW_INCIDENTS_MAX = 20;
/** The alarm only backs the timer up, and each one set is a row written. */
const ALARM_INTERVAL_MS = 60_000;
/** Heartbeats bring the outboxes of checks and services on, too: this often, as results and timers do it far sooner. */
const OTHERS_TICK_INTERVAL_MS = 30_000;
/** After an error of our own everything waits this long: it must not spin. */
const ERROR_PAUSE_MS = 5_000;

const { config } = networkPolicy;
const { regions: allRegions } = hubConfig;

/**
 * All regions together: whether enough of them are live to see anything, drills, and the watchdogs outside. A thin shell
 * round core's `networkStep`; there is one, named `NETWORK_NAME`. It asks the regions' objects every ten seconds by a
 * timer, with its alarm and the cron behind it.
 *
 * What is in memory is what is stored: it is replaced only after a transaction has gone through.
 */
export class NetworkObject extends DurableObject<HubBindings> implements NetworkRpc {
  readonly #store: NetworkStore;
  readonly #clock: AlarmClock;
  readonly #outboxes: Record<NetworkSubject, Outbox>;
  readonly #pings: WatchdogPings;
  #state: NetworkState;
  #othersTickedMs = 0;
  /** The regions are being asked: until they have answered they are not asked again. */
  #isLooking = false;

  constructor(ctx: DurableObjectState, env: HubBindings) {
    super(ctx, env);
    this.#store = new NetworkStore(ctx.storage.sql);
    this.#state = this.#store.state() ?? initialNetworkState(Date.now());
    this.#clock = new AlarmClock(ctx.storage, () => this.#background('timer', this.#wake()));
    this.#pings = new WatchdogPings(env);
    this.#outboxes = {
      network: this.#outboxOf('network', this.#state.lastSeq),
      drill: this.#outboxOf('drill', this.#state.lastDrill),
    };
    void ctx.blockConcurrencyWhile(async () => {
      await this.#clock.load();
      this.#rearm();
    });
  }

  async tick(): Promise<void> {
    await this.#wake();
  }

  overview(): NetworkView {
    const nowMs = Date.now();
    const { regions, watchdogs, drill, drilledAtMs, startedAtMs, lookedAtMs } = this.#state;
    const overdue = overdueDrills(
      networkPolicy.routes.page,
      drilledAtMs,
      startedAtMs,
      config.paging.drillEveryMs,
      nowMs,
    );
    return {
      regions: config.regions.map(({ id, title }) => {
        const region = regions[id] ?? { knownSinceMs: nowMs, answers: false };
        const { lastHeardMs, evaluatedMs, answers } = region;
        return { region: id, title, live: isSeen(region, nowMs), lastHeardMs, evaluatedMs, answers };
      }),
      needed: neededRegions(config.regions.length),
      incidents: this.#store.latestIncidents(VIEW_INCIDENTS_MAX),
      deliveries: [...this.#outboxes.network.all(), ...this.#outboxes.drill.all()],
      drill,
      drillOverdue: overdue,
      watchdogs: config.watchdogs.map(({ everyMs }, index) => ({
        name: watchdogName(index),
        everyMs,
        succeededMs: watchdogs[index]?.succeededMs,
        failure: watchdogs[index]?.failure,
      })),
      hasEvidence: hasEvidence(config, regions, nowMs),
      startedAtMs,
      lookedAtMs,
      nowMs,
    };
  }

  startDrill({ by, channels, waitMs }: DrillWish): DrillStarted {
    const { drill } = this.#state;
    if (drill && drill.endedMs === undefined) return { isNew: false, drill };
    const nowMs = Date.now();
    const effects = this.#commit((draft) => draft.apply({ type: 'drill', nowMs, by, channels, waitMs }));
    const begun = this.#state.drill;
    if (!begun) throw new Error('the drill was not stored');
    log('drill-started', { drill: begun.n, by, channels: channels.join(' ') });
    this.#act(effects, nowMs);
    return { isNew: true, drill: begun };
  }

  drill(n: number): Drill | undefined {
    return this.#state.drill?.n === n ? this.#state.drill : this.#store.drill(n);
  }

  acknowledge(subject: NetworkSubject, seq: number, by: string, via: string): Acknowledged {
    const nowMs = Date.now();
    const known = pagedOf(this.#state, subject).find((paged) => paged.seq === seq);
    if (!known || known.isOver || known.acknowledged)
      return { state: !known ? 'unknown' : known.isOver ? 'over' : 'already', by: known?.acknowledged?.by };
    const effects = this.#commit((draft) =>
      draft.apply({ type: 'acknowledged', nowMs, subject, seq, by, via }),
    );
    log('page-acknowledged', { check: subject, seq, by, via });
    this.#act(effects, nowMs);
    return { state: 'acknowledged', by };
  }

  override async alarm(): Promise<void> {
    this.#clock.fired();
    await this.#wake();
  }

  /** Everything that time asks for. Never throws: an alarm that has thrown six times is never called again. */
  async #wake(): Promise<void> {
    let pauseMs = 0;
    try {
      const event = (await this.#look()) ?? { type: 'tick', nowMs: Date.now() };
      this.#ping(this.#commit((draft) => draft.apply(event)));
      this.#rearm();
      await this.#drain(Date.now());
    } catch (error) {
      logError('network-wake-failed', error);
      pauseMs = ERROR_PAUSE_MS;
    }
    this.#rearm(pauseMs);
  }

  /** What the regions' objects say, when it is time to ask them and nobody does. */
  async #look(): Promise<NetworkEvent | undefined> {
    if (this.#isLooking || nextLookMs(networkPolicy, this.#state, Date.now()) > Date.now()) return undefined;
    this.#isLooking = true;
    try {
      // Regions of the hub's own, too, which may not count: being asked, they wake an asker that has lost its alarm.
      const ids = allRegions.map(({ id }) => id);
      const answers = await askLiveness(this.env.REGIONS, ids);
      this.#tickOthers(Date.now());
      return { type: 'looked', nowMs: Date.now(), answers };
    } finally {
      this.#isLooking = false;
    }
  }

  #tickOthers(nowMs: number): void {
    if (Math.abs(nowMs - this.#othersTickedMs) < OTHERS_TICK_INTERVAL_MS) return;
    this.#othersTickedMs = nowMs;
    this.#background('checks', tickChecks(this.env.CHECKS));
    this.#background('services', tickServices(this.env.DEPLOYS));
  }

  /** Follows the effects of stored events, without making whoever told them wait. */
  #act(effects: readonly NetworkEffect[], nowMs: number): void {
    this.#ping(effects);
    this.#background('outbox', this.#drain(nowMs));
    this.#rearm();
  }

  async #drain(nowMs: number): Promise<void> {
    await Promise.all(Object.values(this.#outboxes).map((outbox) => outbox.drain(nowMs)));
  }

  #ping(effects: readonly NetworkEffect[]): void {
    for (const effect of effects)
      if (effect.type === 'ping' && !this.#pings.isUnderWay(effect.watchdog))
        this.#background('watchdog', this.#pingOne(effect.watchdog));
  }

  async #pingOne(index: number): Promise<void> {
    const watchdog = config.watchdogs[index];
    if (!watchdog) return;
    const error = await this.#pings.ping(index, watchdog);
    const before = this.#state.watchdogs[index]?.failure;
    const nowMs = Date.now();
    this.#commit((draft) => draft.apply({ type: 'pinged', nowMs, watchdog: index, error }));
    const fields = { watchdog: watchdogName(index) };
    if (error !== undefined && error !== before?.error) log('watchdog-not-pinged', { ...fields, error });
    if (error === undefined && before) log('watchdog-back', fields);
    this.#rearm();
  }

  /**
   * Makes a change in one transaction: the state as its events leave it, and with it pages, incident and drill. Memory
   * follows only once the transaction has gone through. Throws when it has not.
   */
  #commit(change: (draft: NetworkDraft) => void): NetworkEffect[] {
    const before = this.#state;
    const { network, drill } = this.#outboxes;
    const draft = new NetworkDraft(networkPolicy, before, { network: network.byId, drill: drill.byId });
    change(draft);
    draft.settle(Date.now());
    const { state, deliveries } = draft;
    this.ctx.storage.transactionSync(() => {
      this.#store.putState(state);
      for (const delivery of deliveries.network.values()) this.#store.putDelivery('network', delivery);
      for (const delivery of deliveries.drill.values()) this.#store.putDelivery('drill', delivery);
      if (state.incident && state.incident !== before.incident) this.#store.putIncident(state.incident);
      if (state.drill && state.drill !== before.drill) this.#store.putDrill(state.drill);
    });
    this.#state = state;
    network.add(deliveries.network.values(), state.lastSeq);
    drill.add(deliveries.drill.values(), state.lastDrill);
    report(before, state);
    return draft.effects;
  }

  #outboxOf(subject: NetworkSubject, seq: number): Outbox {
    return new Outbox(this.#store.openDeliveries(subject, seq), this.env, {
      policy: () => networkOutboxPolicy(networkPolicy, this.#state, subject),
      paged: () => pagedOf(this.#state, subject),
      save: (delivery, event) => {
        const told = deliveryEvent(subject, delivery, event, Date.now());
        this.#ping(
          this.#commit((draft) => {
            draft.put(subject, delivery);
            if (told) draft.apply(told);
          }),
        );
      },
      acknowledged: (seq, by, via) => {
        if (this.acknowledge(subject, seq, by, via).state === 'acknowledged')
          audit(this.env.DB, this.ctx, { action: 'acknowledge', who: by, via, check: subject, seq });
      },
      ended: () => this.#rearm(),
    });
  }

  #rearm(pauseMs = 0): void {
    const nowMs = Date.now();
    const backupMs = nowMs + ALARM_INTERVAL_MS;
    const sendMs = Math.min(
      ...Object.values(this.#outboxes).map((outbox) => outbox.wakeMs(nowMs) ?? Number.POSITIVE_INFINITY),
    );
    // While the regions are being asked, their answers will arm it.
    const stateMs = this.#isLooking ? backupMs : networkWakeMs(networkPolicy, this.#state, nowMs);
    const { drill } = this.#state;
    const drillMs = drill && drill.endedMs === undefined ? drill.endsAtMs : backupMs;
    const notBefore = (ms: number): number => Math.max(ms, nowMs + pauseMs);
    const setting = this.#clock.arm(
      notBefore(Math.min(backupMs, sendMs, drillMs)),
      notBefore(Math.min(sendMs, stateMs, drillMs)),
      nowMs,
    );
    if (setting) this.#background('alarm', setting);
  }

  #background(what: string, work: Promise<void>): void {
    this.ctx.waitUntil(work.catch((error: unknown) => logError('background-failed', error, { what })));
  }
}

/** What the outbox has just stored of a page, as the state is told of it. */
function deliveryEvent(
  subject: NetworkSubject,
  delivery: Delivery,
  event: SendingEvent | undefined,
  nowMs: number,
): NetworkEvent | undefined {
  const { seq, channel, state, lastError } = delivery;
  if (event?.type === 'sent') return { type: 'sent', nowMs: event.nowMs, subject, seq, channel };
  if (event)
    return { type: 'accepted', nowMs: event.nowMs, subject, seq, channel, providerId: event.providerId };
  // Of a page that was accepted before, only its repetition has failed.
  const isFailed = delivery.event === 'trigger' && (state === 'pending' || state === 'dead');
  if (!isFailed) return undefined;
  return {
    type: 'failed',
    nowMs,
    subject,
    seq,
    channel,
    error: lastError ?? 'no reason given',
    refused: state === 'dead',
  };
}

function report(before: NetworkState, { incident, drill }: NetworkState): void {
  if (incident && incident.status !== before.incident?.status)
    log(incident.status === 'open' ? 'blind' : 'not-blind', { seq: incident.seq, held: incident.held });
  if (drill?.endedMs !== undefined && before.drill?.endedMs === undefined)
    log('drill-ended', {
      drill: drill.n,
      accepted: drill.channels.filter(({ acceptedMs }) => acceptedMs !== undefined).length,
      channels: drill.channels.length,
    });
}

/** As people call it: the first one of the configuration is `watchdog 1`. */
function watchdogName(index: number): string {
  return `watchdog ${index + 1}`;
}
