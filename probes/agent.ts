import type { Check } from '#core/config.ts';
import { pairPlaces } from '#core/deploy/pair-queue.ts';
import { failureLabel } from '#core/failure.ts';
import { seesProduction } from '#core/run.ts';
import type { NextStart, Plan, RunNow, VerifyNow } from '#core/wire.ts';
import { AttendedRuns, underWayOf, type AttendedRunsOptions, type EndedRun } from './attended-runs.ts';
import {
  decide,
  EMPTY_SCHEDULE,
  ownStarts,
  waitMsMax,
  withDemand,
  withoutRun,
  withPlan,
  withStarts,
  type Schedule,
  type Start,
} from '#core/agenda.ts';
import { draftOf, ownFault } from './run-draft.ts';
import type { Spool } from './spool/spool.ts';
import { VerificationLane } from './verification-lane.ts';
import type { Visit } from './visit.ts';

/**
 * Runs at once. On two cores, a third login journey makes all of them slower: the latency would be our own queueing
 * (measured: p50 258 ms alone, 383 ms with two, 465 ms with three).
 */
export const CONCURRENCY_DEFAULT = 2;
/** Without a plan for this long after the start, the probe measures by phases of its own. */
export const PLAN_WAIT_MS_MAX = 10_000;

/** Runs waiting in the spool that are worth a line in the log; then at every doubling. */
const SPOOL_GROWING_RUNS = 50;

export type AgentOptions = AttendedRunsOptions & {
  region: string;
  /** The checks of this region. */
  checks: readonly Check[];
  concurrency: number;
  spool: Pick<Spool, 'append' | 'stats'>;
  /** A check has been run, and not merely put off, and has seen what everybody gets. */
  onEnded(run: EndedRun): void;
  /** A run is on the disk and may be sent. */
  onSpooled(): void;
};

/** Plan → run → spool. Keeps the starts by the monotonic clock, with the hub's word or without. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #checks: ReadonlyMap<string, Check>;
  readonly #attended: AttendedRuns;
  readonly #lane: VerificationLane;
  /** What is under way, and of which check. */
  readonly #runs = new Map<Promise<void>, string>();
  #schedule: Schedule = EMPTY_SCHEDULE;
  #cancelTimer: (() => void) | undefined;
  #cancelPlanWait: (() => void) | undefined;
  #planText: string | undefined;
  #phase: 'running' | 'stopping' | 'stopped' = 'running';
  #growingAt = SPOOL_GROWING_RUNS;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#checks = new Map(options.checks.map((check) => [check.id, check]));
    this.#attended = new AttendedRuns({
      ...options,
      onOverdue: (overdue) => {
        if (this.#phase !== 'stopped') options.onOverdue(overdue);
      },
    });
    this.#lane = new VerificationLane({
      ...options,
      places: pairPlaces(options.concurrency),
      knows: (check) => this.#checks.has(check),
      run: (check, dueMs, visit) => this.#verify(check, dueMs, visit),
      onMissed: (check, dueMs, visit, why) => {
        const due: Start = { check, trigger: 'deploy', dueMs };
        this.#track(due, this.#reportMissed(due, why, visit));
      },
    });
  }

  /** Launches what runs need, so that the first one does not wait for it. Never rejects. */
  warm(): Promise<void> {
    return this.#attended.warm([...this.#checks.values()]);
  }

  /** Waits for the hub's plan; without one in `PLAN_WAIT_MS_MAX` starts by phases of its own. */
  start(): void {
    const { clock, log, region, checks } = this.#options;
    this.#cancelPlanWait = clock.after(PLAN_WAIT_MS_MAX, () => {
      log('warn', 'no-plan-from-hub', {
        waitedMs: PLAN_WAIT_MS_MAX,
        next: 'own phases',
        checks: checks.length,
      });
      this.#change((schedule, nowMs) => withPlan(schedule, ownStarts(checks, region, clock.wallMs()), nowMs));
    });
  }

  /** Versions of what the runner drives. */
  versions(): Record<string, string> {
    return this.#attended.versions();
  }

  onPlan(plan: Plan): void {
    this.#cancelPlanWait?.();
    const starts = plan.starts.filter(({ check }) => this.#checks.has(check));
    this.#logPlan(plan, starts);
    this.#attended.learn(starts);
    this.#change((schedule, nowMs) => withPlan(schedule, starts, nowMs));
  }

  onStarts(starts: readonly NextStart[]): void {
    this.#attended.learn(starts);
    this.#change((schedule, nowMs) => withStarts(schedule, starts, nowMs));
  }

  /** Starts the check at once; one that is running gets the shorter deadline. */
  onRunNow({ check, trigger, deadlineMs }: RunNow): void {
    const known = this.#checks.has(check);
    this.#options.log(known ? 'info' : 'warn', known ? 'run-now' : 'run-now-of-unknown-check', {
      check,
      trigger,
      deadlineMs,
    });
    if (!known) return;
    if (deadlineMs !== undefined) this.#attended.shorten(check, deadlineMs);
    this.#change((schedule, nowMs) => withDemand(schedule, { check, trigger, deadlineMs }, nowMs));
  }

  /** Runs the sides of a pair beside the schedule. */
  onVerifyNow(command: VerifyNow): void {
    this.#lane.onVerifyNow(command);
  }

  /** Starts a check out of turn, without the hub's word. */
  runAgain(check: string): void {
    this.#change((schedule, nowMs) => withDemand(schedule, { check, trigger: 'burst' }, nowMs));
  }

  /**
   * Starts nothing any more and waits for what runs, at most `endWithinMs`. A run that has not ended by then is given up:
   * what it would say of the target is not known, so nothing is reported.
   */
  async stop(endWithinMs: number): Promise<void> {
    const { clock, log } = this.#options;
    this.#phase = 'stopping';
    this.#cancelTimer?.();
    this.#cancelPlanWait?.();
    this.#lane.stop();
    let cancel: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(endWithinMs, resolve);
    });
    await Promise.race([Promise.all(this.#runs.keys()), late]);
    cancel?.();
    this.#phase = 'stopped';
    for (const check of this.#runs.values()) log('warn', 'run-given-up', { check, why: 'the probe stops' });
  }

  /** Frees the runner; after `stop`. Never rejects. */
  close(): Promise<void> {
    return this.#attended.close();
  }

  #change(change: (schedule: Schedule, nowMs: number) => Schedule): void {
    this.#schedule = change(this.#schedule, this.#options.clock.monotonicMs());
    this.#decide();
  }

  #decide(): void {
    if (this.#phase !== 'running') return;
    const { clock, concurrency } = this.#options;
    const nowMs = clock.monotonicMs();
    const intervalMsOf = (check: string): number => this.#checkOf(check).intervalMs;
    const { schedule, start, missed, wakeInMs } = decide(this.#schedule, {
      nowMs,
      concurrency,
      intervalMsOf,
    });
    this.#schedule = schedule;
    this.#cancelTimer?.();
    this.#cancelTimer = wakeInMs === undefined ? undefined : clock.after(wakeInMs, () => this.#decide());
    for (const late of missed) this.#track(late, this.#reportMissed(late, this.#overloadOf(late)));
    for (const due of start) this.#track(due, this.#run(due));
  }

  /** Keeps the promise where `stop` waits for it. A fault of our own in here ends the process. */
  #track({ check }: Start, work: Promise<void>): void {
    this.#runs.set(work, check);
    void work.finally(() => this.#runs.delete(work));
  }

  async #run(due: Start): Promise<void> {
    // The check counts as running until all is known of its run: the next one must not be numbered before it.
    const ended = await this.#attended.run(this.#checkOf(due.check), due);
    // The number is given at the call, so the runs of a check are in order; its next one need not wait for the disk.
    const stored = this.#take(ended);
    this.#change((schedule) => withoutRun(schedule, due.check));
    await stored;
  }

  /** One side of a pair: the schedule is not touched by it. */
  #verify(id: string, dueMs: number, visit: Visit): Promise<void> {
    const due: Start = { check: id, trigger: 'deploy', dueMs };
    const run = this.#attended.run(this.#checkOf(id), due, visit);
    this.#track(
      due,
      run.then((ended) => this.#take(ended)),
    );
    return run.then(() => undefined);
  }

  async #take(ended: EndedRun): Promise<void> {
    const stored = this.#store(ended);
    if (this.#phase !== 'stopped' && seesProduction(ended.draft)) this.#options.onEnded(ended);
    await stored;
  }

  #overloadOf({ check }: Start): string {
    const waitMs = Math.round(waitMsMax(this.#checkOf(check).intervalMs));
    return `not started: no free place within ${waitMs} ms; ${this.#options.concurrency} runs at once are allowed`;
  }

  async #reportMissed(due: Start, why: string, visit?: Visit): Promise<void> {
    const { clock, configHash } = this.#options;
    const start = { ...underWayOf(due, clock), check: this.#checkOf(due.check), configHash };
    const draft = draftOf({ ...start, deploy: visit?.deploy }, ownFault('overload', why));
    await this.#store({ draft, startedMs: clock.monotonicMs() });
  }

  async #store({ draft, startedMs, screenshot }: Omit<EndedRun, 'endedMs'>): Promise<void> {
    if (this.#phase === 'stopped') return;
    const { spool, log } = this.#options;
    const run = await spool.append(draft, startedMs, screenshot);
    log(run.outcome === 'pass' ? 'info' : 'warn', 'run-finished', {
      check: run.check,
      run: run.id,
      trigger: run.trigger,
      outcome: run.outcome,
      failure: run.failure === undefined ? undefined : failureLabel(run.failure),
      message: run.failure?.message,
      step: run.failure?.step,
      durationMs: Math.round(run.durationMs),
      waitedMs: Math.round(run.waitedMs),
      deadlineMs: run.deadlineMs,
      deploy: run.deploy && `${run.deploy.service}:${run.deploy.n}`,
      pair: run.deploy?.pair,
      side: run.deploy?.side,
      control: run.control?.error ?? run.control?.outcome,
    });
    this.#logGrowth();
    this.#options.onSpooled();
  }

  #logPlan(plan: Plan, starts: readonly NextStart[]): void {
    const { log, configHash } = this.#options;
    const unknown = plan.starts.filter(({ check }) => !this.#checks.has(check)).map(({ check }) => check);
    const text = `${plan.configHash} ${plan.starts.map(({ check }) => check).join(' ')}`;
    // Over HTTP the same plan comes with every poll.
    if (text === this.#planText) return;
    this.#planText = text;
    log('info', 'plan-received', { checks: starts.map(({ check }) => check).join(' ') });
    if (plan.configHash !== configHash)
      log('warn', 'config-differs', { probe: configHash, hub: plan.configHash, next: 'each runs its own' });
    if (unknown.length > 0) log('warn', 'plan-of-unknown-checks', { checks: unknown.join(' ') });
  }

  #logGrowth(): void {
    const { pending, pendingBytes } = this.#options.spool.stats();
    if (pending < SPOOL_GROWING_RUNS) this.#growingAt = SPOOL_GROWING_RUNS;
    if (pending < this.#growingAt) return;
    this.#growingAt = pending * 2;
    this.#options.log('warn', 'spool-growing', { runs: pending, bytes: pendingBytes });
  }

  #checkOf(id: string): Check {
    const check = this.#checks.get(id);
    if (check === undefined) throw new Error(`check ${id} is not in the configuration`);
    return check;
  }
}
