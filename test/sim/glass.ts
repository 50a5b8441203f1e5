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
  type GlassState,
  type LastWord,
} from '#core/break-glass.ts';
import { ATTEMPT_TIMEOUT_MS, newDelivery, type AttemptResult, type Delivery } from '#core/delivery.ts';
import type { Policy } from '#core/policy.ts';
import type { Run } from '#core/run.ts';
import type { BrokenGlass } from '#core/check-event.ts';
import type { SimClock, SkewedClock } from './clock.ts';
import type { Timer } from './event-queue.ts';
import type { Pager } from './pager.ts';
import { CHECK } from './policy.ts';

/** A page that a probe has sent by itself, on its disk until the hub has taken it in. By its wall clock. */
export type BrokenPane = { glass: Omit<BrokenGlass, 'firstFailedStartMs' | 'decidedMs' | 'acceptedMs'> } & {
  firstFailedMs: number;
  decidedMs: number;
  acceptedMs: number;
};

export type GlassHost = {
  readonly clock: SimClock;
  readonly policy: Policy;
  pager(channel: string): Pager;
  onGlass(region: string, delivery: Delivery, goneMs: number): void;
};

/** Pause between two attempts of a page, as in `probes/`: a probe has nobody else to leave it to. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;

/** The part of a probe that pages by itself when the hub is gone. What it decides is core's. */
export class Glass {
  readonly #host: GlassHost;
  readonly #own: SkewedClock;
  readonly #region: string;
  readonly #again: () => void;
  readonly #onPane: () => void;
  #state: GlassState = EMPTY_GLASS;
  #timer: Timer | undefined;
  #life = 0;
  /** On disk. */
  readonly panes: BrokenPane[] = [];

  constructor(host: GlassHost, own: SkewedClock, region: string, again: () => void, onPane: () => void) {
    this.#host = host;
    this.#own = own;
    this.#region = region;
    this.#again = again;
    this.#onPane = onPane;
  }

  /** The process is new. */
  start(): void {
    this.#life += 1;
    this.#change(() => withHubLost(EMPTY_GLASS, this.#own.monotonicMs()));
  }

  stop(): void {
    this.#life += 1;
    if (this.#timer) this.#timer.cancelled = true;
  }

  /** The hub is out of reach, and was last heard so long ago. */
  hubLost(agoMs: number): void {
    this.#change((state) => withHubLost(state, this.#own.monotonicMs() - agoMs));
  }

  hubBack(): void {
    this.#change(withHubBack);
  }

  learn(word: LastWord | undefined): void {
    if (word) this.#change((state) => withWord(state, CHECK, word));
  }

  ran(run: Run, startedMs: number): void {
    const { paging } = this.#host.policy.config;
    const { check, outcome, failure, control } = run;
    const local = {
      check,
      outcome,
      ...(failure ? { failure } : {}),
      ...(control ? { control } : {}),
      startedAtMs: startedMs,
      endedAtMs: this.#own.monotonicMs(),
    };
    this.#change((state) => withLocalRun(state, local, paging.burstGapMs));
  }

  #change(change: (state: GlassState) => GlassState): void {
    const { policy } = this.#host;
    if (policy.config.paging.breakGlass.length === 0) return;
    const nowMs = this.#own.monotonicMs();
    const decision = decideGlass(
      change(this.#state),
      {
        checks: [policy.check],
        burstGapMs: policy.config.paging.burstGapMs,
        resolveAfterMs: policy.config.paging.resolveAfterMs,
        maintenance: policy.config.maintenance,
      },
      nowMs,
      this.#own.wallMs(),
    );
    this.#state = decision.state;
    for (const due of decision.pages) {
      this.#state = withPaged(this.#state, due);
      this.#page(due, nowMs);
    }
    if (this.#timer) this.#timer.cancelled = true;
    const { wakeAtMs } = decision;
    this.#timer =
      wakeAtMs === undefined
        ? undefined
        : this.#own.after(wakeAtMs - nowMs, () => this.#change((state) => state));
    if (decision.again.length > 0) this.#again();
  }

  #page(due: DuePage, nowMs: number): void {
    const { policy } = this.#host;
    const shiftMs = this.#own.wallMs() - nowMs;
    const page = glassPage(policy.config, this.#region, due, nowMs, shiftMs);
    for (const channel of policy.config.paging.breakGlass) {
      const delivery = newDelivery(page, channel, 'page', policy.routes.traits[channel], page.decidedAtMs);
      this.#host.onGlass(this.#region, delivery, nowMs - due.outSinceMs);
      this.#attempt(due, delivery, this.#life, RETRY_MS);
    }
  }

  #attempt(due: DuePage, delivery: Delivery, life: number, pauseMs: number): void {
    const { clock } = this.#host;
    let isOver = false;
    const end = (result: AttemptResult): void => {
      if (isOver || life !== this.#life) return;
      isOver = true;
      if (result.ok) return this.#accepted(due, delivery, result);
      if (result.verdict === 'refused') return;
      clock.after(pauseMs, () => {
        if (life === this.#life) this.#attempt(due, delivery, life, Math.min(pauseMs * 2, RETRY_MS_MAX));
      });
    };
    clock.after(ATTEMPT_TIMEOUT_MS, () => end({ ok: false, verdict: 'retry', error: 'no answer' }));
    this.#host.pager(delivery.channel).receive(delivery, end);
  }

  #accepted(due: DuePage, delivery: Delivery, result: Extract<AttemptResult, { ok: true }>): void {
    const shiftMs = this.#own.wallMs() - this.#own.monotonicMs();
    const { seq, failure, firstFailedStartMs } = due;
    this.panes.push({
      glass: {
        seq,
        region: this.#region,
        channel: delivery.channel,
        providerId: result.providerId,
        failure,
      },
      firstFailedMs: firstFailedStartMs + shiftMs,
      decidedMs: delivery.page.decidedAtMs,
      acceptedMs: this.#own.wallMs(),
    });
    this.#onPane();
  }
}
