import { dedupKey } from '#core/page.ts';
import type { BrokeGlass, NextStart } from '#core/wire.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { backoffMs } from './backoff.ts';
import { BAD_MESSAGE } from './hub-http.ts';
import type { HubTimings } from './hub-timings.ts';
import type { Link } from './link.ts';

export type BrokeGlassReportsOptions = {
  clock: Clock;
  timings: HubTimings;
  log: Log;
  /** The next page of the probe's own that the hub does not know of. */
  next(): BrokeGlass | undefined;
  /** The hub has taken it in, or will never take it. */
  onTold(message: BrokeGlass): void;
  onStarts(starts: readonly NextStart[]): void;
};

/** Tells the hub which pages the probe has sent by itself, one at a time, until it has acknowledged each. */
export class BrokeGlassReports {
  readonly #options: BrokeGlassReportsOptions;
  #failures = 0;
  #notBeforeMs = 0;

  constructor(options: BrokeGlassReportsOptions) {
    this.#options = options;
  }

  /** How long until there is something to tell, milliseconds; `undefined` when there is nothing. */
  waitMs(): number | undefined {
    if (this.#options.next() === undefined) return undefined;
    return Math.max(0, this.#notBeforeMs - this.#options.clock.monotonicMs());
  }

  /** Makes one attempt. Runs are not held up by one that fails: the next is made after a pause. Never rejects. */
  async tell(link: Link): Promise<void> {
    const message = this.#options.next();
    if (message === undefined) return;
    const { log } = this.#options;
    const page = dedupKey(message.check, message.seq);
    const { channel } = message;
    const answer = await link.brokeGlass(message);
    if (answer.kind === 'ok') {
      this.#options.onStarts(answer.value.starts);
      if (!answer.value.brokeGlass?.includes(page)) return this.#pause(page, 'the hub could not store it');
      this.#failures = 0;
      log('info', 'broke-glass-told', { page, channel });
      return this.#options.onTold(message);
    }
    if (answer.kind === 'refused' && answer.byHub && BAD_MESSAGE.has(answer.status)) {
      log('error', 'broke-glass-refused', { page, channel, status: answer.status, error: answer.error });
      return this.#options.onTold(message);
    }
    this.#pause(page, answer.error);
  }

  #pause(page: string, error: string): void {
    const { clock, log, timings } = this.#options;
    this.#failures += 1;
    const waitMs = backoffMs(this.#failures, Math.random(), timings.backoffMinMs, timings.backoffMaxMs);
    this.#notBeforeMs = clock.monotonicMs() + waitMs;
    log('warn', 'broke-glass-not-told', { page, error, retryMs: Math.round(waitMs) });
  }
}
