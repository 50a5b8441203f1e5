import { HEARTBEAT_INTERVAL_MS, type NextStart } from '#core/wire.ts';
import { backoffMs } from '#probes/hub/backoff.ts';
import { HUB_TIMINGS } from '#probes/hub/hub-timings.ts';
import type { SimClock, SkewedClock } from './clock.ts';
import type { Timer } from './event-queue.ts';
import type { BrokenPane } from './glass.ts';
import type { Entry } from './hub.ts';
import { Link, linkFaults } from './link.ts';
import { Prng } from './prng.ts';
import type { ProbeLine, RegionHub } from './region-hub.ts';
import type { Scenario } from './scenario.ts';
import type { Trace } from './trace.ts';

export type ConnectionHost = {
  readonly clock: SimClock;
  readonly scenario: Scenario;
  readonly trace: Trace;
  readonly ownClock: SkewedClock;
};

/** What a connection carries for its probe. */
export type ConnectionUser = {
  onPlan(start: NextStart): void;
  onStarts(start: NextStart): void;
  onRunNow(deadlineMs: number | undefined): void;
  /** The oldest of what waits, with ages as of now. */
  batch(): Entry[];
  acknowledged(runs: readonly string[]): void;
  /** A page of its own that the hub does not know of yet. */
  pane(): BrokenPane | undefined;
  paneAge(atMs: number): number;
  paneTaken(pane: BrokenPane): void;
  /** The hub is there, and is not any more. */
  onOpen(): void;
  /** `agoMs`: how long ago it was last heard, by the true clock. */
  onLost(agoMs: number): void;
};

/** A connection that lasts so long was a good one: the next pause is short. */
const STABLE_MS = 10_000;

/** A probe's socket to its region's object, as `probes/hub/` has it: hello, heartbeats, one report at a time, and again. */
export class ProbeConnection {
  readonly #host: ConnectionHost;
  readonly #region: string;
  readonly #hubSide: RegionHub;
  readonly #user: ConnectionUser;
  readonly #prng: Prng;
  readonly #up: Link;
  readonly #down: Link;
  /** The connection there is, or that is being made. */
  #line: ProbeLine | undefined;
  #isOpen = false;
  #openedMs = 0;
  #heardMs = 0;
  #failures = 0;
  #notStored = 0;
  #timers: Timer[] = [];
  #report: Timer | undefined;
  #reports = 0;
  #heldUntilMs = 0;
  /** On its way. */
  #pane: BrokenPane | undefined;

  constructor(host: ConnectionHost, region: string, hubSide: RegionHub, user: ConnectionUser) {
    const { clock, scenario } = host;
    const faults = linkFaults(scenario.faults, region);
    this.#host = host;
    this.#region = region;
    this.#hubSide = hubSide;
    this.#user = user;
    this.#prng = new Prng(scenario.seed, `connection of ${region}`);
    this.#up = new Link(clock, new Prng(scenario.seed, `link up of ${region}`), scenario.linkMs, faults);
    this.#down = new Link(clock, new Prng(scenario.seed, `link down of ${region}`), scenario.linkMs, faults);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  start(): void {
    this.#failures = 0;
    this.#connect();
  }

  /** The process is gone. */
  stop(): void {
    this.#forget();
  }

  /** Something waits to be sent. */
  wake(): void {
    this.#sendPane();
    const { clock } = this.#host;
    if (!this.#isOpen || this.#report || clock.nowMs < this.#heldUntilMs) return;
    const entries = this.#user.batch();
    const line = this.#line;
    if (entries.length === 0 || !line) return;
    this.#report = this.#host.ownClock.after(HUB_TIMINGS.ackMs, () => this.#lost('no acknowledgement'));
    this.#reports += 1;
    const id = this.#reports;
    this.#send(line, () => this.#hubSide.report(line, id, entries));
  }

  overdue(ageMs: () => number): void {
    const line = this.#line;
    if (!this.#isOpen || !line) return;
    const age = ageMs();
    this.#send(line, () => this.#hubSide.overdue(age));
  }

  /** Sent again until it is taken in. */
  #sendPane(): void {
    const line = this.#line;
    const pane = this.#user.pane();
    if (!this.#isOpen || !line || !pane || this.#pane === pane) return;
    this.#pane = pane;
    const { firstFailedMs, decidedMs, acceptedMs, glass } = pane;
    const ages = [firstFailedMs, decidedMs, acceptedMs].map((atMs) => this.#user.paneAge(atMs));
    this.#send(line, () => this.#hubSide.brokeGlass(line, glass, ages, pane));
    this.#timers.push(
      this.#host.ownClock.after(HUB_TIMINGS.ackMs, () => {
        if (this.#pane !== pane) return;
        this.#pane = undefined;
        this.#sendPane();
      }),
    );
  }

  #connect(): void {
    const { ownClock, clock } = this.#host;
    const line = this.#newLine();
    this.#line = line;
    this.#heardMs = clock.nowMs;
    this.#timers.push(
      ownClock.after(HUB_TIMINGS.ackMs, () => this.#line !== line || this.#isOpen || this.#lost('no plan')),
    );
    this.#up.send(() => {
      if (this.#hubSide.isUp) this.#hubSide.hello(line);
      else this.#down.send(() => this.#line === line && this.#lost('refused'));
    });
  }

  #send(line: ProbeLine, deliver: () => void): void {
    this.#up.send(() => {
      if (this.#hubSide.isUp && this.#hubSide.isConnected(line)) deliver();
      // The other end of this socket is gone, and says so.
      else this.#down.send(() => this.#line === line && this.#lost('closed'));
    });
  }

  /** What the hub may say over one connection; what comes over an older one is still heard, but opens nothing. */
  #newLine(): ProbeLine {
    const back = (take: () => void): void =>
      this.#down.send(() => {
        if (this.#line !== line) return;
        this.#heardMs = this.#host.clock.nowMs;
        take();
      });
    const line: ProbeLine = {
      plan: (start) =>
        back(() => {
          this.#opened();
          this.#user.onPlan(start);
          this.wake();
        }),
      ack: (report, runs, start) => back(() => this.#acked(report, runs, start)),
      runNow: (deadlineMs) => back(() => this.#user.onRunNow(deadlineMs)),
      pong: () => back(() => undefined),
      paneTaken: (pane) =>
        back(() => {
          this.#user.paneTaken(pane);
          this.#pane = undefined;
          this.#sendPane();
        }),
      closed: () => back(() => this.#lost('closed')),
    };
    return line;
  }

  #opened(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#openedMs = this.#host.clock.nowMs;
    this.#heldUntilMs = 0;
    this.#user.onOpen();
    this.#beat();
  }

  #beat(): void {
    const { clock, ownClock } = this.#host;
    const line = this.#line;
    if (!line) return;
    if (clock.nowMs - this.#heardMs > HUB_TIMINGS.silenceMs) return this.#lost('silence');
    this.#send(line, () => this.#hubSide.ping(line));
    this.#timers = [ownClock.after(HEARTBEAT_INTERVAL_MS, () => this.#beat())];
  }

  #acked(report: number, runs: readonly string[], start: NextStart | undefined): void {
    if (!this.#report || report !== this.#reports) return;
    this.#report.cancelled = true;
    this.#report = undefined;
    this.#user.acknowledged(runs);
    if (start) this.#user.onStarts(start);
    if (runs.length > 0) {
      this.#notStored = 0;
      return this.wake();
    }
    this.#notStored += 1;
    const waitMs = backoffMs(this.#notStored, this.#prng.next());
    this.#heldUntilMs = this.#host.clock.nowMs + waitMs;
    this.#timers.push(this.#host.ownClock.after(waitMs + 1, () => this.wake()));
  }

  #lost(why: string): void {
    const { clock, ownClock, trace } = this.#host;
    trace.note(clock.nowMs, `${this.#region} has lost the hub:`, why);
    if (this.#isOpen) this.#user.onLost(clock.nowMs - this.#heardMs);
    const wasStable = this.#isOpen && clock.nowMs - this.#openedMs >= STABLE_MS;
    this.#forget();
    this.#failures = wasStable ? 1 : this.#failures + 1;
    this.#timers = [ownClock.after(backoffMs(this.#failures, this.#prng.next()), () => this.#connect())];
  }

  #forget(): void {
    this.#line = undefined;
    this.#isOpen = false;
    if (this.#report) this.#report.cancelled = true;
    this.#report = undefined;
    this.#pane = undefined;
    for (const timer of this.#timers) timer.cancelled = true;
    this.#timers = [];
  }
}
