import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../hub/backoff.ts';
import { withDeadline } from '../deadline.ts';
import { errorCode } from '../log.ts';

/** A part of Latchkey that runs as a process of its own. */
export type Part = {
  name: string;
  /** Arguments of this Node. */
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Whether this line of its output says that it is ready. */
  isReady: (line: string) => boolean;
  readyWithinMs: number;
  /** From SIGTERM to its own end; then it and what it has started are killed. */
  stopWithinMs: number;
};

export type PartListener = {
  onLine: (part: string, line: string) => void;
  /** It has ended without being told to, and is started again after a pause. */
  onRestart: (part: string, how: string, pauseMs: number) => void;
};

/** Lines of a part that ended too early which are shown: the reason is at the end. */
const LAST_LINES_MAX = 15;
/** Pauses before a part is started again; after a minute of life they begin anew. */
const RESTART_MS_MIN = 1_000;
const RESTART_MS_MAX = 30_000;
const STABLE_MS = 60_000;
/** From SIGKILL to the end of a process. */
const KILL_DEADLINE_MS = 2_000;

/** A part that is started again whenever it ends, until `stop`. */
export class Supervised {
  readonly #part: Part;
  readonly #listener: PartListener;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #lastLines: string[] = [];
  #failures = 0;

  constructor(part: Part, listener: PartListener) {
    this.#part = part;
    this.#listener = listener;
  }

  get name(): string {
    return this.#part.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it and waits until it is ready. Rejects with its last lines when it ends first or is not ready in time. */
  async start(): Promise<void> {
    const { name, readyWithinMs } = this.#part;
    const { ready, ended } = this.#spawn();
    const early = ended.then((how) => {
      throw new Error(`${name} ${how}:\n${this.#lastLines.join('\n')}`);
    });
    await withDeadline(Promise.race([ready, early]), readyWithinMs, `${name}: getting ready`);
    void this.#keepUp(ended);
  }

  /** Ends it: SIGTERM, and after `stopWithinMs` SIGKILL for it and its group. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    if (await isWithin(ended, this.#part.stopWithinMs)) return;
    killGroup(child);
    await isWithin(ended, KILL_DEADLINE_MS);
  }

  async #keepUp(firstEnd: Promise<string>): Promise<void> {
    let ended = firstEnd;
    for (;;) {
      const startedMs = performance.now();
      const how = await ended;
      if (this.#stopping.signal.aborted) return;
      this.#failures = performance.now() - startedMs > STABLE_MS ? 1 : this.#failures + 1;
      const pauseMs = Math.round(backoffMs(this.#failures, 1, RESTART_MS_MIN, RESTART_MS_MAX));
      this.#listener.onRestart(this.name, how, pauseMs);
      try {
        await delay(pauseMs, undefined, { signal: this.#stopping.signal });
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        throw error;
      }
      ({ ended } = this.#spawn());
    }
  }

  #spawn(): { ready: Promise<void>; ended: Promise<string> } {
    const { args, env, isReady, name } = this.#part;
    // A group of its own: Ctrl-C reaches only us, and we end the parts in their order. The channel tells it when we die.
    const child = spawn(process.execPath, [...args], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#lastLines = [];
    const ready = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        if (stream === null) continue;
        createInterface({ input: stream }).on('line', (line) => {
          this.#lastLines = [...this.#lastLines, line].slice(-LAST_LINES_MAX);
          this.#listener.onLine(name, line);
          if (isReady(line)) resolve();
        });
      }
    });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`could not be started (${error.message})`));
      child.once('close', (code, signal) => {
        // What it had started must not outlive it: its browser, its tool.
        killGroup(child);
        resolve(signal === null ? `ended with status ${code}` : `was ended by ${signal}`);
      });
    });
    return { ready, ended };
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // None is left; macOS says EPERM when the last one has not been reaped yet.
    if (!['ESRCH', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
  }
}

async function isWithin(work: Promise<void>, deadlineMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(deadlineMs, false, { signal: timer.signal }).catch(() => false);
  const first = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return first;
}
