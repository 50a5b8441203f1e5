import type { AttemptResult, Delivery } from '#core/delivery.ts';
import type { SimClock } from './clock.ts';
import { Prng } from './prng.ts';
import { isOn, type Channel, type Fault, type Scenario } from './scenario.ts';

/** An incident as a provider keeps it: by the key of its messages, as PagerDuty does. */
type Alert = { state: 'open' | 'acknowledged' | 'resolved' };

/** What a provider took in. */
export type Arrival = {
  atMs: number;
  channel: Channel;
  delivery: Delivery;
  /** Somebody was woken, or would have been. */
  opened: boolean;
  /** It was answered with 202 in time. */
  accepted: boolean;
  /** It was taken and forgotten: nobody is ever told. */
  lost: boolean;
};

export type PagerHost = {
  readonly clock: SimClock;
  readonly scenario: Scenario;
  /** A provider has taken a message in. */
  onArrival(arrival: Arrival): void;
  /** Somebody has acknowledged what came here. */
  onHumanAcknowledged(channel: Channel, seq: number): void;
};

/** An answer slow enough to be as late as one may be: 100 ms inside the deadline of an attempt. */
const SLOW_MS = 4_900;
/** An answer that comes when nobody waits for it any more. */
const LATE_MS = 6_000;

type PagerFaultItem = Extract<Fault, { kind: 'pager' }>;

/** One provider with its way there and back: takes messages in, wakes somebody once for each key, and may do wrong. */
export class Pager {
  readonly channel: Channel;
  readonly #host: PagerHost;
  readonly #prng: Prng;
  readonly #alerts = new Map<string, Alert>();
  readonly #faults: readonly PagerFaultItem[];
  /** Attempts that each fault has spoilt. */
  readonly #spoilt = new Map<PagerFaultItem, number>();
  #ids = 0;

  constructor(host: PagerHost, channel: Channel) {
    this.channel = channel;
    this.#host = host;
    this.#prng = new Prng(host.scenario.seed, `pager ${channel}`);
    this.#faults = host.scenario.faults.filter(
      (fault): fault is PagerFaultItem => fault.kind === 'pager' && fault.channel === channel,
    );
  }

  /** A request leaves the hub. `answer` is called when the answer is back there, if one comes. */
  receive(delivery: Delivery, answer: (result: AttemptResult) => void): void {
    const { clock, scenario } = this.#host;
    const thereMs = this.#prng.between(...scenario.pagerMs);
    const backMs = this.#prng.between(...scenario.pagerMs);
    const fault = this.#faultNow();
    if (fault?.does === 'hang') return;
    clock.after(thereMs, () => {
      const back = (result: AttemptResult, extraMs = 0): void => {
        clock.after(backMs + extraMs, () => answer(result));
      };
      const refuse = (error: string, verdict: 'retry' | 'refused', limited = false): void =>
        back({ ok: false, verdict, error, ...(limited ? { limited } : {}) });
      switch (fault?.does) {
        case 'bad-request':
          return refuse('400 bad request', 'refused');
        case 'limit':
          return refuse('429 too many', 'retry', true);
        case 'error':
          return refuse('503 unavailable', 'retry');
        default:
      }
      this.#take(delivery, fault?.does === 'lost', fault?.does !== 'late');
      this.#ids += 1;
      const extraMs =
        fault?.does === 'late' ? LATE_MS : fault?.does === 'slow' ? SLOW_MS - thereMs - backMs : 0;
      back({ ok: true, providerId: `${this.channel}-${this.#ids}` }, extraMs);
    });
  }

  /** Keys of what is not over. */
  openKeys(): string[] {
    return [...this.#alerts].flatMap(([key, { state }]) => (state === 'resolved' ? [] : [key]));
  }

  #take(delivery: Delivery, lost: boolean, accepted: boolean): void {
    const { clock, scenario } = this.#host;
    const key = delivery.page.dedupKey;
    const alert = this.#alerts.get(key);
    const isOpen = alert !== undefined && alert.state !== 'resolved';
    const opened = delivery.event === 'trigger' && !isOpen && !lost;
    if (opened) this.#alerts.set(key, { state: 'open' });
    if (isOpen && delivery.event === 'resolve') alert.state = 'resolved';
    if (isOpen && delivery.event === 'acknowledge' && alert.state === 'open') alert.state = 'acknowledged';
    this.#host.onArrival({ atMs: clock.nowMs, channel: this.channel, delivery, opened, accepted, lost });
    const { human } = scenario;
    if (!opened || human?.via !== this.channel) return;
    clock.after(human.ackMs, () => {
      const now = this.#alerts.get(key);
      if (now?.state !== 'open') return;
      now.state = 'acknowledged';
      clock.after(this.#prng.between(...scenario.pagerMs), () =>
        this.#host.onHumanAcknowledged(this.channel, delivery.seq),
      );
    });
  }

  /** The fault that spoils this attempt, if any. */
  #faultNow(): PagerFaultItem | undefined {
    const { clock } = this.#host;
    const sinceStartMs = clock.nowMs - clock.startMs;
    const fault = this.#faults.find(
      (item) =>
        isOn(item, sinceStartMs) &&
        (this.#spoilt.get(item) ?? 0) < (item.attempts ?? Number.POSITIVE_INFINITY),
    );
    if (fault) this.#spoilt.set(fault, (this.#spoilt.get(fault) ?? 0) + 1);
    return fault;
  }
}
