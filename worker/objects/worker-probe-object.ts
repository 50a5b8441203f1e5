import { DurableObject } from 'cloudflare:workers';
import {
  awoken,
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
import type { DnsCheck, Region } from '#core/config.ts';
import type { Ack, Hello, NextStart, Plan, PollAnswer, Refusal } from '#core/wire.ts';
import { HEARTBEAT_INTERVAL_MS, WIRE_VERSION } from '#core/wire.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { overloadRun, type RunOrigin } from '../dns/dns-run.ts';
import { log, logError } from '../log.ts';
import type { ProbeIdentity } from '../probe-token.ts';
import { checkOf, config, hubConfigHash, workerRegions } from '../settings.ts';
import { WorkerAgenda } from '../store/worker-agenda.ts';
import { WorkerSpool } from '../store/worker-spool.ts';
import { AlarmClock } from './alarm-clock.ts';
import { objectName } from './object-name.ts';
import type { WorkerProbeRpc } from './rpc.ts';
import { workerProbeName } from './worker-probe-rpc.ts';
import { WorkerReports } from './worker-reports.ts';
import { WorkerRuns } from './worker-runs.ts';

/** Its region's object is near by; one that is being moved may take seconds. */
const REGION_TIMEOUT_MS = 9_000;
/** Runs at once: they share the connections that one invocation may have open. */
const CONCURRENCY = 2;
/** A start this near is kept by a timer, as those of a burst are: an alarm may be late. */
const TIMER_MS_MAX = 5_000;
/** After an error of our own the alarm waits this long: it must not spin. */
const ERROR_PAUSE_MS = 5_000;

/**
 * The asker of a region without probes: it does what a probe that polls does, from a Worker. Named by the region's id, kept
 * near its location hint. Plan → run → spool → report; what starts when is core's `agenda`, what a run finds core's DNS
 * judgement. Between two looks it sleeps: only its alarm wakes it, and whoever has a command for it.
 */
export class WorkerProbeObject extends DurableObject<HubBindings> implements WorkerProbeRpc {
  readonly #region: string;
  readonly #probe: string;
  readonly #spool: WorkerSpool;
  readonly #agenda: WorkerAgenda;
  readonly #reports: WorkerReports;
  readonly #runs = new WorkerRuns(config.paging.lateness.ceilingMs);
  readonly #clock: AlarmClock;
  readonly #boot: number;
  #seq: number;
  #schedule: Schedule;
  /** The checks of the plan it goes by. */
  #planned: string;
  /** One look at a time; who comes meanwhile gets another one after it. */
  #turning: Promise<void> | undefined;
  #isAskedAgain = false;

  constructor(ctx: DurableObjectState, env: HubBindings) {
    super(ctx, env);
    this.#region = objectName(ctx);
    this.#probe = workerProbeName(this.#region);
    this.#spool = new WorkerSpool(ctx.storage.kv);
    this.#reports = new WorkerReports({
      region: this.#region,
      spool: this.#spool,
      hand: (report) => this.#inTime<Ack | Refusal>(this.#regionObject().report(report, this.#identity())),
      isKnown: (check) => this.#checkOf(check) !== undefined,
      onTaken: (ack) => this.#taken(ack),
    });
    this.#agenda = new WorkerAgenda(ctx.storage.kv);
    // It starts anew whenever it is woken, on whatever machine: what must go on, goes on by what is stored.
    const { planned, pending, boot, seq } = this.#agenda.read(Date.now());
    this.#boot = boot;
    this.#seq = seq;
    this.#planned = planned;
    this.#schedule = { ...EMPTY_SCHEDULE, pending: new Map(pending) };
    this.#clock = new AlarmClock(ctx.storage, () => this.#background('timer', this.#turn()));
    void ctx.blockConcurrencyWhile(() => this.#clock.load());
  }

  wake(): Promise<void> {
    return this.#turn();
  }

  override async alarm(): Promise<void> {
    this.#clock.fired();
    await this.#turn();
  }

  /** Never rejects: an alarm that has thrown six times is never called again. */
  #turn(): Promise<void> {
    if (this.#turning) this.#isAskedAgain = true;
    this.#turning ??= this.#turns().finally(() => {
      this.#turning = undefined;
    });
    return this.#turning;
  }

  async #turns(): Promise<void> {
    try {
      do {
        this.#isAskedAgain = false;
        // What is due goes first: the plan of a poll begins after now.
        this.#start();
        await this.#poll();
        this.#start();
        this.#send();
      } while (this.#isAskedAgain);
    } catch (error) {
      logError('worker-probe-failed', error, { region: this.#region });
      this.#arm(Date.now() + ERROR_PAUSE_MS, Date.now());
    }
  }

  /** Takes the plan and the commands of the region's object. Never rejects: the next look tries again. */
  async #poll(): Promise<void> {
    if (!this.#settings()) return;
    try {
      const polled = this.#regionObject().poll(await this.#hello(), this.#identity());
      const answer = await this.#inTime<PollAnswer | Refusal>(polled);
      if ('type' in answer) return log('worker-probe-refused', { region: this.#region, error: answer.error });
      this.#take(answer.plan);
      for (const command of answer.commands) {
        // A deploy is verified by browsers: the region's object hands nothing of that out here.
        if (command.type !== 'run-now' || !this.#checkOf(command.check)) continue;
        const { check, trigger, deadlineMs } = command;
        if (deadlineMs !== undefined) this.#runs.shorten(check, deadlineMs);
        this.#schedule = withDemand(this.#schedule, { check, trigger, deadlineMs }, Date.now());
      }
    } catch (error) {
      logError('worker-probe-poll-failed', error, { region: this.#region });
    }
  }

  /**
   * Every poll brings the plan; only one of other checks, or of another configuration, changes anything: the answers to runs
   * say when they start next.
   */
  #take({ starts, configHash }: Plan): void {
    const planned = [configHash, ...starts.map(({ check }) => check)].join(' ');
    if (planned === this.#planned) return;
    this.#planned = planned;
    this.#schedule = withPlan(this.#schedule, this.#known(starts), Date.now());
  }

  /** Starts what is due, and arms the alarm for what comes next: a heartbeat's time away at the most. */
  #start(): void {
    const nowMs = Date.now();
    const intervalMsOf = (check: string): number => this.#checkOf(check)?.intervalMs ?? HEARTBEAT_INTERVAL_MS;
    const { schedule, start, missed, wakeInMs } = decide(awoken(this.#schedule, nowMs, intervalMsOf), {
      nowMs,
      concurrency: CONCURRENCY,
      intervalMsOf,
    });
    this.#schedule = schedule;
    const numbered = (due: Start) => ({ due, seq: (this.#seq += 1) });
    const [starting, missing] = [start.map(numbered), missed.map(numbered)];
    // The numbers are given out once that is stored: what is sent waits for it.
    this.#agenda.write({
      planned: this.#planned,
      pending: [...schedule.pending],
      boot: this.#boot,
      seq: this.#seq,
    });
    for (const { due, seq } of missing) this.#background('missed', this.#miss(due, seq));
    for (const { due, seq } of starting) this.#background('run', this.#run(due, seq));
    if (this.#settings())
      this.#arm(nowMs + Math.min(wakeInMs ?? HEARTBEAT_INTERVAL_MS, HEARTBEAT_INTERVAL_MS), nowMs);
  }

  #arm(nextMs: number, nowMs: number): void {
    const setting = this.#clock.arm(nextMs, nextMs - nowMs <= TIMER_MS_MAX ? nextMs : undefined, nowMs);
    if (setting) this.#background('alarm', setting);
  }

  async #run(due: Start, seq: number): Promise<void> {
    const check = this.#checkOf(due.check);
    const worker = this.#settings()?.worker;
    try {
      if (!check || !worker) return;
      const origin = await this.#origin(due, seq);
      const startedMs = performance.now();
      const run = await this.#runs.run({
        check,
        origin,
        questionsMax: worker.questionsMax,
        deadlineMs: due.deadlineMs,
        onOverdue: () => this.#background('overdue', this.#overdue(check.id, performance.now() - startedMs)),
      });
      this.#spool.put({ run, startedAtMs: run.startedAtMs });
    } finally {
      this.#schedule = withoutRun(this.#schedule, due.check);
      this.#send();
      // Its place is free, whatever becomes of the report.
      this.#start();
    }
  }

  async #miss(due: Start, seq: number): Promise<void> {
    const check = this.#checkOf(due.check);
    if (!check) return;
    const why = `not started: no free place within ${Math.round(waitMsMax(check.intervalMs))} ms; ${CONCURRENCY} runs at once are allowed`;
    const run = overloadRun({ ...(await this.#origin(due, seq)), check }, why);
    this.#spool.put({ run, startedAtMs: run.startedAtMs });
    this.#send();
  }

  async #overdue(check: string, ageMs: number): Promise<void> {
    const overdue = { type: 'overdue' as const, check, probe: this.#probe, ageMs };
    const refused = await this.#inTime(this.#regionObject().overdue(overdue, this.#identity()));
    if (refused) log('worker-probe-refused', { region: this.#region, error: refused.error });
  }

  #send(): void {
    this.#background('report', this.#reports.send());
  }

  #taken({ starts }: Ack): void {
    this.#runs.learn(starts);
    this.#schedule = withStarts(this.#schedule, this.#known(starts), Date.now());
    this.#start();
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
      dropped: this.#spool.dropped,
    };
  }

  async #origin(due: Start, seq: number): Promise<RunOrigin> {
    const nowMs = Date.now();
    return {
      region: this.#region,
      probe: this.#probe,
      boot: this.#boot,
      seq,
      trigger: due.trigger,
      startedAtMs: nowMs,
      waitedMs: Math.max(0, nowMs - due.dueMs),
      configHash: await hubConfigHash(),
    };
  }

  #known(starts: readonly NextStart[]): NextStart[] {
    return starts.filter(({ check }) => this.#checkOf(check));
  }

  #checkOf(id: string): DnsCheck | undefined {
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

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return withDeadline(answer, REGION_TIMEOUT_MS, `region ${this.#region}`);
  }

  #background(what: string, work: Promise<unknown>): void {
    this.ctx.waitUntil(
      work.catch((error: unknown) => logError('background-failed', error, { region: this.#region, what })),
    );
  }
}
