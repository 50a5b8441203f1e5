/** At most `max` failed attempts in any `windowMs`. It lives in one isolate: a bound on guessing, not a count. */
export class AttemptLimit {
  readonly #max: number;
  readonly #windowMs: number;
  #failedAtMs: number[] = [];

  constructor(max: number, windowMs: number) {
    this.#max = max;
    this.#windowMs = windowMs;
  }

  /** Milliseconds until another attempt is heard; 0 when one is heard now. */
  waitMs(nowMs: number): number {
    this.#failedAtMs = this.#failedAtMs.filter((atMs) => nowMs - atMs < this.#windowMs);
    const oldest = this.#failedAtMs[0];
    return oldest === undefined || this.#failedAtMs.length < this.#max ? 0 : oldest + this.#windowMs - nowMs;
  }

  /** Notes an attempt that failed. */
  failed(nowMs: number): void {
    this.#failedAtMs.push(nowMs);
  }
}
