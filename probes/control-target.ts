import type { Config } from '#core/config.ts';
import type { Control } from '#core/run.ts';
import { truncate } from '#core/units.ts';
import type { Clock } from './clock.ts';
import { errorText } from './log.ts';

/** An answer counts for this long, so that checks that fail together, or again at once, ask once. */
export const ANSWER_SHARED_MS = 5_000;
/** Characters of an error, as a run takes them. */
const ERROR_CHARS_MAX = 200;
/** From here on it is the other side that fails; anything below shows that the way there is good. */
const SERVER_ERROR_MIN = 500;

/** The page elsewhere that tells whether the probe's own way out works. */
export class ControlTarget {
  readonly #settings: NonNullable<Config['control']>;
  readonly #clock: Clock;
  #last: { untilMs: number; answer: Promise<Control> } | undefined;

  constructor(settings: NonNullable<Config['control']>, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Fetches it, or joins whoever does or did so in the last `ANSWER_SHARED_MS`. Never rejects. */
  look(): Promise<Control> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#last && nowMs < this.#last.untilMs) return this.#last.answer;
    // Until it has answered it is joined; then it counts from its answer.
    const last = { untilMs: Number.POSITIVE_INFINITY, answer: this.#fetch() };
    this.#last = last;
    void last.answer.then(() => {
      last.untilMs = this.#clock.monotonicMs() + ANSWER_SHARED_MS;
    });
    return last.answer;
  }

  async #fetch(): Promise<Control> {
    const { url, timeoutMs } = this.#settings;
    const startedMs = this.#clock.monotonicMs();
    const signal = AbortSignal.timeout(timeoutMs);
    const answered = (error?: string): Control => ({
      outcome: error === undefined ? 'pass' : 'fail',
      durationMs: this.#clock.monotonicMs() - startedMs,
      ...(error === undefined ? {} : { error: truncate(error, ERROR_CHARS_MAX) }),
    });
    try {
      // A connection kept from before may be dead, or alive where no new one can be made.
      const response = await fetch(url, { redirect: 'follow', signal, headers: { connection: 'close' } });
      const { status } = response;
      await response.body?.cancel();
      return answered(status >= SERVER_ERROR_MIN ? `http ${status}` : undefined);
    } catch (error) {
      return answered(signal.aborted ? `no answer within ${timeoutMs} ms` : errorText(error));
    }
  }
}
