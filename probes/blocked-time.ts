/** Pause between two beats of the main thread, and between two looks of the watchdog. */
export const BEAT_MS = 1_000;
/**
 * A look that comes later than this proves nothing: the machine was suspended, the process stopped, or nobody in it got
 * the processor. Whoever looked late gives the main thread another pause to beat in.
 */
const LATE_MS = 2 * BEAT_MS;

/** How long a counter that should go up has stood still. */
export class BlockedTime {
  #beat: number;
  #lookedMs: number;
  #blockedMs = 0;

  constructor(beat: number, nowMs: number) {
    this.#beat = beat;
    this.#lookedMs = nowMs;
  }

  /** Milliseconds without a beat, up to this look; `nowMs` is monotonic. */
  look(beat: number, nowMs: number): number {
    const sinceMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    if (beat !== this.#beat) this.#blockedMs = 0;
    else if (sinceMs <= LATE_MS) this.#blockedMs += sinceMs;
    this.#beat = beat;
    return this.#blockedMs;
  }
}
