/** What has happened, as a hash that tells two runs of a seed apart, and as lines when somebody wants to read it. */
export class Trace {
  readonly lines: string[] | undefined;
  readonly #startMs: number;
  #low = 0x811c9dc5;
  #high = 0x01000193;

  /** `startMs`: when the simulation begins; lines count from then. */
  constructor(startMs: number, keepsLines: boolean) {
    this.#startMs = startMs;
    this.lines = keepsLines ? [] : undefined;
  }

  note(nowMs: number, what: string, about: string | number = ''): void {
    this.#mix(nowMs);
    this.#mixText(what);
    if (typeof about === 'number') this.#mix(about);
    else this.#mixText(about);
    this.lines?.push(
      `${((nowMs - this.#startMs) / 1_000).toFixed(3).padStart(9)} s  ${what}${about === '' ? '' : ` ${about}`}`,
    );
  }

  /** 16 hexadecimal digits. */
  hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ (value | 0), 0x01000193);
    this.#high = Math.imul(this.#high ^ (this.#low >>> 15) ^ ((value * 1_000) | 0), 0x85ebca6b);
  }

  #mixText(text: string): void {
    for (let at = 0; at < text.length; at++)
      this.#low = Math.imul(this.#low ^ text.charCodeAt(at), 0x01000193);
    this.#high = Math.imul(this.#high ^ (this.#low >>> 13), 0x85ebca6b);
  }
}
