// Running other programs during set-up: output kept in a log, a deadline, and no child left behind.
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const LOG_TAIL_LINES_MAX = 30;

/** Children still running, so that an interrupted set-up can end them. @type {Set<() => void>} */
const running = new Set();

/** Ends every program that is still running; for signal handlers. */
export function endCommands() {
  for (const end of running) end();
}

/**
 * Runs a program to its end. Never throws: a program that cannot be started, fails or is ended by a deadline gives
 * `ok: false` and a `reason`. All its output is in `output`, and in `logFile` when one is named.
 * @param {string} file
 * @param {string[]} args
 * @param {{ timeoutMs: number, silenceMs?: number, progress?: RegExp, logFile?: string, env?: NodeJS.ProcessEnv, cwd?: string }} options
 *   `silenceMs`: ends the program when it has printed nothing for so long, or nothing that `progress` matches
 * @returns {Promise<{ ok: boolean, reason: string, output: string }>}
 */
export function run(file, args, { timeoutMs, silenceMs, progress = /./, logFile, env = process.env, cwd }) {
  const windows = process.platform === 'win32';
  if (logFile !== undefined) {
    mkdirSync(dirname(logFile), { recursive: true });
    writeFileSync(logFile, `$ ${[file, ...args].join(' ')}\n`);
  }
  return new Promise((resolve) => {
    // A group of its own, so that a deadline reaches the children of npm and apt too. On Windows npm is a script.
    const child = spawn(file, args, {
      env,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !windows,
      shell: windows && !file.endsWith('.exe'),
    });
    let output = '';
    let endedBecause = '';
    const end = () => {
      try {
        if (windows || child.pid === undefined) child.kill('SIGKILL');
        else process.kill(-child.pid, 'SIGKILL');
      } catch (error) {
        // The group may have ended by itself a moment ago; anything else is a fault of ours.
        if (error.code !== 'ESRCH') throw error;
      }
    };
    running.add(end);
    const endFor = (reason) => {
      endedBecause = reason;
      end();
    };
    const deadline = setTimeout(() => endFor(`not done after ${timeoutMs / 1000} s`), timeoutMs);
    const silence =
      silenceMs === undefined
        ? undefined
        : setTimeout(() => endFor(`no progress for ${silenceMs / 1000} s`), silenceMs);
    const finish = (ok, reason) => {
      clearTimeout(deadline);
      clearTimeout(silence);
      running.delete(end);
      resolve({ ok, reason, output });
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        if (progress.test(text)) silence?.refresh();
        if (logFile !== undefined) appendFileSync(logFile, text);
      });
    }
    child.on('error', (error) => finish(false, `could not be started: ${error.message}`));
    child.on('close', (code, signal) => {
      finish(code === 0, endedBecause || (signal === null ? `exit code ${code}` : `ended by ${signal}`));
    });
  });
}

/** The end of a program's output, as much as helps on a screen. @param {string} output */
export function tail(output) {
  return output.trimEnd().split('\n').slice(-LOG_TAIL_LINES_MAX).join('\n');
}

/**
 * Shows that a long step is under way and how long it took: one line at its start, dots on a terminal, one at its end.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} step
 * @returns {Promise<T>}
 */
export async function step(what, step) {
  const startedMs = Date.now();
  const onTerminal = process.stderr.isTTY;
  process.stderr.write(`set-up: ${what} …${onTerminal ? '' : '\n'}`);
  const dots = onTerminal ? setInterval(() => process.stderr.write('.'), 1000) : undefined;
  try {
    return await step();
  } finally {
    clearInterval(dots);
    if (onTerminal) process.stderr.write('\n');
    process.stderr.write(`set-up: ${what}: ${((Date.now() - startedMs) / 1000).toFixed(1)} s\n`);
  }
}

/** One line of set-up's own. @param {string} text */
export function say(text) {
  process.stderr.write(`set-up: ${text}\n`);
}
