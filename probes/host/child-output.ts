import { spawn } from 'node:child_process';
import { truncate } from '#core/units.ts';

/** Characters of a failed child's output that are shown: its end, where the reason is. */
const SHOWN_CHARS_MAX = 4_000;

export type ChildOptions = {
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** The child is killed after this. */
  deadlineMs: number;
  signal: AbortSignal;
};

/**
 * Runs a program of this Node to its end and gives its stdout.
 * Rejects with what it said when it fails, is aborted or takes too long.
 */
export async function outputOf(
  what: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<string> {
  const { env, cwd, deadlineMs } = options;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(deadlineMs)]);
  const child = spawn(process.execPath, [...args], {
    cwd,
    env,
    signal,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let both = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    both += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    both += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      const late = signal.aborted && !options.signal.aborted;
      reject(late ? new Error(`${what} took over ${deadlineMs} ms`) : error);
    });
    child.once('close', (code) => {
      if (code === 0) resolve(stdout);
      else
        reject(
          new Error(`${what} failed:\n${truncate(both.slice(-SHOWN_CHARS_MAX).trim(), SHOWN_CHARS_MAX)}`),
        );
    });
  });
}
