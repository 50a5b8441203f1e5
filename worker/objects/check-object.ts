import { DurableObject } from 'cloudflare:workers';
import {
  briefing,
  initialState,
  isBursting,
  isLate,
  isNewer,
  pagedOf,
  type CheckState,
} from '#core/check-state.ts';
import type { CheckStanding } from '#core/deploy/event.ts';
import type { DeployMark } from '#core/deploy/telling/mark.ts';
import { standingOf } from '#core/deploy/standing.ts';
import { accepted } from '#core/dns/memory/baseline.ts';
import type { DnsMemory } from '#core/dns/memory/memory.ts';
import { toldBaseline, type ToldBaseline } from '#core/dns/memory/told-baseline.ts';
import type { Incident } from '#core/incident.ts';
import type { LeadAnswer } from '#core/group/cover.ts';
import { surplusNotices } from '#core/outbox.ts';
import { NO_ROUTES, outboxPolicyOf, type OutboxPolicy, type Policy } from '#core/policy.ts';
import type { GroupedCheck } from '#core/page.ts';
import { stateWakeMs } from '#core/step.ts';
import type { CheckEffect } from '#core/check-event.ts';
import type { Run } from '#core/run.ts';
import type { CheckView, IncidentView, RunLine, StoredRun } from '#core/view.ts';
import { earliest } from '#core/units.ts';
import { verdictOf } from '#core/verdict.ts';
import type { BrokeGlass } from '#core/wire.ts';
import { audit } from '../audit.ts';
import type { HubBindings } from '../bindings.ts';
import { log, logError } from '../log.ts';
import { checkOf, policyOf } from '../settings.ts';
import { CheckStore } from '../store/check-store.ts';
import { AlarmClock } from './alarm-clock.ts';
import { askRegions } from './burst.ts';
import { Draft } from './draft.ts';
import { HistoryCopier } from './history-copier.ts';
import { objectName } from './object-name.ts';
import { Outbox } from './outbox.ts';
import { HELD_MS, PageGroup } from './page-group.ts';
import type { Acknowledged, CheckRpc, Entry, Ingested } from './rpc.ts';

/** Runs of each region in a view, and incidents: a phone's screen and what one scrolls to. */
const VIEW_RUNS_MAX = 20;
const VIEW_INCIDENTS_MAX = 20;
/** After an error of our own the alarm waits this long: it must not spin. */
const ERROR_PAUSE_MS = 5_000;

/**
 * One check: its state, runs and incidents. A thin shell round core's `step`: every event is one transaction of run,
 * state and outbox; pages, bursts and history follow outside of it. Named by the check's id.
 *
 * What is in memory is what is stored: it is replaced only after a transaction has gone through. `fetch` and RPC open
 * the input gate, so everything after an await looks at the state anew.
 */
export class CheckObject extends DurableObject<HubBindings> implements CheckRpc {
  readonly #id: string;
  readonly #store: CheckStore;
  readonly #clock: AlarmClock;
  readonly #outbox: Outbox;
  readonly #group: PageGroup;
  readonly #history: HistoryCopier;
  #state: CheckState;
  /** Of a DNS check. The stored one may lack what was only seen again since. */
  #memory: DnsMemory | undefined;
  /** Incidents have been pruned up to the one with this `seq`. */
  #prunedAtSeq = 0;

  constructor(ctx: DurableObjectState, env: HubBindings) {
    super(ctx, env);
    this.#id = objectName(ctx);
    this.#store = new CheckStore(ctx.storage.sql);
    this.#state = this.#store.state() ?? initialState();
    this.#memory = this.#store.dnsMemory();
    this.#clock = new AlarmClock(ctx.storage, () => this.#background('timer', this.#wake()));
    this.#history = new HistoryCopier(this.#id, this.#store, env.DB);
    const known = [this.#state.lastSeq, ...pagedOf(this.#state).map(({ seq }) => seq)];
    this.#outbox = new Outbox(this.#store.openDeliveries(known), env, {
      policy: () => this.#outboxPolicy(),
      paged: () => pagedOf(this.#state),
      save: (delivery, event) => {
        this.#commit((draft) => {
          draft.put(delivery);
          if (event) draft.apply(event);
        });
      },
      acknowledged: (seq, by, via) => {
        if (this.acknowledge(seq, by, via).state === 'acknowledged')
          audit(env.DB, ctx, { action: 'acknowledge', who: by, via, check: this.#id, seq });
      },
      ended: () => this.#rearm(),
    });
    this.#group = new PageGroup(env, {
      check: this.#id,
      policy: () => this.#policy(),
      state: () => this.#state,
      triggers: (seq) => this.#outbox.triggersOf(seq),
      change: (change) => this.#act(this.#commit(change), Date.now()),
    });
    void ctx.blockConcurrencyWhile(async () => {
      await this.#clock.load();
      if (this.#hasUncopied()) this.#history.note(Date.now());
      this.#rearm();
    });
  }

  ingest(entries: Entry[]): Ingested {
    const nowMs = Date.now();
    const { results, effects } = this.#storeRuns(entries, nowMs);
    if (results.some((result) => !result.duplicate)) this.#history.note(nowMs);
    this.#act(effects, nowMs);
    const policy = this.#policy();
    return {
      results,
      bursting: isBursting(this.#state, nowMs),
      ...(policy ? { briefing: briefing(policy, this.#state, nowMs) } : {}),
      nowMs,
    };
  }

  overdue(region: string, ageMs: number): void {
    const nowMs = Date.now();
    const startedAtMs = Math.max(0, Math.round(nowMs - ageMs));
    this.#act(
      this.#commit((draft) => draft.apply({ type: 'overdue', nowMs, startedAtMs, region })),
      nowMs,
    );
  }

  brokeGlass(glass: BrokeGlass): void {
    const nowMs = Date.now();
    const at = (ageMs: number): number => Math.max(0, Math.round(nowMs - ageMs));
    const { seq, region, channel, providerId, receipt, failure } = glass;
    const effects = this.#commit((draft) =>
      draft.apply({
        type: 'broke-glass',
        nowMs,
        seq,
        region,
        firstFailedStartMs: at(glass.firstFailedAgeMs),
        decidedMs: at(glass.decidedAgeMs),
        acceptedMs: at(glass.acceptedAgeMs),
        channel,
        providerId,
        receipt,
        failure,
      }),
    );
    log('broke-glass', { check: this.#id, seq, region, channel });
    this.#act(effects, nowMs);
  }

  acknowledge(seq: number, by: string, via: string): Acknowledged {
    const nowMs = Date.now();
    const known = pagedOf(this.#state).find((paged) => paged.seq === seq);
    if (!known || known.isOver || known.acknowledged)
      return { state: !known ? 'unknown' : known.isOver ? 'over' : 'already', by: known?.acknowledged?.by };
    const effects = this.#commit((draft) => draft.apply({ type: 'acknowledged', nowMs, seq, by, via }));
    log('page-acknowledged', { check: this.#id, seq, by, via });
    this.#act(effects, nowMs);
    this.#background('group-acknowledged', this.#group.acknowledged(seq, by, via));
    return { state: 'acknowledged', by };
  }

  speakFor(seq: number, member: GroupedCheck): LeadAnswer {
    return this.#group.speakFor(seq, member);
  }

  left(seq: number, member: { check: string; seq: number }): void {
    this.#group.left(seq, member);
  }

  isSpokenFor(seq: number, lead: string): boolean {
    return this.#group.isSpokenFor(seq, lead);
  }

  deployed(mark: DeployMark): void {
    const nowMs = Date.now();
    this.#act(
      this.#commit((draft) => draft.apply({ type: 'deployed', nowMs, mark })),
      nowMs,
    );
  }

  standing(): CheckStanding {
    const policy = this.#policy();
    return policy ? standingOf(policy, this.#state, Date.now()) : { check: this.#id };
  }

  async tick(): Promise<void> {
    await this.#wake();
  }

  view(): CheckView {
    const nowMs = Date.now();
    const check = checkOf(this.#id);
    const regions = check?.regions ?? Object.keys(this.#state.regions);
    return {
      check: this.#id,
      state: this.#state,
      verdict: check ? verdictOf(this.#state.regions, check, nowMs) : 'blind',
      runs: byRegion(this.#store.latestRuns(VIEW_RUNS_MAX * Math.max(1, regions.length)), regions),
      incidents: this.#store.latestIncidents(VIEW_INCIDENTS_MAX).map((incident) => this.#current(incident)),
      deliveries: this.#outbox.all(),
      historyLag: this.#store.historyLag(),
      nowMs,
    };
  }

  run(id: string): StoredRun | undefined {
    const [, probe, boot, seq] = /^(.+)\.(\d+)\.(\d+)$/.exec(id) ?? [];
    return probe === undefined ? undefined : this.#store.run(probe, Number(boot), Number(seq));
  }

  dnsBaseline(): ToldBaseline | undefined {
    const check = checkOf(this.#id);
    return check?.kind === 'dns' ? toldBaseline(this.#id, check.dns, this.#memory) : undefined;
  }

  acceptDnsBaseline(by: string): ToldBaseline | undefined {
    const check = checkOf(this.#id);
    if (check?.kind !== 'dns' || this.#memory?.name !== check.dns.name) return undefined;
    const memory = accepted(this.#memory, by, Date.now());
    if (!memory) return undefined;
    this.#commit((draft) => draft.accept(memory));
    log('dns-baseline-accepted', { check: this.#id, by });
    return this.dnsBaseline();
  }

  incident(seq: number): IncidentView | undefined {
    const incident = this.#store.incident(seq);
    if (!incident) return undefined;
    return {
      incident: this.#current(incident),
      deliveries: this.#store.deliveriesOf(seq),
      nowMs: Date.now(),
    };
  }

  override async alarm(): Promise<void> {
    this.#clock.fired();
    await this.#wake();
  }

  /** Everything that time asks for. Never throws: an alarm that has thrown six times is never called again. */
  async #wake(): Promise<void> {
    let pauseMs = 0;
    try {
      const nowMs = Date.now();
      const effects = this.#commit((draft) => draft.apply({ type: 'tick', nowMs }));
      const work = Promise.all([
        this.#burst(effects),
        this.#group.seek(effects),
        this.#group.work(nowMs),
        this.#outbox.drain(nowMs),
        this.#history.copy(() => Date.now()),
      ]);
      // What becomes due meanwhile does not wait until a slow one of these has ended.
      void this.#clock.arm(undefined, this.#urgentMs(Date.now()), Date.now());
      await work;
      this.#prune();
    } catch (error) {
      logError('check-wake-failed', error, { check: this.#id });
      pauseMs = ERROR_PAUSE_MS;
    }
    this.#rearm(pauseMs);
  }

  /** Follows the effects of stored events, without making their sender wait. */
  #act(effects: readonly CheckEffect[], nowMs: number): void {
    if (effects.some(({ type }) => type === 'burst')) this.#background('burst', this.#burst(effects));
    if (effects.length > 0) this.#background('group', this.#group.seek(effects));
    if (this.#outbox.isDue(nowMs)) this.#background('outbox', this.#outbox.drain(nowMs));
    this.#rearm();
  }

  async #burst(effects: readonly CheckEffect[]): Promise<void> {
    const policy = this.#policy();
    const burst = effects.findLast((effect) => effect.type === 'burst');
    if (!policy || !burst) return;
    const deadlineMs = burst.deadlineMs < policy.check.timeoutMs ? burst.deadlineMs : undefined;
    const asked = await askRegions(this.env.REGIONS, policy.check, deadlineMs, Date.now());
    const nowMs = Date.now();
    this.#act(
      this.#commit((draft) => draft.apply({ type: 'liveness', nowMs, ...asked })),
      nowMs,
    );
  }

  /** All of them in one transaction; when that fails each in its own, so that one bad run does not keep out the rest. */
  #storeRuns(entries: Entry[], nowMs: number): { results: Ingested['results']; effects: CheckEffect[] } {
    try {
      const results: Ingested['results'] = [];
      const effects = this.#commit((draft) => {
        for (const entry of entries) results.push(this.#storeRun(draft, entry, nowMs));
      });
      return { results, effects };
    } catch (error) {
      logError('runs-not-stored', error, { check: this.#id, runs: entries.length });
      if (entries.length === 1) return { results: [], effects: [] };
      const parts = entries.map((entry) => this.#storeRuns([entry], nowMs));
      return {
        results: parts.flatMap(({ results }) => results),
        effects: parts.flatMap(({ effects }) => effects),
      };
    }
  }

  #storeRun(draft: Draft, entry: Entry, nowMs: number): Ingested['results'][number] {
    const run = JSON.parse(entry.runJson) as Run;
    if (this.#isStored(draft.state, run)) return { id: run.id, duplicate: true };
    const startedAtMs = Math.max(0, Math.round(nowMs - entry.ageMs));
    const check = checkOf(this.#id);
    const late = !check || isLate(draft.state, check, run, startedAtMs, nowMs);
    const judged = late ? run : draft.judge(run, nowMs);
    const text = judged === run ? entry.runJson : JSON.stringify(judged);
    this.#store.putRun(judged, text, startedAtMs, nowMs, late);
    draft.apply({ type: 'run', nowMs, startedAtMs, run: judged });
    return { id: run.id, duplicate: false };
  }

  #isStored(state: CheckState, run: Run): boolean {
    const last = state.probes[run.probe];
    const counted = checkOf(this.#id)?.regions.includes(run.region) ?? false;
    // Of a probe that `step` has forgotten, or of a region the check has left, only the table knows.
    if (counted && last && isNewer(run, last)) return false;
    return this.#store.hasRun(run.probe, run.boot, run.seq);
  }

  /**
   * Makes a change in one transaction: what `change` stores, and with it state, pages and incidents as its events leave
   * them. Memory follows only once the transaction has gone through. Throws when it has not.
   */
  #commit(change: (draft: Draft) => void): CheckEffect[] {
    const before = this.#state;
    const draft = new Draft(this.#policy(), before, this.#outbox.byId, HELD_MS, this.#memory);
    this.ctx.storage.transactionSync(() => {
      change(draft);
      draft.settle(Date.now());
      if (draft.state !== before) this.#store.putState(draft.state);
      if (draft.memory && draft.isMemoryNews && !this.#store.putDnsMemory(draft.memory))
        log('dns-memory-too-large', { check: this.#id });
      for (const delivery of draft.deliveries.values()) this.#store.putDelivery(delivery);
      for (const incident of draft.incidents.values()) this.#store.putIncident(incident);
    });
    this.#state = draft.state;
    this.#memory = draft.memory;
    this.#outbox.add(draft.deliveries.values(), draft.state.lastSeq);
    if (draft.incidents.size > 0) this.#history.note(Date.now());
    return draft.effects;
  }

  #rearm(pauseMs = 0): void {
    const nowMs = Date.now();
    const notBefore = (ms: number | undefined) =>
      ms === undefined ? undefined : Math.max(ms, nowMs + pauseMs);
    const urgentMs = notBefore(this.#urgentMs(nowMs));
    const dueMs = notBefore(earliest(urgentMs, this.#history.dueMs));
    const setting = this.#clock.arm(dueMs, urgentMs, nowMs);
    if (setting) this.#background('alarm', setting);
  }

  /** When there is something to do that a person may wait for. */
  #urgentMs(nowMs: number): number | undefined {
    const policy = this.#policy();
    return earliest(
      this.#outbox.wakeMs(nowMs),
      this.#group.wakeMs(nowMs),
      policy && stateWakeMs(policy, this.#state, nowMs),
    );
  }

  #prune(): void {
    for (const notice of surplusNotices(this.#outbox.all())) {
      this.#store.forgetDelivery(notice.id);
      this.#outbox.forget(notice);
    }
    const { lastSeq } = this.#state;
    if (lastSeq === this.#prunedAtSeq) return;
    this.#store.pruneIncidents(lastSeq);
    this.#prunedAtSeq = lastSeq;
  }

  #policy(): Policy | undefined {
    return policyOf(this.#id);
  }

  /** Of a check that the configuration no longer has: its open pages go out, and nothing follows from them. */
  #outboxPolicy(): OutboxPolicy {
    const policy = this.#policy();
    return policy ? outboxPolicyOf(policy) : { routes: NO_ROUTES, escalateAfterMs: Number.POSITIVE_INFINITY };
  }

  #hasUncopied(): boolean {
    return this.#store.uncopiedRuns(1).length > 0 || this.#store.uncopiedIncidents(1).length > 0;
  }

  /** The row of the latest incident is written when its story moves on; the state has it to the last success. */
  #current(incident: Incident): Incident {
    return [this.#state.incident, this.#state.slow].find((known) => known?.seq === incident.seq) ?? incident;
  }

  #background(what: string, work: Promise<void>): void {
    this.ctx.waitUntil(
      work.catch((error: unknown) => logError('background-failed', error, { check: this.#id, what })),
    );
  }
}

function byRegion(lines: readonly RunLine[], regions: readonly string[]): Record<string, RunLine[]> {
  const grouped: Record<string, RunLine[]> = Object.fromEntries(regions.map((region) => [region, []]));
  for (const line of lines) {
    const group = (grouped[line.region] ??= []);
    if (group.length < VIEW_RUNS_MAX) group.push(line);
  }
  return grouped;
}
