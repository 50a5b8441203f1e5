import { systemClock, type Clock } from './clock.ts';

/** A run that is told to be quicker still gets this long: it ends by its deadline, and not by surprise. */
const LEFT_MS_MIN = 250;

/**
 * How long a run may take, milliseconds, from the moment its check's own time begins. It can be shortened while the run
 * goes on, never made longer.
 */
export class RunDeadline {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #limitMs: number;
  #begunMs: number | undefined;

  constructor(limitMs: number, clock: Clock = systemClock) {
    this.#limitMs = limitMs;
    this.#clock = clock;
  }

  get limitMs(): number {
    return this.#limitMs;
  }

  get hasBegun(): boolean {
    return this.#begunMs !== undefined;
  }

  /** The check's own time begins: all that was ours to get ready is there. Only the first call counts. */
  begin(): void {
    if (this.#begunMs !== undefined) return;
    this.#begunMs = this.#clock.monotonicMs();
    this.#tell();
  }

  /** What is left of it; all of it before it has begun, negative when it is over. */
  leftMs(): number {
    return this.#limitMs - this.#elapsedMs();
  }

  /** Makes the limit this short, or as short as what has already passed allows. A longer one changes nothing. */
  shorten(limitMs: number): void {
    const shorter = Math.max(limitMs, this.#elapsedMs() + LEFT_MS_MIN);
    if (shorter >= this.#limitMs) return;
    this.#limitMs = shorter;
    this.#tell();
  }

  /** Calls back when it begins and whenever it becomes shorter; the returned function ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What `work` gives, or `undefined` when the deadline comes first, however close it has come meanwhile. */
  within<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      let cancel = (): void => undefined;
      const arm = (): void => {
        cancel();
        cancel = this.#clock.after(Math.max(0, this.leftMs()), () => {
          stopListening();
          resolve(undefined);
        });
      };
      const stopListening = this.onChange(arm);
      arm();
      work.then(resolve, reject).finally(() => {
        cancel();
        stopListening();
      });
    });
  }

  #elapsedMs(): number {
    return this.#begunMs === undefined ? 0 : this.#clock.monotonicMs() - this.#begunMs;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
