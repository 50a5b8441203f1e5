import type * as fs from 'node:fs';
import type * as inspector from 'node:inspector';
import type * as threads from 'node:worker_threads';

/** What the thread watches, and what it does when the main thread has stood still. */
export type WatchdogOrders = {
  /** One 32-bit number that the main thread counts up every `beatMs`. */
  beats: SharedArrayBuffer;
  beatMs: number;
  blockedMsMax: number;
  verdict: Verdict;
};

/**
 * `restart`: SIGKILL, so that a supervisor starts the process again, after `markerFile` says what was under way.
 * `exit`: a sentence on stderr and the exit status, for a command at a terminal.
 */
export type Verdict =
  | { kind: 'restart'; markerFile: string }
  | { kind: 'exit'; status: number; sentence: string };

/** Node's modules that the thread works with. */
type Modules = { fs: typeof fs; inspector: typeof inspector; threads: typeof threads };

/**
 * The program of the thread. It gets there as text, so it may use nothing from outside: a thread that loads TypeScript
 * by itself takes 26 MiB, this one 10.
 */
export function watch({ fs, inspector, threads }: Modules, blockedTime: typeof countBlockedTime): void {
  const STDERR = 2;
  /** From asking the main thread to exit to killing it: closing a browser and removing its files takes 0.2 s. */
  const EXIT_MS_MAX = 3_000;

  const { beats, beatMs, blockedMsMax, verdict } = threads.workerData as WatchdogOrders;
  const counter = new Int32Array(beats);
  const look = blockedTime(Atomics.load(counter, 0), performance.now(), beatMs);
  let underWay: readonly { check: string }[] = [];

  // A message arrives here also when its sender never comes to rest again.
  threads.parentPort?.on('message', (runs: readonly { check: string }[]) => {
    underWay = runs;
  });

  const looking = setInterval(() => {
    const blockedMs = Math.round(look(Atomics.load(counter, 0), performance.now()));
    if (blockedMs < blockedMsMax) return;
    clearInterval(looking);
    if (verdict.kind === 'restart') restart(verdict.markerFile, blockedMs);
    else exit(verdict.status, verdict.sentence);
  }, beatMs);

  /** All of it synchronous, and the end comes whatever else fails: nobody else would bring it. */
  function restart(markerFile: string, blockedMs: number): void {
    try {
      const marker = JSON.stringify({ atMs: Date.now(), blockedMs, underWay });
      fs.writeFileSync(`${markerFile}.new`, marker, { mode: 0o600 });
      fs.renameSync(`${markerFile}.new`, markerFile);
    } finally {
      try {
        // As `log` would: its own line goes through the main thread.
        const at = new Date().toISOString();
        const checks = underWay.map(({ check }) => check).join(' ');
        const said = { blockedMs, checks, next: 'the probe is killed' };
        fs.writeSync(STDERR, `${JSON.stringify({ at, level: 'error', event: 'probe-blocked', ...said })}\n`);
      } finally {
        kill();
      }
    }
  }

  /**
   * A thread cannot end its process with a status; the main thread can, and V8 lets the inspector in even between two
   * turns of an endless loop. `process.exit` there also closes the browser and removes its files.
   */
  function exit(status: number, sentence: string): void {
    setTimeout(kill, EXIT_MS_MAX);
    try {
      fs.writeSync(STDERR, `${sentence}\n`);
      const session = new inspector.Session();
      session.connectToMainThread();
      // Node would add that it waits for a debugger, which is us.
      const silence = `process.once('exit', () => process.getBuiltinModule('node:fs').closeSync(${STDERR}))`;
      session.post('Runtime.evaluate', { expression: `${silence}; process.exit(${status})` });
    } catch {
      kill();
    }
  }

  function kill(): void {
    process.kill(process.pid, 'SIGKILL');
  }
}

/**
 * Counts how long a counter that should go up every `beatMs` has stood still: the returned function gives the
 * milliseconds up to a look at it. `nowMs` is monotonic. Uses nothing from outside, see `watch`.
 */
export function countBlockedTime(
  beat: number,
  nowMs: number,
  beatMs: number,
): (beat: number, nowMs: number) => number {
  let last = { beat, nowMs };
  let blockedMs = 0;
  return (beat, nowMs) => {
    const sinceMs = nowMs - last.nowMs;
    if (beat !== last.beat) blockedMs = 0;
    // A look that comes late proves nothing: the machine was suspended, the process stopped, or nobody in it got the
    // processor. The main thread then gets another pause to beat in.
    else if (sinceMs <= 2 * beatMs) blockedMs += sinceMs;
    last = { beat, nowMs };
    return blockedMs;
  };
}
