import { hash32 } from '#core/schedule.ts';

/** A stream of chance. Streams of one seed are told apart by name, so that what one part draws does not shift another. */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number, name: string) {
    this.#a = hash32(`${seed}/${name}`);
    this.#b = hash32(`${name}/${seed}`);
    this.#c = Math.imul(seed | 0, 0x9e3779b1) >>> 0;
    this.#d = 1;
    // sfc32 forgets a poor beginning within a dozen draws.
    for (let warm = 0; warm < 12; warm++) this.next();
  }

  /** Uniform in [0, 1): sfc32, of PractRand's author: fast, small, and passes its tests. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 0x1_0000_0000;
  }

  /** Uniform in [from, to). */
  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  /** A whole number, uniform over `from` to `to`, both included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new RangeError('pick: expected at least one item, got none');
    return item;
  }

  /** So many different items of a list, in its order. */
  some<Item>(items: readonly Item[], count: number): Item[] {
    const left = [...items.keys()];
    const chosen = new Set<number>();
    while (chosen.size < Math.min(count, items.length)) {
      const [at] = left.splice(Math.floor(this.next() * left.length), 1);
      if (at !== undefined) chosen.add(at);
    }
    return items.filter((_item, at) => chosen.has(at));
  }
}
