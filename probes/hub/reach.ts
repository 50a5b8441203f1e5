import type { Clock } from '../clock.ts';

/**
 * Gets `undefined` when the hub is there; when it is out of reach, the last exchange with it by the monotonic clock, or
 * the start when there was none.
 */
export type ReachListener = (outSinceMs: number | undefined) => void;

/** Whether the hub is there. One that answers, if only to refuse, is. */
export class Reach {
  readonly #clock: Clock;
  readonly #listener: ReachListener;
  #heardMs = 0;
  #isOut = false;

  constructor(clock: Clock, listener: ReachListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Nothing has been heard yet. */
  begin(): void {
    this.#heardMs = this.#clock.monotonicMs();
    this.lost();
  }

  /** The hub has answered, or said something by itself. */
  heard(): void {
    this.#heardMs = this.#clock.monotonicMs();
    if (!this.#isOut) return;
    this.#isOut = false;
    this.#listener(undefined);
  }

  /** The connection is gone, or could not be made, and there is no other. */
  lost(): void {
    if (this.#isOut) return;
    this.#isOut = true;
    this.#listener(this.#heardMs);
  }
}
