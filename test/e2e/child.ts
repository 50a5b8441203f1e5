import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../probes/cli/main.ts', import.meta.url));
/** Lines of a child's output kept for the message of a failed test. */
const LINES_MAX = 200;

/** A `latchkey` command as a process of its own, with its last words kept. */
export type Child = {
  readonly pid: number;
  /** The last lines of stdout and stderr. */
  lines(): readonly string[];
  /** The first line of output that fits, as soon as there is one; rejects when the process ends or the time is up. */
  untilLine(fits: (line: string) => boolean, deadlineMs: number): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL when it does not end within `deadlineMs`. Gives the exit code, `null` after a signal. */
  stop(deadlineMs?: number): Promise<number | null>;
  readonly exited: Promise<number | null>;
};

/** Starts `latchkey ARGS…` with this environment added to what a shell would give (PATH, HOME). */
export function startCommand(args: readonly string[], env: Readonly<Record<string, string>>): Child {
  const child: ChildProcess = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`latchkey ${args[0]} did not start`);
  const lines: string[] = [];
  const watchers = new Set<(line: string | undefined) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        lines.push(line);
        if (lines.length > LINES_MAX) lines.shift();
        for (const watcher of watchers) watcher(line);
      }
    });
  }
  const exited = once(child, 'exit').then(([code]) => {
    for (const watcher of watchers) watcher(undefined);
    return code as number | null;
  });
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid,
    exited,
    lines: () => lines,
    kill: (signal) => void child.kill(signal),
    untilLine: (fits, deadlineMs) =>
      new Promise((resolve, reject) => {
        const found = lines.find(fits);
        if (found !== undefined) return resolve(found);
        const end = (error?: string): void => {
          clearTimeout(timer);
          watchers.delete(watcher);
          if (error !== undefined)
            reject(new Error(`latchkey ${args.join(' ')}: ${error}\n${lines.join('\n')}`));
        };
        const watcher = (line: string | undefined): void => {
          if (line === undefined) return end('ended');
          if (!fits(line)) return;
          end();
          resolve(line);
        };
        const timer = setTimeout(() => end(`no such line within ${deadlineMs} ms`), deadlineMs);
        watchers.add(watcher);
        if (hasExited()) end('had ended');
      }),
    async stop(deadlineMs = 15_000) {
      if (hasExited()) return child.exitCode;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}
