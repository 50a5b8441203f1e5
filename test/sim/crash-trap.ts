import type { SimClock } from './clock.ts';
import { isOn, type CrashPoint, type Fault } from './scenario.ts';

/** The process has died in the middle of what it was doing. */
export class Crashed extends Error {
  override readonly name = 'Crashed';
  readonly downMs: number;

  constructor(downMs: number) {
    super(`the object dies, for ${downMs} ms`);
    this.downMs = downMs;
  }
}

/** Where the check's object dies, as a scenario's faults say. */
export class CrashTrap {
  readonly #clock: SimClock;
  readonly #set: { fault: Extract<Fault, { kind: 'hub-crash' }>; skipped: number }[];

  constructor(clock: SimClock, faults: readonly Fault[]) {
    this.#clock = clock;
    this.#set = faults.filter((fault) => fault.kind === 'hub-crash').map((fault) => ({ fault, skipped: 0 }));
  }

  /** Throws `Crashed` where a trap is set. */
  mayDie(point: CrashPoint): void {
    if (this.#set.length === 0) return;
    const sinceStartMs = this.#clock.nowMs - this.#clock.startMs;
    const at = this.#set.findIndex(({ fault }) => fault.point === point && isOn(fault, sinceStartMs));
    const trap = this.#set[at];
    if (!trap) return;
    if (trap.skipped < trap.fault.skip) {
      trap.skipped += 1;
      return;
    }
    this.#set.splice(at, 1);
    throw new Crashed(trap.fault.downMs);
  }
}
