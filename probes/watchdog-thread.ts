import { renameSync, writeFileSync, writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import { BEAT_MS, BlockedTime } from './blocked-time.ts';
import { logLine } from './log.ts';

/** What the thread watches, and what it does when the main thread has stood still. */
export type WatchdogOrders = {
  /** One 32-bit number that the main thread counts up every `BEAT_MS`. */
  beats: SharedArrayBuffer;
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

const STDERR = 2;
/** From asking the main thread to exit to killing it: closing a browser's process and its files takes 0.2 s. */
const EXIT_MS_MAX = 3_000;

const { beats, blockedMsMax, verdict } = workerData as WatchdogOrders;
const counter = new Int32Array(beats);
const blocked = new BlockedTime(Atomics.load(counter, 0), performance.now());
let underWay: readonly { check: string }[] = [];

// A message arrives here also when its sender never gets to rest again.
parentPort?.on('message', (runs: readonly { check: string }[]) => {
  underWay = runs;
});

const looking = setInterval(() => {
  const blockedMs = blocked.look(Atomics.load(counter, 0), performance.now());
  if (blockedMs < blockedMsMax) return;
  clearInterval(looking);
  if (verdict.kind === 'restart') restart(verdict.markerFile, Math.round(blockedMs));
  else exit(verdict.status, verdict.sentence);
}, BEAT_MS);

/** All of it synchronous, and the end comes whatever else fails: nobody else would bring it. */
function restart(markerFile: string, blockedMs: number): void {
  try {
    writeFileSync(`${markerFile}.new`, JSON.stringify({ atMs: Date.now(), blockedMs, underWay }), {
      mode: 0o600,
    });
    renameSync(`${markerFile}.new`, markerFile);
  } finally {
    try {
      const checks = underWay.map(({ check }) => check).join(' ');
      writeSync(
        STDERR,
        `${logLine('error', 'probe-blocked', { blockedMs, checks, next: 'the probe is killed' })}\n`,
      );
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
    writeSync(STDERR, `${sentence}\n`);
    const session = new Session();
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
