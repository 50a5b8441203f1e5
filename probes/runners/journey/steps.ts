import { AsyncLocalStorage } from 'node:async_hooks';
import { STEPS_MAX, STEP_DEPTH_MAX, type Step } from '#core/run.ts';
import { truncate } from '#core/units.ts';
import { JourneyMistake } from '../../journey.ts';

const TITLE_CHARS_MAX = 200;
const URL_CHARS_MAX = 2_000;
const LABEL_CHARS_MAX = 100;

type Entry = {
  title: string;
  startMs: number;
  endMs?: number;
  url?: string | undefined;
  failed?: { error: unknown };
  parent: Entry | undefined;
  depth: number;
  steps: Entry[];
};

/** The step that the code now running is in: parallel steps each have their own. */
const current = new AsyncLocalStorage<{ recorder: StepRecorder; entry: Entry }>();

/** Records the steps of one run. `nowMs` counts from the start of the run. Once ended, it takes nothing more. */
export class StepRecorder {
  readonly #nowMs: () => number;
  readonly #urlNow: () => string;
  readonly #roots: Entry[] = [];
  #count = 0;
  #ended: { atMs: number; open: Entry[] } | undefined;
  readonly #open = new Set<Entry>();

  constructor(nowMs: () => number, urlNow: () => string) {
    this.#nowMs = nowMs;
    this.#urlNow = urlNow;
  }

  /** Runs `body` as a step. Gives and throws what `body` does. Throws `JourneyMistake` for a step that cannot be stored. */
  async step<T>(title: string, body: () => Promise<T> | T): Promise<T> {
    if (this.#ended) throw new JourneyMistake(`step "${title}" was started after the end of its run`);
    const store = current.getStore();
    const parent = store?.recorder === this ? store.entry : undefined;
    const depth = (parent?.depth ?? 0) + 1;
    if (typeof title !== 'string' || title === '')
      throw new JourneyMistake(
        `step: expected a title, got ${title === '' ? 'an empty text' : typeof title}`,
      );
    if (this.#count >= STEPS_MAX)
      throw new JourneyMistake(`step "${title}": expected at most ${STEPS_MAX} steps`);
    if (depth > STEP_DEPTH_MAX)
      throw new JourneyMistake(`step "${title}": expected steps nested at most ${STEP_DEPTH_MAX} deep`);
    const entry: Entry = { title, startMs: this.#nowMs(), parent, depth, steps: [] };
    this.#count += 1;
    (parent?.steps ?? this.#roots).push(entry);
    this.#open.add(entry);
    try {
      return await current.run({ recorder: this, entry }, async () => body());
    } catch (error) {
      if (!this.#ended) entry.failed = { error };
      throw error;
    } finally {
      this.#open.delete(entry);
      if (!this.#ended) this.#close(entry);
    }
  }

  /** Ends the recording and gives the titles of the steps that were still running. Idempotent. */
  end(): string[] {
    if (!this.#ended) {
      this.#ended = { atMs: this.#nowMs(), open: [...this.#open] };
      for (const entry of this.#ended.open) this.#close(entry);
    }
    return this.#ended.open.map(({ title }) => title);
  }

  /** Titles, outermost first, of the step that `error` came from; of the innermost one running at the end without it. */
  pathOf(thrown?: { error: unknown }): string[] {
    const entry = thrown ? deepest(this.#roots, thrown.error) : this.#ended?.open.at(-1);
    return entry ? titlesOf(entry) : [];
  }

  /** The steps as they may be stored. `labelOf` names the failure of a step; `clean` removes secrets. */
  finish(labelOf: (thrown?: { error: unknown }) => string, clean: (text: string) => string): Step[] {
    this.end();
    const open = new Set(this.#ended?.open);
    const stepOf = (entry: Entry): Step => {
      const failed = entry.failed !== undefined || open.has(entry);
      return {
        title: truncate(clean(entry.title), TITLE_CHARS_MAX),
        startMs: round(entry.startMs),
        durationMs: round((entry.endMs ?? entry.startMs) - entry.startMs),
        ...(entry.url ? { url: truncate(clean(entry.url), URL_CHARS_MAX) } : {}),
        ...(failed ? { error: truncate(labelOf(entry.failed), LABEL_CHARS_MAX) } : {}),
        steps: entry.steps.map(stepOf),
      };
    };
    return this.#roots.map(stepOf);
  }

  #close(entry: Entry): void {
    entry.endMs = this.#nowMs();
    entry.url = this.#urlNow();
  }
}

/** Tenths of a millisecond: finer digits are noise, and bytes of every run. */
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function deepest(entries: readonly Entry[], error: unknown): Entry | undefined {
  for (const entry of entries.toReversed()) {
    const inner = deepest(entry.steps, error);
    if (inner) return inner;
    if (entry.failed && Object.is(entry.failed.error, error)) return entry;
  }
  return undefined;
}

function titlesOf(entry: Entry): string[] {
  return [...(entry.parent ? titlesOf(entry.parent) : []), entry.title];
}
