import type { Trouble } from '#core/dns/asking/exchange.ts';
import { cutTrouble, silence } from '#core/dns/asking/silence.ts';
import { AskError } from './trouble.ts';

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
