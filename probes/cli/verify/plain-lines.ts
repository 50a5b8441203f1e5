import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { MS_PER_SECOND } from '#core/units.ts';
import { Elapsed, type Screen } from './screen.ts';
import { deployFacts, deployName, oneLine, phaseWords } from './words.ts';

/** Counts that only grow are told this often: 18 lines a journey in three minutes. */
const COUNTS_EVERY_MS = 10_000;

/** For a log: a line for each change, with the seconds since the announcement. */
export class PlainLines implements Screen {
  readonly #write: (line: string) => void;
  readonly #elapsed = new Elapsed();
  readonly #said = new Map<string, { text: string; gist: string; atMs: number }>();
  #began = false;
  #phase = '';
  #isPastSaid = false;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  show(told: ToldDeploy): void {
    this.#elapsed.told(told);
    if (!this.#began) {
      this.#began = true;
      this.#say(`${deployName(told)}: ${oneLine(told.operatorUrl)}`);
      if (told.checks.length > 0) this.#say(oneLine(`journeys: ${told.checks.join(', ')}${sidesOf(told)}`));
    }
    if (told.phase !== this.#phase && told.phase !== 'ended') this.#say(phaseWords(told));
    this.#phase = told.phase;
    for (const { key, text, gist = text, isPast = false } of deployFacts(told)) {
      const last = this.#said.get(key);
      if (last?.text === text || (isPast && this.#isPastSaid)) continue;
      const isSoon = last !== undefined && told.nowMs - last.atMs < COUNTS_EVERY_MS;
      if (last?.gist === gist && isSoon && told.phase !== 'ended') continue;
      this.#said.set(key, { text, gist, atMs: told.nowMs });
      this.#say(text);
    }
    this.#isPastSaid = told.again !== undefined;
  }

  note(text: string): void {
    this.#say(oneLine(text));
  }

  leave(): void {
    this.#began = true;
  }

  #say(text: string): void {
    this.#write(`${String(Math.floor(this.#elapsed.ms / MS_PER_SECOND)).padStart(4)} s  ${text}`);
  }
}

function sidesOf({ canary, baseline }: ToldDeploy): string {
  if (canary === undefined) return '';
  return `; canary by ${canary}${baseline === undefined ? '' : `, baseline by ${baseline}`}`;
}
