/** What comes after a step: the next one now, after a wake, after a wake or a time, or after a time whatever wakes. */
export type Pause = 'now' | 'until-woken' | { untilWokenOrMs: number } | { forMs: number };

/** Repeats a step, pausing as each step says. A wake during a step counts for the pause after it. */
export class Loop {
  readonly #step: () => Promise<Pause>;
  #running: Promise<void> | undefined;
  #woken = false;
  #stopped = false;
  #interrupt: (() => void) | undefined;
  #interruptible = false;

  constructor(step: () => Promise<Pause>) {
    this.#step = step;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Begins; once. The promise settles when the loop has stopped, and rejects when a step does. */
  start(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  wake(): void {
    this.#woken = true;
    if (this.#interruptible) this.#interrupt?.();
  }

  /** No step begins after this; the promise of `start` settles when the last has ended. */
  stop(): void {
    this.#stopped = true;
    this.#interrupt?.();
  }

  /** Waits within a step; only `stop` ends it early. */
  async sleep(delayMs: number): Promise<void> {
    await this.#pause(delayMs, false);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const pause = await this.#step();
      if (pause === 'now') continue;
      if (pause === 'until-woken') await this.#pause(undefined, true);
      else if ('forMs' in pause) await this.#pause(pause.forMs, false);
      else await this.#pause(pause.untilWokenOrMs, true);
      this.#woken = false;
    }
  }

  async #pause(delayMs: number | undefined, interruptible: boolean): Promise<void> {
    if (this.#stopped || (interruptible && this.#woken)) return;
    await new Promise<void>((resolve) => {
      const timer = delayMs === undefined ? undefined : setTimeout(resolve, delayMs);
      this.#interruptible = interruptible;
      this.#interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#interrupt = undefined;
  }
}
