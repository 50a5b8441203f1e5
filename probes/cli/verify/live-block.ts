import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { MS_PER_SECOND, truncate } from '#core/units.ts';
import { Elapsed, type Screen } from './screen.ts';
import { deployFacts, deployName, oneLine, phaseWords } from './words.ts';

const REDRAWN_EVERY_MS = 1_000;
/** VT100: 80 columns, 24 rows. */
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;

type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows'>;

/** For a terminal: all that is known of the deploy, redrawn in place. */
export class LiveBlock implements Screen {
  readonly #terminal: Terminal;
  readonly #elapsed = new Elapsed();
  #told: ToldDeploy | undefined;
  /** Lines of the block that stand above the cursor. */
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(told: ToldDeploy): void {
    this.#told = told;
    this.#elapsed.told(told);
    this.#draw();
    this.#timer ??= setInterval(() => this.#draw(), REDRAWN_EVERY_MS).unref();
  }

  note(text: string): void {
    this.#erase();
    this.#terminal.write(`${oneLine(text)}\n`);
    this.#draw();
  }

  /** The block stays as it is. */
  leave(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#drawn = 0;
    this.#told = undefined;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#terminal.write(`\u001B[${this.#drawn}A\r\u001B[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    if (!this.#told) return;
    // A terminal that nobody has measured says 0, or nothing.
    const columns = this.#terminal.columns || COLUMNS_DEFAULT;
    const rows = this.#terminal.rows || ROWS_DEFAULT;
    const seconds = Math.floor(this.#elapsed.ms / MS_PER_SECOND);
    const lines = [
      `${deployName(this.#told)} · ${phaseWords(this.#told)} · ${seconds} s`,
      oneLine(this.#told.operatorUrl),
      ...deployFacts(this.#told).map(({ text }) => `  ${text}`),
    ];
    // What has scrolled out of the window cannot be redrawn: the newest counts most.
    const fitting = lines.length < rows ? lines : [...lines.slice(0, 1), ...lines.slice(2 - rows)];
    // A line that wraps would be two.
    const drawn = fitting.map((line) => `${truncate(line, Math.max(1, columns - 1))}\n`);
    this.#erase();
    this.#terminal.write(drawn.join(''));
    this.#drawn = drawn.length;
  }
}
