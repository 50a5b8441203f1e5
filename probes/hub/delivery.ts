import {
  MESSAGE_BYTES_MAX,
  RUNS_PER_REPORT_MAX,
  type Ack,
  type BrokeGlass,
  type NextStart,
  type Report,
} from '#core/wire.ts';
import { backoffMs } from './backoff.ts';
import type { Clock } from '../clock.ts';
import { BrokeGlassReports } from './broke-glass-reports.ts';
import { BAD_MESSAGE, type HubAnswer } from './hub-http.ts';
import type { HubTimings } from './hub-timings.ts';
import type { Link } from './link.ts';
import type { Log } from '../log.ts';
import { Loop, type Pause } from './loop.ts';
import { keepersOf, type Spool, type SpooledRun } from '../spool/spool.ts';

export type DeliveryOptions = {
  spool: Spool;
  clock: Clock;
  timings: HubTimings;
  log: Log;
  onStarts(starts: readonly NextStart[]): void;
  /** The next page of the probe's own that the hub must be told of. */
  nextBrokeGlass(): BrokeGlass | undefined;
  onBrokeGlassTold(message: BrokeGlass): void;
  /** After each acknowledgement; `drained` when nothing is left. */
  onAcknowledged(drained: boolean): void;
};

/** Refusals that only a person can mend. */
const NEEDS_PERSON = new Set([401, 403, 409]);
/** Room for the report's own brackets and the entries' ages. */
const ENVELOPE_BYTES = 64 * (RUNS_PER_REPORT_MAX + 1);
/** When the disk cannot be read just now. */
const DISK_RETRY_MS = 1_000;

/** Those who could not store their runs: how often in a row, and when these are sent again, by the monotonic clock. */
type Held = { failures: number; untilMs: number };

/**
 * Sends what is in the spool, in order, one report at a time, until the hub has acknowledged it. Each check has an object
 * of its own in the hub, and each service, for the runs that verify its deploys: one that cannot store its runs must not hold
 * up those of the others, nor a service those of its checks' schedule.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #loop = new Loop(() => this.#step());
  readonly #glass: BrokeGlassReports;
  #link: Link | undefined;
  #failures = 0;
  /** Runs that are sent one by one, after a report of several was refused, to find the bad one. */
  #singly = 0;
  readonly #held = new Map<string, Held>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#glass = new BrokeGlassReports({
      ...options,
      next: () => options.nextBrokeGlass(),
      onTold: (message) => options.onBrokeGlassTold(message),
    });
  }

  start(): Promise<void> {
    return this.#loop.start();
  }

  stop(): void {
    this.#loop.stop();
  }

  /** Runs have been spooled, or the probe has paged by itself. */
  wake(): void {
    this.#loop.wake();
  }

  /** Sends over this from now on; `undefined` when there is no way to the hub. */
  use(link: Link | undefined): void {
    this.#link = link;
    this.#loop.wake();
  }

  async #step(): Promise<Pause> {
    const link = this.#link;
    if (link === undefined) return 'until-woken';
    // Before the runs: with them the hub may page, and must know by then that somebody has been woken.
    if (this.#glass.waitMs() === 0) {
      await this.#glass.tell(link);
      return 'now';
    }
    const { spool, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const held = [...this.#held].filter(([, { untilMs }]) => untilMs > nowMs);
    const batch = await spool.oldest(
      this.#singly > 0 ? 1 : RUNS_PER_REPORT_MAX,
      MESSAGE_BYTES_MAX - ENVELOPE_BYTES,
      new Set(held.map(([keepers]) => keepers)),
    );
    if (batch.length === 0) {
      const glassMs = this.#glass.waitMs();
      const toTell = glassMs === undefined ? [] : [glassMs];
      if (spool.stats().pending > 0)
        toTell.push(DISK_RETRY_MS, ...held.map(([, { untilMs }]) => untilMs - nowMs));
      return toTell.length === 0 ? 'until-woken' : { untilWokenOrMs: Math.min(...toTell) };
    }
    const answer = await link.report({ type: 'report', entries: batch.map((entry) => this.#aged(entry)) });
    switch (answer.kind) {
      case 'ok':
        return this.#acknowledged(batch, answer.value);
      case 'refused':
        return this.#refused(batch, answer);
      case 'lost':
        this.#options.log('warn', 'report-lost', { runs: batch.length, error: answer.error });
        // A socket is gone then, and its successor wakes us.
        return this.#link === link ? this.#backOff() : 'now';
    }
  }

  async #acknowledged(batch: readonly SpooledRun[], ack: Ack): Promise<Pause> {
    const { spool, log } = this.#options;
    await spool.acknowledge(ack.runs);
    this.#options.onStarts(ack.starts);
    this.#options.onAcknowledged(spool.stats().pending === 0);
    this.#singly = Math.max(0, this.#singly - batch.length);
    this.#failures = 0;
    const lacking = batch.filter(({ run }) => !ack.runs.includes(run.id)).map(({ run }) => run);
    const without = new Set(lacking.map(keepersOf));
    for (const keepers of new Set(batch.map(({ run }) => keepersOf(run))))
      this.#hold(keepers, without.has(keepers));
    if (lacking.length > 0)
      log('warn', 'report-not-stored', {
        runs: lacking.length,
        checks: [...new Set(lacking.map(({ check }) => check))].join(' '),
      });
    return 'now';
  }

  /** Keeps runs back for a while after the hub could not store them; takes that back when it could. */
  #hold(keepers: string, lacking: boolean): void {
    if (!lacking) return void this.#held.delete(keepers);
    const { clock, timings } = this.#options;
    const failures = (this.#held.get(keepers)?.failures ?? 0) + 1;
    const waitMs = backoffMs(failures, Math.random(), timings.backoffMinMs, timings.backoffMaxMs);
    this.#held.set(keepers, { failures, untilMs: clock.monotonicMs() + waitMs });
  }

  async #refused(
    batch: readonly SpooledRun[],
    { status, error, retryAfterMs, byHub }: HubAnswer<Ack> & { kind: 'refused' },
  ): Promise<Pause> {
    const { spool, log, timings } = this.#options;
    // A token for another region or probe: runs left over from before a rename will never be taken, ours may be.
    const isForeign = byHub && status === 403 && batch.some(({ run }) => !spool.isOwn(run));
    const [only, ...others] = batch;
    // A proxy that takes less than the hub may take the runs one by one.
    const isBad = BAD_MESSAGE.has(status) && (byHub || (status === 413 && others.length > 0));
    if (isBad || isForeign) {
      if (only === undefined || others.length > 0) {
        log('warn', 'report-refused', { status, error, runs: batch.length, next: 'sent one by one' });
        this.#singly = batch.length;
        return 'now';
      }
      log('error', 'run-refused', { status, error, run: only.run.id, check: only.run.check });
      await spool.refuse(only.run, `${status} ${error}`);
      this.#singly = Math.max(0, this.#singly - 1);
      this.#options.onAcknowledged(spool.stats().pending === 0);
      return 'now';
    }
    log('error', 'report-refused', { status, error, runs: batch.length, next: 'kept and sent again' });
    const busy = status === 408 || status === 429 || status >= 500;
    return NEEDS_PERSON.has(status) || !busy ? { forMs: timings.slowRetryMs } : this.#backOff(retryAfterMs);
  }

  #backOff(atLeastMs = 0): Pause {
    this.#failures += 1;
    const { backoffMinMs, backoffMaxMs } = this.#options.timings;
    const waitMs = backoffMs(this.#failures, Math.random(), backoffMinMs, backoffMaxMs);
    return { forMs: Math.max(atLeastMs, waitMs) };
  }

  #aged({ run, startedMonotonicMs }: SpooledRun): Report['entries'][number] {
    const { clock } = this.#options;
    const ageMs =
      startedMonotonicMs === undefined
        ? clock.wallMs() - run.startedAtMs
        : clock.monotonicMs() - startedMonotonicMs;
    return { ageMs: Math.max(0, ageMs), run };
  }
}
