import { spawn } from 'node:child_process';

/** The end of what a failed command said. */
const OUTPUT_CHARS_MAX = 4_000;

export interface CommandOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly deadlineMs: number;
  /** Ends the command, and what it has started, when aborted. */
  readonly signal: AbortSignal;
  /** Called with the pid as soon as it runs. */
  readonly onStart?: (pid: number) => void;
}

/**
 * Runs a program to its end and gives what it printed. Rejects, with the end of its output, when it cannot be started,
 * does not exit with 0, or is ended by the deadline or the signal; nothing of it is left running then.
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { cwd, env, deadlineMs, signal, onStart } = options;
  signal.throwIfAborted();
  // A group of its own, so that ending it reaches what it has started too.
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_CHARS_MAX);
    });
  }
  let endedBecause: string | undefined;
  const end = (reason: string): void => {
    endedBecause = reason;
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const onAbort = (): void => end('stopped');
  const timer = setTimeout(() => end(`not done within ${deadlineMs} ms`), deadlineMs);
  signal.addEventListener('abort', onAbort);
  try {
    const failure = await new Promise<string | undefined>((resolve) => {
      child.on('error', (error) => resolve(`cannot be started: ${error.message}`));
      child.on('close', (code, killedBy) => {
        const reason = endedBecause ?? (killedBy === null ? `exit code ${code}` : `ended by ${killedBy}`);
        resolve(code === 0 ? undefined : reason);
      });
      if (child.pid !== undefined) onStart?.(child.pid);
    });
    if (failure !== undefined) throw new Error(`${[file, ...args].join(' ')}: ${failure}\n${output}`);
    return output;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
