import { setImmediate as nextTurn } from 'node:timers/promises';

/** `coming`: not there yet. `gone`: has begun, or will not come. A function lets whoever waits there begin. */
type Place = 'coming' | 'gone' | (() => void);

/**
 * Lets the runs of a pair begin at the same moment, one right behind the other: getting ready takes one of them longer, such
 * as the one that is given a header, and the order in which they were called would mean nothing.
 */
export class StartingLine {
  readonly #places: Place[];

  constructor(runs: number) {
    this.#places = Array.from({ length: runs }, () => 'coming');
  }

  /** Resolves when all others are there as well or out, after those in the places before. */
  reached(place: number): Promise<void> {
    return new Promise((begin) => {
      this.#places[place] = begin;
      this.#settle();
    });
  }

  /** Nobody waits for this one any more: it has ended, or never got ready. Idempotent. */
  left(place: number): void {
    if (this.#places[place] === 'coming') this.#places[place] = 'gone';
    this.#settle();
  }

  #settle(): void {
    if (this.#places.includes('coming')) return;
    const waiting = this.#places.filter((place) => typeof place === 'function');
    this.#places.fill('gone');
    void letGo(waiting);
  }
}

/** A turn for each: what one asks of the browser first is on its way before the next one goes. */
async function letGo(waiting: readonly (() => void)[]): Promise<void> {
  for (const begin of waiting) {
    begin();
    await nextTurn();
  }
}
