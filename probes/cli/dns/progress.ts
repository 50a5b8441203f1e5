/** Nobody needs to be told of what takes no longer than this. */
const QUIET_MS = 1_000;
const TOLD_EVERY_MS = 200;

/** How far the asking is, on one line of a terminal that goes away; nothing where there is no terminal. */
export class Progress {
  readonly #terminal: NodeJS.WriteStream;
  readonly #startedMs = performance.now();
  #toldMs = 0;
  #begun = 0;
  #ended = 0;
  #isShown = false;

  constructor(terminal: NodeJS.WriteStream) {
    this.#terminal = terminal;
  }

  begin(): void {
    this.#begun += 1;
  }

  end(): void {
    this.#ended += 1;
    const nowMs = performance.now();
    if (!this.#terminal.isTTY || nowMs - this.#startedMs < QUIET_MS || nowMs - this.#toldMs < TOLD_EVERY_MS)
      return;
    this.#toldMs = nowMs;
    this.#isShown = true;
    this.#terminal.write(`\r\u001B[2K${this.#ended} of ${this.#begun} questions answered so far`);
  }

  clear(): void {
    if (this.#isShown) this.#terminal.write('\r\u001B[2K');
  }
}
