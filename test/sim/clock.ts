import { EventQueue, type Timer } from './event-queue.ts';

/** Events of one simulation before it counts as running wild: a hundred times what the longest scenario takes. */
const EVENTS_MAX = 2_000_000;

/** The one true time of a simulation, epoch ms, and all that is going to happen. */
export class SimClock {
  readonly startMs: number;
  nowMs: number;
  readonly #queue = new EventQueue();
  #events = 0;

  constructor(startMs: number) {
    this.startMs = startMs;
    this.nowMs = startMs;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** Whole milliseconds, never in the past. */
  at(atMs: number, run: () => void): Timer {
    return this.#queue.push(Math.max(this.nowMs, Math.ceil(atMs)), run);
  }

  after(delayMs: number, run: () => void): Timer {
    return this.at(this.nowMs + delayMs, run);
  }

  /** Lets everything happen that is due until then, as long as `goesOn`, which is asked after each event. */
  runUntil(endMs: number, goesOn: () => boolean): void {
    for (let timer = this.#queue.pop(endMs); timer !== undefined; timer = this.#queue.pop(endMs)) {
      this.nowMs = timer.atMs;
      timer.run();
      this.#events += 1;
      if (this.#events > EVENTS_MAX) throw new Error(`more than ${EVENTS_MAX} events: something spins`);
      if (!goesOn()) return;
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }
}

/** As Node has it: a timer for less is one for this. */
const TIMER_MS_MIN = 1;

/** What a machine's own clocks say: a wall clock that is off and may be set, and a monotonic one; both drift. */
export class SkewedClock {
  readonly #clock: SimClock;
  readonly #rate: number;
  #offsetMs: number;

  /** `driftPpm`: how much faster its clocks run, millionths. */
  constructor(clock: SimClock, offsetMs: number, driftPpm: number) {
    this.#clock = clock;
    this.#offsetMs = offsetMs;
    this.#rate = 1 + driftPpm / 1e6;
  }

  /** Epoch ms. */
  wallMs(): number {
    return this.#clock.startMs + this.monotonicMs() + this.#offsetMs;
  }

  monotonicMs(): number {
    return (this.#clock.nowMs - this.#clock.startMs) * this.#rate;
  }

  /** By its own reckoning of how long that is. */
  after(delayMs: number, run: () => void): Timer {
    return this.#clock.after(Math.max(TIMER_MS_MIN, delayMs / this.#rate), run);
  }

  /** Somebody sets the wall clock. */
  stepWall(byMs: number): void {
    this.#offsetMs += byMs;
  }
}
