import { randomUUID } from 'node:crypto';
import { chromium, type Browser } from 'playwright';
import { findBrowserExecutable } from './browser-executable.ts';
import { withDeadline } from '../deadline.ts';
import { errorCode, errorText, type Log } from '../log.ts';
import { OwnFault } from '../own-fault.ts';
import { findChildGroup, groupMemoryBytes, killGroup } from './process-tree.ts';

const BYTES_PER_MIB = 1_024 * 1_024;
/** A browser of a few hundred contexts has not been seen to fail; a new one costs what two runs cost. */
export const RECYCLE_RUNS_DEFAULT = 200;
/** Twice the peak of eight logins at once (516 MiB of PSS): above it something leaks. */
export const RECYCLE_MIB_DEFAULT = 1_024;
/** Reading the memory of a process tree takes milliseconds of CPU: not after every run. */
const MEMORY_LOOK_EVERY_RUNS = 10;
/** A cold start on a busy small machine takes 1–3 s. */
const LAUNCH_TIMEOUT_MS = 15_000;
/** A healthy browser closes within 0.2 s. */
const CLOSE_DEADLINE_MS = 2_000;

export type BrowserOptions = {
  env: Readonly<Record<string, string | undefined>>;
  log: Log;
  headed?: boolean | undefined;
  recycleRuns?: number | undefined;
  recycleMiB?: number | undefined;
};

/** A place in the warm browser for one run; must be released. */
export type Lease = {
  browser: Browser;
  /** Resolves when the browser's process is gone, for whatever reason. */
  died: Promise<void>;
  release(): void;
  /** Kills the browser's processes: it did not obey. The next lease gets a new one. */
  kill(why: string): void;
};

/** One browser process from its launch to its end. */
type Generation = {
  browser: Browser;
  group: number | undefined;
  runs: number;
  leases: number;
  retired: boolean;
  killed: boolean;
  died: Promise<void>;
};

type Slot = { launching: Promise<Generation>; generation?: Generation };

/** The one Chromium of a probe: launched at the first run, replaced after a number of runs or of MiB, or when it dies. */
export class WarmBrowser {
  readonly #options: BrowserOptions;
  /** The browser that new runs get; `generation` is there once it has been launched. */
  #slot: Slot | undefined;
  #version: string | undefined;
  #closed = false;
  readonly #alive = new Set<Generation>();
  readonly #ending = new Set<Promise<void>>();

  constructor(options: BrowserOptions) {
    this.#options = options;
  }

  /** Version of the browser launched last; `undefined` before the first. */
  version(): string | undefined {
    return this.#version;
  }

  /** Launches the browser. Never rejects: the log and the next run say why it could not be. */
  async warm(): Promise<void> {
    await Promise.allSettled([this.#generation()]);
  }

  /**
   * A place in a living browser, which is launched if need be. Throws `OwnFault`: `browser-missing`, `browser-crash`,
   * `disk-full`, `memory` or `probe-error`.
   */
  async lease(): Promise<Lease> {
    let generation = await this.#generation();
    // It may have died while nobody was looking; one that was launched just now is taken as it is.
    if (!generation.browser.isConnected()) {
      this.#forget(generation);
      generation = await this.#generation();
    }
    generation.runs += 1;
    generation.leases += 1;
    let released = false;
    return {
      browser: generation.browser,
      died: generation.died,
      release: () => {
        if (released) return;
        released = true;
        generation.leases -= 1;
        if (generation.leases === 0) this.#sweep(generation);
        this.#afterRun(generation);
      },
      kill: (why) => this.#kill(generation, why),
    };
  }

  /** Closes every browser and waits until their processes are gone. Idempotent; afterwards `lease` throws. */
  async close(): Promise<void> {
    this.#closed = true;
    const slot = this.#slot;
    this.#slot = undefined;
    if (slot) await Promise.allSettled([slot.launching]);
    for (const generation of this.#alive) this.#end(generation);
    await Promise.all(this.#ending);
  }

  #generation(): Promise<Generation> {
    if (this.#closed) throw new OwnFault('probe-error', 'the browser was closed: the probe is stopping');
    return (this.#slot ??= this.#launch()).launching;
  }

  #launch(): Slot {
    const slot: Slot = { launching: this.#start() };
    slot.launching.then(
      (generation) => {
        slot.generation = generation;
      },
      (error: unknown) => {
        // The next run tries again; the runs that waited for this launch get its error.
        if (this.#slot === slot) this.#slot = undefined;
        this.#options.log('error', 'browser-not-launched', { error: errorText(error) });
      },
    );
    return slot;
  }

  async #start(): Promise<Generation> {
    const { env, headed, log } = this.#options;
    const executablePath = findBrowserExecutable(env);
    // Chromium ignores it; it tells our browser's process from every other one.
    const mark = `--latchkey-browser=${randomUUID()}`;
    let browser: Browser;
    try {
      browser = await chromium.launch({
        executablePath,
        headless: headed !== true,
        args: [mark],
        timeout: LAUNCH_TIMEOUT_MS,
        // The probe drains on a signal and closes the browser itself.
        handleSIGHUP: false,
        handleSIGINT: false,
        handleSIGTERM: false,
      });
    } catch (error) {
      throw launchFault(executablePath, error);
    }
    const group = await findChildGroup(mark);
    if (group === undefined) log('warn', 'browser-group-unknown', { executablePath });
    const died = new Promise<void>((resolve) => browser.once('disconnected', () => resolve()));
    const generation: Generation = {
      browser,
      group,
      runs: 0,
      leases: 0,
      retired: false,
      killed: false,
      died,
    };
    this.#alive.add(generation);
    this.#version = browser.version();
    log('info', 'browser-launched', { executablePath, version: this.#version, group });
    void died.then(() => {
      this.#alive.delete(generation);
      this.#forget(generation);
      // Chromium's children end with it; if one did not, it would stay for ever.
      if (group !== undefined) killGroup(group);
    });
    if (!browser.isConnected())
      throw new OwnFault('browser-crash', 'the browser ended right after its start');
    if (this.#closed) this.#end(generation);
    return generation;
  }

  /** Closes contexts that journeys have made by themselves and left open: with no run under way, nobody needs one. */
  #sweep(generation: Generation): void {
    const { log } = this.#options;
    const left = generation.browser.contexts();
    if (left.length === 0 || generation.killed || !generation.browser.isConnected()) return;
    log('warn', 'journey-left-contexts', { contexts: left.length });
    const closing = Promise.all(left.map((context) => context.close()));
    withDeadline(closing, CLOSE_DEADLINE_MS, 'closing contexts left open').catch((error: unknown) =>
      this.#kill(generation, errorText(error)),
    );
  }

  #afterRun(generation: Generation): void {
    const { recycleRuns = RECYCLE_RUNS_DEFAULT } = this.#options;
    if (!generation.retired && generation.runs >= recycleRuns)
      this.#retire(generation, `${generation.runs} runs`);
    else if (!generation.retired && generation.runs % MEMORY_LOOK_EVERY_RUNS === 0)
      void this.#lookAtMemory(generation);
    if (generation.retired && generation.leases === 0) this.#end(generation);
  }

  async #lookAtMemory(generation: Generation): Promise<void> {
    const { recycleMiB = RECYCLE_MIB_DEFAULT, log } = this.#options;
    if (generation.group === undefined) return;
    try {
      const bytes = await groupMemoryBytes(generation.group);
      if (bytes === undefined || bytes < recycleMiB * BYTES_PER_MIB || generation.retired) return;
      this.#retire(generation, `${Math.round(bytes / BYTES_PER_MIB)} MiB`);
      if (generation.leases === 0) this.#end(generation);
    } catch (error) {
      log('warn', 'browser-memory-unknown', { error: errorText(error) });
    }
  }

  /** New runs get a new browser, launched now; this one ends with its last run. */
  #retire(generation: Generation, why: string): void {
    const { log } = this.#options;
    log('info', 'browser-recycled', { why });
    generation.retired = true;
    this.#forget(generation);
    if (!this.#closed) this.#slot ??= this.#launch();
  }

  #forget(generation: Generation): void {
    generation.retired = true;
    if (this.#slot?.generation === generation) this.#slot = undefined;
  }

  #end(generation: Generation): void {
    const ending = withDeadline(generation.browser.close(), CLOSE_DEADLINE_MS, 'closing the browser')
      .catch((error: unknown) => this.#kill(generation, errorText(error)))
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  #kill(generation: Generation, why: string): void {
    if (generation.killed) return;
    generation.killed = true;
    this.#options.log('error', 'browser-killed', { why, group: generation.group });
    this.#forget(generation);
    if (generation.group !== undefined) killGroup(generation.group);
  }
}

function launchFault(executablePath: string, error: unknown): OwnFault {
  const text = errorText(error);
  const cause = { cause: error };
  if (/ENOSPC|no space left/i.test(text))
    return new OwnFault('disk-full', `${executablePath}: no space left to start it: ${text}`, cause);
  if (/ENOMEM|cannot allocate memory/i.test(text))
    return new OwnFault('memory', `${executablePath}: no memory to start it: ${text}`, cause);
  if (errorCode(error) === 'ENOENT' || /ENOENT|executable doesn't exist/i.test(text))
    return new OwnFault('browser-missing', `${executablePath} is gone: run \`node .ci/setup.mjs\``, cause);
  return new OwnFault('browser-crash', `${executablePath} did not start: ${text}`, cause);
}
