/** A run that is told to be quicker still gets this long, milliseconds: it ends by its deadline, and not by surprise. */
const LEFT_MS_MIN = 250;

/** The time a run has, from now on. It can be shortened while the run goes on, and ends by itself. */
export class RunTime {
  readonly startedMs = performance.now();
  readonly #over = new AbortController();
  #limitMs: number;
  #timer: ReturnType<typeof setTimeout>;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#timer = this.#endIn(limitMs);
  }

  /** Aborts when it is over. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get limitMs(): number {
    return this.#limitMs;
  }

  tookMs(): number {
    return Math.max(0, performance.now() - this.startedMs);
  }

  /** Makes the limit this short, or as short as what has already passed allows. A longer one changes nothing. */
  shorten(limitMs: number): void {
    const shorter = Math.max(limitMs, this.tookMs() + LEFT_MS_MIN);
    if (shorter >= this.#limitMs || this.over.aborted) return;
    this.#limitMs = shorter;
    clearTimeout(this.#timer);
    this.#timer = this.#endIn(shorter - this.tookMs());
  }

  /** The run is over by itself: what is still under way ends too. */
  end(): void {
    clearTimeout(this.#timer);
    this.#over.abort();
  }

  #endIn(leftMs: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#over.abort(), Math.max(0, leftMs));
  }
}
