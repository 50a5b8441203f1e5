import type { Delivery, Paged } from '#core/outbox.ts';

/** A receipt is asked for this often; Pushover allows every 5 s (pushover.net/api/receipts). */
const ASK_INTERVAL_MS = 10_000;

/** Which accepted pages are to be asked about: has somebody acknowledged? Only in memory: asking twice is harmless. */
export class Receipts {
  readonly #askedAtMs = new Map<string, number>();

  /** The deliveries to ask about now. */
  due(deliveries: readonly Delivery[], paged: readonly Paged[], nowMs: number): Delivery[] {
    return this.#open(deliveries, paged).filter((delivery) => this.#dueMs(delivery) <= nowMs);
  }

  /** When the next one is to be asked about, epoch ms. */
  wakeMs(deliveries: readonly Delivery[], paged: readonly Paged[], nowMs: number): number | undefined {
    const times = this.#open(deliveries, paged).map((delivery) => this.#dueMs(delivery));
    // Asked in the future: the clock has been set back.
    const sound = times
      .map((time) => (time > nowMs + ASK_INTERVAL_MS ? nowMs : time))
      .filter(Number.isFinite);
    return sound.length === 0 ? undefined : Math.min(...sound);
  }

  asked(id: string, nowMs: number): void {
    this.#askedAtMs.set(id, nowMs);
  }

  /** There is nothing more to ask. */
  ended(id: string): void {
    this.#askedAtMs.set(id, Number.POSITIVE_INFINITY);
  }

  #open(deliveries: readonly Delivery[], paged: readonly Paged[]): Delivery[] {
    return deliveries.filter(({ receipt, event, seq }) => {
      const incident = paged.find((known) => known.seq === seq);
      return (
        receipt !== undefined && event === 'trigger' && incident && !incident.isOver && !incident.acknowledged
      );
    });
  }

  #dueMs({ id, acceptedAtMs }: Delivery): number {
    return (this.#askedAtMs.get(id) ?? acceptedAtMs ?? 0) + ASK_INTERVAL_MS;
  }
}
