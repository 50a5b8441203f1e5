import type { Trouble } from '#core/dns/asking/exchange.ts';
import { AskError, notMeasurable, silence } from './trouble.ts';

/**
 * A question that had no answer for this long when the run's time was over had none; of a younger one nothing is known. The
 * longest that a client's question takes without anybody noticing (reference: dns, section 1.3, E6).
 */
const SILENT_MS_MIN = 500;

/** What it means that the run's time was over when a question had waited so long. */
export function cutTrouble(waitedMs: number): Trouble {
  return waitedMs >= SILENT_MS_MIN
    ? silence(waitedMs)
    : notMeasurable(`the run's time was over ${Math.round(waitedMs)} ms after it was asked`);
}

/** The times of exchanges under way: each ends by itself, and all of them at once when the run does. */
export class ExchangeTimes {
  readonly #cuts = new Set<() => void>();
  #isOver = false;

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Does `work` with a signal that aborts after `timeoutMs` or at the end; its reason is an `AskError`. */
  async within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const abort = new AbortController();
    const end = (trouble: Trouble): void => abort.abort(new AskError(trouble));
    const timer = setTimeout(() => end(silence(timeoutMs)), timeoutMs);
    const cut = (): void => end(cutTrouble(performance.now() - startedMs));
    this.#cuts.add(cut);
    if (this.#isOver) cut();
    try {
      return await work(abort.signal);
    } catch (error) {
      // Whatever the aborting has done to the sockets, its reason is what is wrong.
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      clearTimeout(timer);
      this.#cuts.delete(cut);
    }
  }

  /** Ends all that is under way, and whatever would begin. */
  end(): void {
    this.#isOver = true;
    for (const cut of this.#cuts) cut();
  }
}
