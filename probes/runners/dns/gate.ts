/** Questions waiting for one server. `group`: whose they are, so that they can be given up together. */
type Lane = { waiting: Waiting[]; nextAtMs: number };
type Waiting = { group: object; paceMs: number; settle: (hasCome: boolean) => void };

/**
 * Lets questions out: so many at once over all, and to one server one in `paceMs`, in the order they came. Servers take
 * turns, so that a silent one does not keep the others from being asked.
 */
export class Gate {
  readonly #lanes = new Map<string, Lane>();
  #free: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(atOnceMax: number) {
    this.#free = atOnceMax;
  }

  /**
   * `true`, at once or later, when the turn has come: `leave` must follow. `false` when the group was given up before.
   * `server` is host and port: what shares a rate limit.
   */
  enter(server: string, paceMs: number, group: object): true | Promise<boolean> {
    const lane = this.#lanes.get(server);
    const isIdle = lane === undefined || (lane.waiting.length === 0 && lane.nextAtMs <= performance.now());
    if (isIdle && this.#free > 0) {
      this.#free -= 1;
      if (paceMs > 0) this.#lanes.set(server, { waiting: [], nextAtMs: performance.now() + paceMs });
      return true;
    }
    return new Promise((settle) => {
      const wanted = lane ?? { waiting: [], nextAtMs: 0 };
      wanted.waiting.push({ group, paceMs, settle });
      this.#lanes.set(server, wanted);
      this.#letOut();
    });
  }

  /** One that had its turn has ended. */
  leave(): void {
    this.#free += 1;
    if (this.#lanes.size > 0) this.#letOut();
  }

  /** Gives up all of a group that still wait. */
  giveUp(group: object): void {
    for (const lane of this.#lanes.values()) {
      const gone = lane.waiting.filter((waiting) => waiting.group === group);
      lane.waiting = lane.waiting.filter((waiting) => waiting.group !== group);
      for (const { settle } of gone) settle(false);
    }
    this.#letOut();
  }

  #letOut(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    for (const [server, lane] of this.#lanes) {
      if (this.#free === 0) return;
      if (lane.nextAtMs > nowMs) continue;
      // Taken out, and put in again behind the others when it is still needed: the loop comes by here once more.
      this.#lanes.delete(server);
      const first = lane.waiting.shift();
      if (!first) continue;
      this.#free -= 1;
      lane.nextAtMs = nowMs + first.paceMs;
      if (first.paceMs > 0 || lane.waiting.length > 0) this.#lanes.set(server, lane);
      first.settle(true);
    }
    const nextAtMs = Math.min(
      ...[...this.#lanes.values()].filter(({ waiting }) => waiting.length > 0).map((lane) => lane.nextAtMs),
    );
    if (Number.isFinite(nextAtMs))
      this.#timer = setTimeout(() => this.#letOut(), Math.ceil(nextAtMs - nowMs));
  }
}
