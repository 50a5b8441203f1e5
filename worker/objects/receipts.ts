import type { Delivery } from '#core/delivery.ts';
import type { Paged } from '#core/page.ts';
import { earliest } from '#core/units.ts';

/** A receipt is asked for this often; Pushover allows every 5 s (pushover.net/api/receipts). */
const ASK_INTERVAL_MS = 10_000;

/** Which accepted pages are to be asked about: has somebody acknowledged? Only in memory: asking twice is harmless. */
export class Receipts {
  readonly #askedAtMs = new Map<string, number>();
  readonly #ended = new Set<string>();

  /** The deliveries to ask about now. */
  due(deliveries: readonly Delivery[], paged: readonly Paged[], nowMs: number): Delivery[] {
    return this.#open(deliveries, paged).filter((delivery) => this.#dueMs(delivery, nowMs) <= nowMs);
  }

  /** When the next one is to be asked about, epoch ms. */
  wakeMs(deliveries: readonly Delivery[], paged: readonly Paged[], nowMs: number): number | undefined {
    return earliest(...this.#open(deliveries, paged).map((delivery) => this.#dueMs(delivery, nowMs)));
  }

  asked(id: string, nowMs: number): void {
    this.#askedAtMs.set(id, nowMs);
  }

  /** There is nothing more to ask. */
  ended(id: string): void {
    this.#ended.add(id);
  }

  #open(deliveries: readonly Delivery[], paged: readonly Paged[]): Delivery[] {
    return deliveries.filter(({ id, receipt, event, seq }) => {
      if (receipt === undefined || event !== 'trigger' || this.#ended.has(id)) return false;
      const incident = paged.find((known) => known.seq === seq);
      return incident !== undefined && !incident.isOver && !incident.acknowledged;
    });
  }

  #dueMs({ id, acceptedAtMs }: Delivery, nowMs: number): number {
    const lastMs = this.#askedAtMs.get(id) ?? acceptedAtMs ?? 0;
    // Asked in the future: the clock has been set back.
    return lastMs > nowMs ? nowMs : lastMs + ASK_INTERVAL_MS;
  }
}
