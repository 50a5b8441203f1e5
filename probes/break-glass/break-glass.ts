import {
  decideGlass,
  EMPTY_GLASS,
  glassPage,
  withHubBack,
  withHubLost,
  withLocalRun,
  withPaged,
  withWord,
  type DuePage,
  type GlassDecision,
  type GlassState,
} from '#core/break-glass.ts';
import type { Check, Config } from '#core/config.ts';
import { failureLabel } from '#core/failure.ts';
import type { BrokeGlass, NextStart } from '#core/wire.ts';
import type { EndedRun } from '../attended-runs.ts';
import type { Clock } from '../clock.ts';
import { errorText, type Log } from '../log.ts';
import type { GlassChannels } from './glass-channels.ts';
import { GlassStore, type OwnPage } from './glass-store.ts';
import { OwnPages } from './own-pages.ts';

export type BreakGlassOptions = {
  /** The spool's, locked by this process. */
  directory: string;
  config: Pick<Config, 'publicUrl' | 'regions' | 'paging' | 'maintenance'>;
  /** The checks of this region. */
  checks: readonly Check[];
  region: string;
  probe: string;
  /** Without one the probe never pages by itself. */
  channels: GlassChannels;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  log: Log;
  /** Asks the hub once, within seconds, whether it is there after all. Never rejects. */
  knock(): Promise<boolean>;
  /** Starts a check out of turn. */
  runAgain(check: string): void;
  /** There is something to tell the hub. */
  onAccepted(): void;
};

/** Pages without the hub when that is gone while a check fails, and tells it of that when it is back. */
export class BreakGlass {
  readonly #options: BreakGlassOptions;
  readonly #store: GlassStore;
  readonly #pages: OwnPages;
  /** From the monotonic clock to epoch ms, as it was at the start: a scale that never jumps. */
  readonly #epochMs: number;
  #state: GlassState;
  #paging: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  /** Reads what an earlier process has left. Rejects with the system's error. */
  static async open(options: BreakGlassOptions): Promise<BreakGlass> {
    const store = new GlassStore(options.directory);
    const { words, pages } = await store.load(options.log);
    return new BreakGlass(options, store, { ...EMPTY_GLASS, words }, pages);
  }

  private constructor(
    options: BreakGlassOptions,
    store: GlassStore,
    state: GlassState,
    pages: readonly OwnPage[],
  ) {
    const { channels, env, clock, log } = options;
    this.#options = options;
    this.#store = store;
    this.#state = state;
    this.#epochMs = clock.wallMs() - clock.monotonicMs();
    this.#pages = new OwnPages(
      {
        channels,
        env,
        clock,
        log,
        nowMs: () => this.#nowMs(),
        knock: () => options.knock(),
        save: () => this.#save(),
        onAccepted: () => options.onAccepted(),
        onDropped: (own) => this.#dropped(own),
      },
      pages,
    );
  }

  /** A check has been run. */
  onEnded({ draft, startedMs, endedMs }: EndedRun): void {
    const { check, outcome, failure, control } = draft;
    const startedAtMs = startedMs + this.#epochMs;
    const run = { check, outcome, failure, control, startedAtMs, endedAtMs: endedMs + this.#epochMs };
    this.#change(withLocalRun(this.#state, run, this.#options.config.paging.burstGapMs));
  }

  /** What the hub says of incidents stays known, also to the next process. */
  onStarts(starts: readonly NextStart[]): void {
    const before = this.#state;
    for (const { check, incident } of starts) {
      const known = this.#state.words[check];
      if (!incident || (known && sameWord(known, incident))) continue;
      // It has not heard of our own page yet.
      const isOutdated = this.#pages
        .list()
        .some(({ page }) => page.check === check && page.seq > incident.seq);
      if (!isOutdated) this.#state = withWord(this.#state, check, incident);
    }
    if (this.#state !== before) void this.#save();
  }

  /** The hub is there (`undefined`), or out of reach since this moment by the monotonic clock: the last exchange with it. */
  onReach(outSinceMs: number | undefined): void {
    if (outSinceMs === undefined) {
      this.#state = withHubBack(this.#state);
      this.#pages.hubBack();
      this.#settle();
    } else {
      this.#change(withHubLost(this.#state, outSinceMs + this.#epochMs));
      this.#pages.hubLost();
    }
  }

  /** What the hub must be told next, if anything; `onTold` with the same message when it has taken it in. */
  nextReport(): BrokeGlass | undefined {
    const untold = this.#pages.untold();
    if (!untold) return undefined;
    const { own, delivery, acceptedAtMs } = untold;
    const { region, probe } = this.#options;
    const ageMs = (timeMs: number): number => Math.max(0, this.#nowMs() - timeMs);
    return {
      type: 'broke-glass',
      check: own.page.check,
      region,
      probe,
      seq: own.page.seq,
      firstFailedAgeMs: ageMs(own.firstFailedAtMs),
      decidedAgeMs: ageMs(own.decidedAtMs),
      acceptedAgeMs: ageMs(acceptedAtMs),
      channel: delivery.channel,
      ...(delivery.providerId === undefined ? {} : { providerId: delivery.providerId }),
      ...(delivery.receipt === undefined ? {} : { receipt: delivery.receipt }),
      failure: own.failure,
    };
  }

  onTold({ check, seq, channel }: BrokeGlass): void {
    this.#pages.markTold(check, seq, channel);
    void this.#save();
  }

  /** Decides and sends nothing any more; waits for what is under way, each part within its own deadline. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.#paging;
    await this.#pages.stop();
  }

  #change(state: GlassState): void {
    this.#state = state;
    this.#settle();
  }

  #settle(): void {
    this.#cancelTimer?.();
    if (this.#stopped || this.#options.channels.size === 0) return;
    const { clock, log } = this.#options;
    const { state, pages, again, wakeAtMs } = this.#decide();
    this.#state = state;
    if (wakeAtMs !== undefined)
      this.#cancelTimer = clock.after(Math.max(0, wakeAtMs - this.#nowMs()), () => this.#settle());
    for (const check of again) {
      log('info', 'run-again', { check, why: 'it has failed, and the hub is out of reach' });
      this.#options.runAgain(check);
    }
    if (pages.length > 0) this.#paging ??= this.#page().finally(() => (this.#paging = undefined));
  }

  #decide(): GlassDecision {
    const { checks, config, clock } = this.#options;
    const { maintenance, paging } = config;
    const { burstGapMs, resolveAfterMs } = paging;
    const policy = { checks, maintenance, burstGapMs, resolveAfterMs };
    return decideGlass(this.#state, policy, this.#nowMs(), clock.wallMs());
  }

  /** Pages what is due, unless the hub answers now: it may be back for longer than we have tried. */
  async #page(): Promise<void> {
    if ((await this.#options.knock()) || this.#stopped) return;
    for (const due of this.#decide().pages) this.#add(due);
    await this.#save();
    this.#pages.pump(true);
  }

  #add(due: DuePage): void {
    const { config, region, clock, log } = this.#options;
    const nowMs = this.#nowMs();
    const page = glassPage(config, region, due, nowMs, clock.wallMs() - nowMs);
    this.#state = withPaged(this.#state, due);
    const { failure, firstFailedStartMs } = due;
    this.#pages.add({ page, failure, firstFailedAtMs: firstFailedStartMs, decidedAtMs: nowMs });
    log('error', 'break-glass', {
      page: page.dedupKey,
      failure: failureLabel(failure),
      failuresInRow: due.failuresInRow,
      hubGoneMs: Math.round(nowMs - due.outSinceMs),
      channels: [...this.#options.channels.keys()].join(' '),
    });
  }

  /** Should the hub be lost again before it has paged, it is this incident still. */
  #dropped({ page }: OwnPage): void {
    this.#options.log('info', 'break-glass-left-to-hub', { page: page.dedupKey });
    const word = this.#state.words[page.check];
    if (word?.seq !== page.seq) return;
    this.#state = withWord(this.#state, page.check, { ...word, accepted: false });
  }

  /** A page goes out whether or not it could be stored: twice is better than never. */
  async #save(): Promise<void> {
    try {
      await this.#store.save({ words: this.#state.words, pages: this.#pages.list() });
    } catch (error) {
      this.#options.log('error', 'break-glass-not-stored', { error: errorText(error) });
    }
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs() + this.#epochMs;
  }
}

function sameWord(a: NonNullable<NextStart['incident']>, b: NonNullable<NextStart['incident']>): boolean {
  return a.seq === b.seq && a.open === b.open && a.accepted === b.accepted;
}
