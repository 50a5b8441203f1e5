import { setTimeout as pause } from 'node:timers/promises';
import { formatMs } from '#core/units.ts';
import { HubRequestError } from '../../hub-request.ts';

/** A hub that starts again, or is being deployed itself, is back within seconds; its machine may take a minute. */
const AWAY_MS_MAX = 90_000;
const AGAIN_AFTER_MS = 1_000;
/** Too many requests from one address; the hub counts by the minute. */
const TOO_MANY = 429;

/** Asks a hub that may be away for a while, and says so once. */
export class Patience {
  readonly #note: (text: string) => void;
  readonly #signal: AbortSignal;
  readonly #awayMsMax: number;

  constructor(note: (text: string) => void, signal: AbortSignal, awayMsMax: number = AWAY_MS_MAX) {
    this.#note = note;
    this.#signal = signal;
    this.#awayMsMax = awayMsMax;
  }

  /**
   * What the hub answers as soon as it does. Whatever is asked may have been done before its answer was lost.
   * @throws HubRequestError when the hub refuses, or is away for too long; the signal's reason when that aborts
   */
  async ask<T>(work: () => Promise<T>): Promise<T> {
    let awaySinceMs: number | undefined;
    for (;;) {
      try {
        this.#signal.throwIfAborted();
        const answer = await work();
        if (awaySinceMs !== undefined) this.#note('the hub answers again');
        return answer;
      } catch (error) {
        this.#signal.throwIfAborted();
        const isAway = error instanceof HubRequestError && (error.isAway || error.status === TOO_MANY);
        if (!isAway) throw error;
        const nowMs = performance.now();
        if (awaySinceMs === undefined)
          this.#note(`${error.message}; waiting for it up to ${formatMs(this.#awayMsMax)}`);
        awaySinceMs ??= nowMs;
        if (nowMs - awaySinceMs >= this.#awayMsMax) throw error;
        await pause(AGAIN_AFTER_MS, undefined, { signal: this.#signal });
      }
    }
  }
}
