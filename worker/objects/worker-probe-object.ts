import { DurableObject } from 'cloudflare:workers';
import {
  decide,
  EMPTY_SCHEDULE,
  waitMsMax,
  withDemand,
  withoutRun,
  withPlan,
  withStarts,
  type Schedule,
  type Start,
} from '#core/agenda.ts';
import type { Check, Region } from '#core/config.ts';
import type { Ack, Hello, NextStart, Plan, PollAnswer, Refusal } from '#core/wire.ts';
import { HEARTBEAT_INTERVAL_MS, RUNS_PER_REPORT_MAX, WIRE_VERSION } from '#core/wire.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { dnsRun, overloadRun } from '../dns/dns-run.ts';
import { log, logError } from '../log.ts';
import type { ProbeIdentity } from '../probe-token.ts';
import { checkOf, hubConfigHash, workerRegions } from '../settings.ts';
import { WorkerSpool } from '../store/worker-spool.ts';
import { AlarmClock } from './alarm-clock.ts';
import { objectName } from './object-name.ts';
import type { WorkerProbeRpc } from './rpc.ts';

/** Its region's object is near by; one that is being moved may take seconds. */
const REGION_TIMEOUT_MS = 9_000;
const AGENDA_KEY = 'agenda';
/** The checks of the plan, and when each starts next, epoch ms. */
type Agenda = { planned: string; pending: [string, number][] };
/** Runs at once: their connections share what one invocation may have open. */
const CONCURRENCY = 2;

/**
 * The asker of a region without probes: it does what a probe that polls does, from a Worker. Named by the region's id, kept
 * near its location hint. Plan → run → spool → report; what starts when is core's `agenda`, what a run finds core's DNS
 * judgement. Between two looks it sleeps: only its alarm wakes it, and whoever has a command for it.
 */
export class WorkerProbeObject extends DurableObject<HubBindings> implements WorkerProbeRpc {
  readonly #region: string;
  readonly #probe: string;
  readonly #spool: WorkerSpool;
  readonly #clock: AlarmClock;
  readonly #boot = Date.now();
  #seq = 0;
  #schedule: Schedule;
  /** The checks of the plan it goes by. */
  #planned: string;
  /** What is stored of both: an object that was put to sleep must know what it was woken for. */
  #storedAgenda: string;
  /** One look at a time; who comes meanwhile gets another one after it. */
  #turning: Promise<void> | undefined;
  #isAskedAgain = false;
  #sending: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, env: HubBindings) {
    super(ctx, env);
    this.#region = objectName(ctx);
    this.#probe = workerProbeName(this.#region);
    this.#spool = new WorkerSpool(ctx.storage.kv);
    this.#storedAgenda = ctx.storage.kv.get<string>(AGENDA_KEY) ?? '{"planned":"","pending":[]}';
    const { planned, pending } = JSON.parse(this.#storedAgenda) as Agenda;
    this.#planned = planned;
    this.#schedule = { ...EMPTY_SCHEDULE, pending: new Map(pending) };
    this.#clock = new AlarmClock(ctx.storage, () => undefined);
    void ctx.blockConcurrencyWhile(() => this.#clock.load());
  }

  wake(): Promise<void> {
    return this.#turn();
  }

  override async alarm(): Promise<void> {
    this.#clock.fired();
    await this.#turn();
  }

  #turn(): Promise<void> {
    if (this.#turning) this.#isAskedAgain = true;
    this.#turning ??= this.#turns().finally(() => {
      this.#turning = undefined;
    });
    return this.#turning;
  }

  async #turns(): Promise<void> {
    do {
      this.#isAskedAgain = false;
      // What is due goes first: the plan of a poll begins after now.
      this.#start();
      await this.#poll();
      this.#start();
      this.#send();
    } while (this.#isAskedAgain);
  }

  /** Takes the plan and the commands of the region's object. Never rejects: the next look tries again. */
  async #poll(): Promise<void> {
    if (!this.#settings()) return;
    try {
      const answer = await withDeadline<PollAnswer | Refusal>(
        this.#regionObject().poll(await this.#hello(), this.#identity()),
        REGION_TIMEOUT_MS,
        `region ${this.#region}`,
      );
      if ('type' in answer) return log('worker-probe-refused', { region: this.#region, error: answer.error });
      this.#take(answer.plan);
      for (const { check, trigger, deadlineMs } of answer.commands)
        if (this.#checkOf(check))
          this.#schedule = withDemand(this.#schedule, { check, trigger, deadlineMs }, Date.now());
    } catch (error) {
      logError('worker-probe-poll-failed', error, { region: this.#region });
    }
  }

  /** Every poll brings the plan; only one of other checks changes anything: the answers to runs say when they start next. */
  #take({ starts }: Plan): void {
    const planned = starts.map(({ check }) => check).join(' ');
    if (planned === this.#planned) return;
    this.#planned = planned;
    this.#schedule = withPlan(this.#schedule, this.#known(starts), Date.now());
  }

  /** Starts what is due, and arms the alarm for what comes next: a heartbeat's time away at the most. */
  #start(): void {
    const nowMs = Date.now();
    const { schedule, start, missed, wakeInMs } = decide(this.#schedule, {
      nowMs,
      concurrency: CONCURRENCY,
      intervalMsOf: (check) => this.#checkOf(check)?.intervalMs ?? HEARTBEAT_INTERVAL_MS,
    });
    this.#schedule = schedule;
    this.#storeAgenda();
    for (const due of missed) this.#background('missed', this.#miss(due));
    for (const due of start) this.#background('run', this.#run(due));
    if (!this.#settings()) return;
    const nextMs = nowMs + Math.min(wakeInMs ?? HEARTBEAT_INTERVAL_MS, HEARTBEAT_INTERVAL_MS);
    const setting = this.#clock.arm(nextMs, undefined, nowMs);
    if (setting) this.#background('alarm', setting);
  }

  #storeAgenda(): void {
    const agenda: Agenda = { planned: this.#planned, pending: [...this.#schedule.pending] };
    const text = JSON.stringify(agenda);
    if (text === this.#storedAgenda) return;
    this.ctx.storage.kv.put(AGENDA_KEY, text);
    this.#storedAgenda = text;
  }

  async #run(due: Start): Promise<void> {
    const check = this.#checkOf(due.check);
    const worker = this.#settings()?.worker;
    try {
      if (check?.kind !== 'dns' || !worker) return;
      const run = await dnsRun({
        ...(await this.#origin(due)),
        check,
        questionsMax: worker.questionsMax,
        deadlineMs: due.deadlineMs,
      });
      this.#spool.put({ run, startedAtMs: run.startedAtMs });
    } finally {
      this.#schedule = withoutRun(this.#schedule, due.check);
    }
    this.#send();
  }

  async #miss(due: Start): Promise<void> {
    const check = this.#checkOf(due.check);
    if (!check) return;
    const why = `not started: no free place within ${Math.round(waitMsMax(check.intervalMs))} ms; ${CONCURRENCY} runs at once are allowed`;
    const run = overloadRun({ ...(await this.#origin(due)), check }, why);
    this.#spool.put({ run, startedAtMs: run.startedAtMs });
    this.#send();
  }

  #send(): void {
    if (this.#sending) return;
    this.#sending = this.#report().finally(() => {
      this.#sending = undefined;
    });
    this.#background('report', this.#sending);
  }

  /** Reports until the spool is empty; what was not taken is tried again at the next look. */
  async #report(): Promise<void> {
    for (;;) {
      const entries = this.#spool.all().slice(0, RUNS_PER_REPORT_MAX);
      if (entries.length === 0) return;
      const nowMs = Date.now();
      const report = {
        type: 'report' as const,
        entries: entries.map(({ run, startedAtMs }) => ({ ageMs: Math.max(0, nowMs - startedAtMs), run })),
      };
      const answer = await withDeadline<Ack | Refusal>(
        this.#regionObject().report(report, this.#identity()),
        REGION_TIMEOUT_MS,
        `region ${this.#region}`,
      );
      if (answer.type === 'refusal') {
        log('worker-probe-refused', { region: this.#region, error: answer.error });
        return;
      }
      for (const id of answer.runs) this.#spool.drop(id);
      this.#schedule = withStarts(this.#schedule, this.#known(answer.starts), Date.now());
      this.#start();
      if (answer.runs.length === 0) return;
    }
  }

  async #hello(): Promise<Hello> {
    return {
      type: 'hello',
      wireVersion: WIRE_VERSION,
      probe: this.#probe,
      boot: this.#boot,
      configHash: await hubConfigHash(),
      versions: { runtime: 'Workers', near: this.#settings()?.worker?.locationHint ?? 'anywhere' },
      spooled: this.#spool.all().length,
      dropped: 0,
    };
  }

  async #origin(due: Start) {
    const nowMs = Date.now();
    return {
      region: this.#region,
      probe: this.#probe,
      boot: this.#boot,
      seq: (this.#seq += 1),
      trigger: due.trigger,
      startedAtMs: nowMs,
      waitedMs: Math.max(0, nowMs - due.dueMs),
      configHash: await hubConfigHash(),
    };
  }

  #known(starts: readonly NextStart[]): NextStart[] {
    return starts.filter(({ check }) => this.#checkOf(check));
  }

  #checkOf(id: string): Check | undefined {
    const check = checkOf(id);
    return check?.kind === 'dns' && check.regions.includes(this.#region) ? check : undefined;
  }

  /** `undefined` once the configuration has the region no more, or has given it probes: then it falls asleep for good. */
  #settings(): Region | undefined {
    return workerRegions.find(({ id }) => id === this.#region);
  }

  #identity(): ProbeIdentity {
    return { region: this.#region, probe: this.#probe };
  }

  #regionObject() {
    return this.env.REGIONS.getByName(this.#region);
  }

  #background(what: string, work: Promise<unknown>): void {
    this.ctx.waitUntil(
      work.catch((error: unknown) => logError('background-failed', error, { region: this.#region, what })),
    );
  }
}

/** What its runs are named by: no probe's name in another region, as a region's id is not. */
function workerProbeName(region: string): string {
  return `worker-${region}`.slice(0, 64).replace(/-+$/, '');
}
