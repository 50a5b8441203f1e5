import type { Failure } from '#core/failure.ts';
import { deadlinesOf } from '#core/lateness.ts';
import type { Policy } from '#core/policy.ts';
import { runId, type Control, type Run } from '#core/run.ts';
import { RUNS_PER_REPORT_MAX, type NextStart } from '#core/wire.ts';
import {
  decide,
  EMPTY_SCHEDULE,
  ownStarts,
  withDemand,
  withoutRun,
  withPlan,
  withStarts,
  type Schedule,
  type Start,
} from '#core/agenda.ts';
import { SkewedClock, type SimClock } from './clock.ts';
import type { Timer } from './event-queue.ts';
import type { Entry } from './hub.ts';
import { Glass, type BrokenPane, type GlassHost } from './glass.ts';
import { Prng } from './prng.ts';
import { ProbeConnection } from './probe-connection.ts';
import type { RegionHub } from './region-hub.ts';
import { isOn, type Fault, type Lasting, type Scenario } from './scenario.ts';
import type { Trace } from './trace.ts';
import type { Truth } from './truth.ts';

/** A run that has ended, and what is true of it. Times are the simulation's. */
export type TrueRun = { run: Run; startMs: number; endMs: number; encounteredFailure: boolean };

export type ProbeHost = GlassHost & {
  readonly clock: SimClock;
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly truth: Truth;
  readonly trace: Trace;
  onRun(run: TrueRun): void;
  /** The probe believes that the hub has this run. */
  onAcknowledged(runId: string): void;
};

/** As in `probes/`: without a plan for so long own phases count; runs at once; what a shortened run still gets. */
const PLAN_WAIT_MS_MAX = 10_000;
const CONCURRENCY = 2;
const LEFT_MS_MIN = 250;
/** The agent ends a run that does not end by its deadline after this (reference: paging, section 6, "Missing data"). */
const STUCK_AFTER_MS = 2_000;
/** A control target answers within a moment, or not within its deadline (`control.timeout`, 3 s). */
const CONTROL_MS = 150;
const CONTROL_TIMEOUT_MS = 3_000;
/** A way out that is broken shows at once. */
const EGRESS_FAIL_MS = 400;

const BAD_GATEWAY: Failure = { owner: 'target', class: 'http', httpStatus: 502, message: 'Bad gateway' };
const TIMEOUT: Failure = { owner: 'target', class: 'timeout', message: 'not done within the deadline' };
const NO_ROUTE: Failure = { owner: 'target', class: 'connect', message: 'no route to host' };
const NO_BROWSER: Failure = { owner: 'probe', class: 'browser-missing', message: 'no browser' };
const STUCK: Failure = { owner: 'probe', class: 'probe-error', message: 'ended by force' };
const CANARY_BROKEN: Failure = { owner: 'target', class: 'http', httpStatus: 500, message: 'internal error' };
const CONTROL_PASS: Control = { outcome: 'pass', durationMs: CONTROL_MS };
const CONTROL_FAIL: Control = { outcome: 'fail', durationMs: CONTROL_TIMEOUT_MS, error: 'no answer' };

/** A run on the probe's disk. Without the monotonic clock of its own boot only the wall clock knows its age. */
type Spooled = { run: Run; boot: number; startedMonotonicMs: number };

type UnderWay = {
  start: Start;
  startedAtMs: number;
  startedMonotonicMs: number;
  trueStartMs: number;
  limitMs: number;
  /** How it would end, and after how long; `Infinity` for one that only its deadline ends. */
  ending: { durationMs: number; failure: Failure | undefined; control: Control | undefined };
  endTimer: Timer | undefined;
  softTimer: Timer | undefined;
};

/** One probe: plan, run, spool, report. Its schedule is the real one of `worker/core/agenda.ts`. */
export class Probe {
  readonly region: string;
  readonly #host: ProbeHost;
  readonly #clock: SkewedClock;
  readonly #name: string;
  readonly #faults: readonly (Fault & Lasting & { region: string })[];
  readonly #connection: ProbeConnection;
  /** How runs of a canary end. */
  readonly #ofCanary: Prng;
  readonly #glass: Glass;
  /** On disk: survives a crash. */
  readonly #spool: Spooled[] = [];
  #isUp = false;
  #boot = 0;
  #seq = 0;
  #schedule: Schedule = EMPTY_SCHEDULE;
  #underWay: UnderWay | undefined;
  #timer: Timer | undefined;
  #planWait: Timer | undefined;
  #softMs: number;

  constructor(host: ProbeHost, region: string, hubSide: RegionHub) {
    const { scenario, clock } = host;
    this.region = region;
    this.#host = host;
    this.#name = `probe-${region}`;
    this.#softMs = 0;
    this.#ofCanary = new Prng(scenario.seed, `canary of ${region}`);
    const { offsetMs, driftPpm } = scenario.clocks[scenario.regions.indexOf(region)] ?? {
      offsetMs: 0,
      driftPpm: 0,
    };
    this.#clock = new SkewedClock(clock, offsetMs, driftPpm);
    this.#faults = scenario.faults.filter(
      (fault): fault is Fault & Lasting & { region: string } =>
        'region' in fault && fault.region === region && 'forMs' in fault && fault.kind.startsWith('probe-'),
    );
    this.#glass = new Glass(
      host,
      this.#clock,
      region,
      () => this.#onRunNow(undefined),
      () => this.#connection.wake(),
    );
    this.#connection = new ProbeConnection(
      { clock, scenario, trace: host.trace, ownClock: this.#clock },
      region,
      hubSide,
      {
        onPlan: (start) => this.#onPlan(start),
        onStarts: (start) =>
          this.#change((schedule, nowMs) => withStarts(schedule, this.#learn(start), nowMs)),
        onRunNow: (deadlineMs) => this.#onRunNow(deadlineMs),
        batch: () => this.#batch(),
        acknowledged: (runs) => this.#acknowledged(runs),
        pane: () => this.#glass.panes[0],
        paneAge: (atMs) => Math.max(0, this.#clock.wallMs() - atMs),
        paneTaken: (pane) => this.#paneTaken(pane),
        onOpen: () => this.#glass.hubBack(),
        onLost: (agoMs) => this.#glass.hubLost(agoMs),
      },
    );
    for (const fault of scenario.faults) {
      if (!('region' in fault) || fault.region !== region) continue;
      if (fault.kind === 'wall-step')
        clock.at(clock.startMs + fault.atMs, () => this.#clock.stepWall(fault.byMs));
      if (fault.kind !== 'probe-crash') continue;
      clock.at(clock.startMs + fault.atMs, () => this.#crash());
      clock.at(clock.startMs + fault.atMs + fault.forMs, () => this.start());
    }
    // A few moments apart: machines do not boot at once.
    clock.after(new Prng(scenario.seed, `boot of ${region}`).between(0, 3_000), () => this.start());
  }

  /** Runs not yet acknowledged. */
  get spooled(): number {
    return this.#spool.length;
  }

  start(): void {
    if (this.#isUp || this.#isOn('probe-crash')) return;
    this.#isUp = true;
    this.#boot = Math.max(0, Math.round(this.#clock.wallMs()));
    this.#seq = 0;
    this.#schedule = EMPTY_SCHEDULE;
    const { lateness } = this.#host.policy.config.paging;
    this.#softMs = deadlinesOf(lateness, this.#host.policy.check.timeoutMs, []).softMs;
    this.#glass.start();
    this.#connection.start();
    this.#planWait = this.#clock.after(PLAN_WAIT_MS_MAX, () => {
      const starts = ownStarts([this.#host.policy.check], this.region, this.#clock.wallMs());
      this.#change((schedule, nowMs) => withPlan(schedule, starts, nowMs));
    });
  }

  #crash(): void {
    this.#isUp = false;
    this.#connection.stop();
    this.#glass.stop();
    for (const timer of [this.#timer, this.#planWait, this.#underWay?.endTimer, this.#underWay?.softTimer])
      if (timer) timer.cancelled = true;
    this.#underWay = undefined;
  }

  #onPlan(start: NextStart): void {
    if (this.#planWait) this.#planWait.cancelled = true;
    this.#change((schedule, nowMs) => withPlan(schedule, this.#learn(start), nowMs));
  }

  #onRunNow(deadlineMs: number | undefined): void {
    const { check } = this.#host.policy;
    const running = this.#underWay;
    if (running) return deadlineMs === undefined ? undefined : this.#shorten(running, deadlineMs);
    this.#change((schedule, nowMs) =>
      withDemand(schedule, { check: check.id, trigger: 'burst', deadlineMs }, nowMs),
    );
  }

  #learn(start: NextStart): NextStart[] {
    if (start.softDeadlineMs !== undefined) this.#softMs = start.softDeadlineMs;
    this.#glass.learn(start.incident);
    return [start];
  }

  #change(change: (schedule: Schedule, nowMs: number) => Schedule): void {
    this.#schedule = change(this.#schedule, this.#clock.monotonicMs());
    this.#decide();
  }

  #decide(): void {
    if (!this.#isUp) return;
    const { schedule, start, wakeInMs } = decide(this.#schedule, {
      nowMs: this.#clock.monotonicMs(),
      concurrency: CONCURRENCY,
      intervalMsOf: () => this.#host.policy.check.intervalMs,
    });
    this.#schedule = schedule;
    if (this.#timer) this.#timer.cancelled = true;
    this.#timer = wakeInMs === undefined ? undefined : this.#clock.after(wakeInMs, () => this.#decide());
    for (const due of start) this.#run(due);
  }

  #run(start: Start): void {
    const { clock, policy, trace } = this.#host;
    trace.note(clock.nowMs, 'run starts', this.region);
    const running: UnderWay = {
      start,
      startedAtMs: Math.max(0, Math.round(this.#clock.wallMs())),
      startedMonotonicMs: this.#clock.monotonicMs(),
      trueStartMs: clock.nowMs,
      limitMs: Math.min(policy.check.timeoutMs, start.deadlineMs ?? policy.check.timeoutMs),
      ending: this.#endingOf(),
      endTimer: undefined,
      softTimer: undefined,
    };
    this.#underWay = running;
    this.#armEnd(running);
    if (running.ending.durationMs > this.#softMs && this.#softMs < running.limitMs)
      running.softTimer = this.#clock.after(this.#softMs, () => {
        trace.note(clock.nowMs, 'overdue', this.region);
        this.#connection.overdue(() => this.#clock.monotonicMs() - running.startedMonotonicMs);
      });
  }

  /** What this run meets, and how it would end. */
  #endingOf(): UnderWay['ending'] {
    const encounter = this.#host.truth.encounter(this.region);
    if (this.#isOn('probe-mute')) return { durationMs: Infinity, failure: undefined, control: undefined };
    if (this.#isOn('probe-stuck')) return { durationMs: Infinity, failure: STUCK, control: undefined };
    if (this.#isOn('probe-invalid'))
      return { durationMs: EGRESS_FAIL_MS, failure: NO_BROWSER, control: undefined };
    if (this.#isOn('probe-egress'))
      return { durationMs: EGRESS_FAIL_MS, failure: NO_ROUTE, control: CONTROL_FAIL };
    const { durationMs, failed } = encounter;
    if (!failed) return { durationMs, failure: undefined, control: undefined };
    return {
      durationMs,
      failure: durationMs === Infinity ? TIMEOUT : BAD_GATEWAY,
      control: CONTROL_PASS,
    };
  }

  #armEnd(running: UnderWay): void {
    const { ending, limitMs } = running;
    const isStuck = ending.failure === STUCK;
    const elapsedMs = this.#clock.monotonicMs() - running.startedMonotonicMs;
    const lastsMs = isStuck
      ? this.#host.policy.check.timeoutMs + STUCK_AFTER_MS
      : Math.min(ending.durationMs, limitMs);
    if (running.endTimer) running.endTimer.cancelled = true;
    const controlMs = ending.failure?.owner === 'target' ? (ending.control?.durationMs ?? 0) : 0;
    // A pass that its deadline cuts off fails, and asks the control target too.
    const lateControlMs = ending.durationMs > limitMs && controlMs === 0 && !isStuck ? CONTROL_MS : controlMs;
    running.endTimer = this.#clock.after(Math.max(0, lastsMs - elapsedMs) + lateControlMs, () =>
      this.#end(running, lastsMs),
    );
  }

  #shorten(running: UnderWay, deadlineMs: number): void {
    const elapsedMs = this.#clock.monotonicMs() - running.startedMonotonicMs;
    const shorterMs = Math.max(deadlineMs, elapsedMs + LEFT_MS_MIN);
    if (shorterMs >= running.limitMs) return;
    running.limitMs = shorterMs;
    this.#armEnd(running);
  }

  #end(running: UnderWay, durationMs: number): void {
    const { clock, policy, trace } = this.#host;
    const { ending, limitMs, startedAtMs, startedMonotonicMs, trueStartMs, start } = running;
    if (running.softTimer) running.softTimer.cancelled = true;
    this.#underWay = undefined;
    const isCut = ending.durationMs > limitMs;
    const isMute = ending.durationMs === Infinity && ending.failure === undefined;
    const failure = isCut ? (ending.failure ?? TIMEOUT) : ending.failure;
    if (isMute) return this.#change((schedule) => withoutRun(schedule, policy.check.id));
    this.#seq += 1;
    const run: Run = {
      id: runId(this.#name, this.#boot, this.#seq),
      check: policy.check.id,
      region: this.region,
      probe: this.#name,
      boot: this.#boot,
      seq: this.#seq,
      trigger: start.trigger,
      startedAtMs,
      durationMs,
      waitedMs: 0,
      outcome: failure === undefined ? 'pass' : failure.owner === 'target' ? 'fail' : 'invalid',
      ...(failure === undefined ? {} : { failure }),
      ...(failure?.owner === 'target' ? { control: ending.control ?? CONTROL_PASS } : {}),
      ...(limitMs < policy.check.timeoutMs ? { deadlineMs: limitMs } : {}),
      steps: [],
      screenshot: false,
      configHash: 'simulated000',
    };
    trace.note(clock.nowMs, `run ${run.outcome}`, run.id);
    this.#host.onRun({
      run,
      startMs: trueStartMs,
      endMs: clock.nowMs,
      encounteredFailure: failure !== undefined,
    });
    this.#spool.push({ run, boot: this.#boot, startedMonotonicMs });
    if (this.#isVerifying())
      this.#spool.push({ run: this.#canaryRun(run), boot: this.#boot, startedMonotonicMs });
    this.#connection.wake();
    this.#change((schedule) => withoutRun(schedule, policy.check.id));
    this.#glass.ran(run, startedMonotonicMs);
  }

  #isVerifying(): boolean {
    const { clock, scenario } = this.#host;
    const sinceStartMs = clock.nowMs - clock.startMs;
    const { canary } = scenario;
    return canary !== undefined && canary.fromMs <= sinceStartMs && sinceStartMs < canary.untilMs;
  }

  /** The other half of a pair: what it says is of the canary alone. */
  #canaryRun({ control: _control, failure: _failure, ...other }: Run): Run {
    this.#seq += 1;
    const [failure] = this.#ofCanary.pick([[], [CANARY_BROKEN], [CANARY_BROKEN], [NO_BROWSER]]);
    return {
      ...other,
      id: runId(this.#name, this.#boot, this.#seq),
      seq: this.#seq,
      trigger: 'deploy',
      durationMs: this.#ofCanary.pick([other.durationMs, 100, this.#host.policy.check.timeoutMs]),
      outcome: failure === undefined ? 'pass' : failure.owner === 'target' ? 'fail' : 'invalid',
      ...(failure === undefined ? {} : { failure }),
      deploy: { service: 'portal', n: 1, pair: this.#seq, side: 'canary', apart: true },
    };
  }

  #batch(): Entry[] {
    if (this.#isOn('probe-disorder')) return this.#spool.slice(-1).map((spooled) => this.#aged(spooled));
    return this.#spool.slice(0, RUNS_PER_REPORT_MAX).map((spooled) => this.#aged(spooled));
  }

  #aged({ run, boot, startedMonotonicMs }: Spooled): Entry {
    const ageMs =
      boot === this.#boot
        ? this.#clock.monotonicMs() - startedMonotonicMs
        : this.#clock.wallMs() - run.startedAtMs;
    return { ageMs: Math.max(0, ageMs), run };
  }

  #acknowledged(runs: readonly string[]): void {
    for (const id of runs) {
      const at = this.#spool.findIndex(({ run }) => run.id === id);
      if (at < 0) continue;
      this.#spool.splice(at, 1);
      this.#host.onAcknowledged(id);
    }
  }

  #paneTaken(pane: BrokenPane): void {
    const at = this.#glass.panes.indexOf(pane);
    if (at >= 0) this.#glass.panes.splice(at, 1);
  }

  #isOn(kind: Fault['kind']): boolean {
    const sinceStartMs = this.#host.clock.nowMs - this.#host.clock.startMs;
    return this.#faults.some((fault) => fault.kind === kind && isOn(fault, sinceStartMs));
  }
}
