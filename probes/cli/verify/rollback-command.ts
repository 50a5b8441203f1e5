import { spawn } from 'node:child_process';
import type { CommandResult, ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { formatMs, truncate } from '#core/units.ts';
import { errorText } from '../../log.ts';
import { SELECTOR_VARIABLES } from './selector-options.ts';

/** After SIGTERM, until SIGKILL: GitHub and GitLab give a cancelled job 10 s and 30 s themselves. */
const KILL_AFTER_MS = 5_000;
/** Characters of an error that a result may have. */
const ERROR_CHARS_MAX = 500;

/** Secrets of ours that are none of the command's business. */
const WITHHELD = new Set([
  'LATCHKEY_SERVICE_TOKEN',
  'LATCHKEY_TOKEN',
  'OPERATOR_TOKEN',
  'PROBE_TOKEN_KEYS',
  'COOKIE_KEY',
  ...SELECTOR_VARIABLES,
]);

/** What a rollback by command is told of the deploy. */
export function rollbackEnv(
  { service, version, previousVersion, n }: ToldDeploy,
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !WITHHELD.has(name)));
  return {
    ...rest,
    LATCHKEY_SERVICE: service,
    LATCHKEY_VERSION: version,
    LATCHKEY_PREVIOUS_VERSION: previousVersion ?? '',
    LATCHKEY_DEPLOY: String(n),
  };
}

export type CommandSurroundings = {
  env: NodeJS.ProcessEnv;
  deadlineMs: number;
  /** From SIGTERM to SIGKILL. */
  killAfterMs?: number;
  /** The file descriptor that its output goes to. */
  output: number;
  /** Ends it early. */
  signal: AbortSignal;
};

/**
 * Runs a rollback without a shell, in a process group of its own. At the deadline, or when the signal aborts, the group gets
 * SIGTERM, and SIGKILL 5 s later. Never rejects.
 */
export async function runRollback(
  command: readonly string[],
  { env, deadlineMs, killAfterMs = KILL_AFTER_MS, output, signal }: CommandSurroundings,
): Promise<CommandResult> {
  const [file = '', ...args] = command;
  const failed = (error: string): CommandResult => ({
    state: 'failed',
    error: truncate(error, ERROR_CHARS_MAX),
  });
  if (signal.aborted) return failed('interrupted before it began');
  const child = spawn(file, args, { env, stdio: ['ignore', output, output], detached: true });
  const ended = new Promise<CommandResult>((resolve) => {
    child.once('error', (error) => resolve(failed(`${file}: cannot be run: ${errorText(error)}`)));
    child.once('exit', (code, signalName) => {
      if (code === 0) resolve({ state: 'called' });
      else resolve(failed(`${file}: ${code === null ? `ended by ${signalName}` : `exit status ${code}`}`));
    });
  });
  const { pid } = child;
  if (pid === undefined) return ended;

  let why: string | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const kill = (): void => signalGroup(pid, 'SIGKILL');
  const stop = (reason: string): void => {
    if (why !== undefined) return;
    why = reason;
    signalGroup(pid, 'SIGTERM');
    killTimer = setTimeout(kill, killAfterMs);
  };
  const interrupt = (): void => stop('interrupted');
  const deadline = setTimeout(() => stop(`took over ${formatMs(deadlineMs)}`), deadlineMs);
  signal.addEventListener('abort', interrupt, { once: true });
  // Whoever ends us at once would leave it running with nobody to wait for it.
  process.once('exit', kill);
  try {
    const result = await ended;
    // It may have succeeded in its last moment, and left children behind; those are its own.
    return why === undefined || result.state === 'called' ? result : failed(`${file}: ${why}`);
  } finally {
    clearTimeout(deadline);
    clearTimeout(killTimer);
    signal.removeEventListener('abort', interrupt);
    process.off('exit', kill);
    if (why !== undefined) kill();
  }
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
