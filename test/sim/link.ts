import type { SimClock } from './clock.ts';
import type { Prng } from './prng.ts';
import { isOn, type Fault, type Span } from './scenario.ts';

type LinkFault = Extract<Fault, { kind: 'link' | 'partition' | 'hub-cut-off' }>;

/** One way that messages go: they take time, and come in order, as TCP brings them, unless a fault is on. */
export class Link {
  readonly #clock: SimClock;
  readonly #prng: Prng;
  readonly #delayMs: Span;
  readonly #faults: readonly LinkFault[];
  #lastArrivalMs = 0;

  constructor(clock: SimClock, prng: Prng, delayMs: Span, faults: readonly LinkFault[]) {
    this.#clock = clock;
    this.#prng = prng;
    this.#delayMs = delayMs;
    this.#faults = faults;
  }

  /** Whether nothing gets through now. */
  get isCut(): boolean {
    return this.#faultsNow().some(({ kind }) => kind !== 'link');
  }

  send(deliver: () => void): void {
    const now = this.#faultsNow();
    const delayMs = this.#prng.between(...this.#delayMs);
    if (now.some(({ kind }) => kind !== 'link')) return;
    const trouble = now.find((fault) => fault.kind === 'link');
    if (!trouble) return this.#deliver(delayMs, false, deliver);
    if (this.#prng.chance(trouble.loss)) return;
    const copies = this.#prng.chance(trouble.duplicates) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++)
      this.#deliver(delayMs + this.#prng.between(0, trouble.delayMaxMs), trouble.reorders, deliver);
  }

  #deliver(delayMs: number, reorders: boolean, deliver: () => void): void {
    const arrivalMs = this.#clock.nowMs + delayMs;
    if (reorders) {
      this.#clock.at(arrivalMs, deliver);
      return;
    }
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivalMs);
    this.#clock.at(this.#lastArrivalMs, deliver);
  }

  #faultsNow(): LinkFault[] {
    if (this.#faults.length === 0) return NONE;
    const sinceStartMs = this.#clock.nowMs - this.#clock.startMs;
    return this.#faults.filter((fault) => isOn(fault, sinceStartMs));
  }
}

const NONE: LinkFault[] = [];

/** The faults that concern the way between a region's probe and the hub. */
export function linkFaults(faults: readonly Fault[], region: string): LinkFault[] {
  return faults.filter(
    (fault) =>
      fault.kind === 'hub-cut-off' ||
      ((fault.kind === 'link' || fault.kind === 'partition') && fault.region === region),
  ) as LinkFault[];
}
