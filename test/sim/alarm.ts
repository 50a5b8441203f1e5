import type { SimClock } from './clock.ts';
import type { Timer } from './event-queue.ts';
import { Prng } from './prng.ts';
import { isOn, type Fault, type Scenario } from './scenario.ts';

/** As in `worker/objects/alarm-clock.ts`. */
const STALE_AFTER_MS = 5_000;
const TIMER_MS_MAX = 60_000;
/** An ordinary alarm is a few milliseconds late, and a doubled one comes a little later again. */
const ORDINARY_LATE_MS = 20;
const DOUBLED_AFTER_MS = 500;

type AlarmFault = Extract<Fault, { kind: 'alarms' }>;

/** An object's stored alarm, as Cloudflare keeps it: one at a time, at least once, and late when something is wrong. */
export class Alarm {
  readonly #clock: SimClock;
  readonly #prng: Prng;
  readonly #faults: readonly AlarmFault[];
  readonly #fire: () => void;
  #atMs: number | undefined;
  #timer: Timer | undefined;

  constructor(clock: SimClock, scenario: Scenario, fire: () => void) {
    this.#clock = clock;
    this.#prng = new Prng(scenario.seed, 'alarm');
    this.#faults = scenario.faults.filter((fault) => fault.kind === 'alarms');
    this.#fire = fire;
  }

  /** When it is set to fire, by the clock of who has set it. */
  get atMs(): number | undefined {
    return this.#atMs;
  }

  set(atMs: number, inMs: number): void {
    this.#atMs = atMs;
    if (this.#timer) this.#timer.cancelled = true;
    const fault = this.#faults.find((item) => isOn(item, this.#clock.nowMs - this.#clock.startMs));
    const lateMs = this.#prng.between(0, fault?.lateMaxMs ?? ORDINARY_LATE_MS);
    if (fault?.lost) return;
    this.#timer = this.#clock.after(inMs + lateMs, () => {
      if (fault?.doubled) this.#clock.after(DOUBLED_AFTER_MS, this.#fire);
      this.#fire();
    });
  }

  /** It fires later: there is nobody to take it. */
  again(afterMs: number): void {
    this.#timer = this.#clock.after(afterMs + 1, this.#fire);
  }

  /** It has been taken: there is none set now. */
  fired(): void {
    this.#atMs = undefined;
  }
}

/** Wakes an object when it is due, by a timer that dies with the process, and by its alarm. */
export class AlarmClock {
  readonly #clock: SimClock;
  readonly #alarm: Alarm;
  readonly #onTimer: () => void;
  #timer: Timer | undefined;

  constructor(clock: SimClock, alarm: Alarm, onTimer: () => void) {
    this.#clock = clock;
    this.#alarm = alarm;
    this.#onTimer = onTimer;
  }

  /** The process has died. */
  stop(): void {
    if (this.#timer) this.#timer.cancelled = true;
  }

  /** `dueMs` and `nowMs` are by the object's clock. */
  arm(dueMs: number | undefined, nowMs: number): void {
    this.stop();
    if (dueMs === undefined) return;
    const inMs = Math.max(1, dueMs - nowMs);
    if (inMs <= TIMER_MS_MAX) this.#timer = this.#clock.after(inMs, this.#onTimer);
    const { atMs } = this.#alarm;
    if (atMs !== undefined && atMs >= nowMs - STALE_AFTER_MS && atMs <= dueMs) return;
    this.#alarm.set(nowMs + inMs, inMs);
  }
}
