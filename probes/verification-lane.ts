import {
  decidePairs,
  emptyPairQueue,
  PAIR_WAIT_MS_MAX,
  withoutPairRun,
  withPair,
  type PairQueue,
  type WantedPair,
} from '#core/deploy/pair-queue.ts';
import { formatMs } from '#core/units.ts';
import type { VerifyNow } from '#core/wire.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { StartingLine } from './starting-line.ts';
import type { Visit } from './visit.ts';

type Pair = WantedPair & { visits: Visit[] };

export type VerificationLaneOptions = {
  clock: Clock;
  log: Log;
  /** Runs at once, beside those of the schedule. */
  places: number;
  knows(check: string): boolean;
  /** Runs one side, due since `dueMs` by the monotonic clock. Resolves when it has ended. Never rejects. */
  run(check: string, dueMs: number, visit: Visit): Promise<void>;
  /** Reports a side that found no place in time. */
  onMissed(check: string, dueMs: number, visit: Visit, why: string): void;
};

/**
 * The runs that verify deploys, beside the schedule: with places of their own, they neither take one from a run of the
 * schedule nor wait for one. The sides of a pair get ready at once and begin at the same moment, in the order of the command.
 */
export class VerificationLane {
  readonly #options: VerificationLaneOptions;
  #queue: PairQueue<Pair> = emptyPairQueue();
  /** The pair that was taken last, by check. */
  readonly #taken = new Map<string, string>();
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(options: VerificationLaneOptions) {
    this.#options = options;
  }

  /**
   * Runs the pair now, or when there is room and the pair of its check that is under way has ended: that may be one of a
   * verification that is over. The same pair twice is one; where another one waits already, the new one is missed.
   */
  onVerifyNow({ check, deploy, sides }: VerifyNow): void {
    const { clock, log } = this.#options;
    const facts = { check, deploy: `${deploy.service}:${deploy.n}`, pair: deploy.pair };
    if (!this.#options.knows(check)) return log('warn', 'verify-now-of-unknown-check', facts);
    if (this.#stopped) return log('warn', 'verify-now-dropped', { ...facts, why: 'the probe stops' });
    const visits = sides.map(({ side, selector }): Visit => {
      return {
        deploy: { ...deploy, side, apart: selector !== undefined },
        ...(selector ? { selector } : {}),
      };
    });
    const name = `${facts.deploy}:${deploy.pair}`;
    if (this.#taken.get(check) === name)
      return log('info', 'verify-now-dropped', { ...facts, why: 'it was asked for before' });
    const dueMs = clock.monotonicMs();
    const queue = withPair(this.#queue, { check, runs: visits.length, dueMs, visits });
    if (!queue) {
      log('warn', 'verify-now-dropped', { ...facts, why: 'another pair waits' });
      // Told at once: otherwise it would be waited for until it counts as lost.
      for (const visit of visits)
        this.#options.onMissed(check, dueMs, visit, 'not started: another pair of its check waits');
      return;
    }
    this.#taken.set(check, name);
    log('info', 'verify-now', { ...facts, sides: sides.map(({ side }) => side).join(' ') });
    this.#queue = queue;
    this.#decide();
  }

  /** Starts nothing any more; what runs goes on. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    for (const { check } of this.#queue.waiting)
      this.#options.log('warn', 'verify-now-dropped', { check, why: 'the probe stops' });
  }

  #decide(): void {
    if (this.#stopped) return;
    const { clock, places } = this.#options;
    const nowMs = clock.monotonicMs();
    const { queue, start, missed, wakeInMs } = decidePairs(this.#queue, { nowMs, places });
    this.#queue = queue;
    this.#cancelTimer?.();
    this.#cancelTimer = wakeInMs === undefined ? undefined : clock.after(wakeInMs, () => this.#decide());
    const why = `not started: no place within ${formatMs(PAIR_WAIT_MS_MAX)} beside other verifications; ${places} of their runs at once are allowed`;
    for (const { check, dueMs, visits } of missed)
      for (const visit of visits) this.#options.onMissed(check, dueMs, visit, why);
    for (const { check, dueMs, visits } of start) this.#runTogether(check, dueMs, visits);
  }

  #runTogether(check: string, dueMs: number, visits: readonly Visit[]): void {
    const line = new StartingLine(visits.length);
    visits.forEach((visit, place) => {
      const ready = (): Promise<void> => line.reached(place);
      void this.#run(check, dueMs, { ...visit, ready }).finally(() => line.left(place));
    });
  }

  async #run(check: string, dueMs: number, visit: Visit): Promise<void> {
    await this.#options.run(check, dueMs, visit);
    this.#queue = withoutPairRun(this.#queue, check);
    this.#decide();
  }
}
