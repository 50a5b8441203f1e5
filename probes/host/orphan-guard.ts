import { spawn, spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Looks at one process; a shell that needs longer is stuck. */
const GUARD_DEADLINE_MS = 5_000;

const RUN_WORKERD = fileURLToPath(new URL('run-workerd.sh', import.meta.url));
const GUARD_WORKERD = fileURLToPath(new URL('guard-workerd.sh', import.meta.url));

/** Sees to it that workerd does not outlive this process. */
export type OrphanGuard = {
  /** After workerd has ended: nothing is left to guard. */
  release(): Promise<void>;
};

/**
 * Ends what an earlier host left behind, and sets a guard for this one: a shell that outlives us, even a SIGKILL, and
 * ends workerd when our end of its stdin closes. Miniflare starts workerd through `run-workerd.sh`, which notes its pid
 * in `pidFile`, after every restart anew.
 */
export function guardWorkerd(pidFile: string): OrphanGuard {
  spawnSync('/bin/sh', [GUARD_WORKERD, pidFile, '--now'], { timeout: GUARD_DEADLINE_MS, stdio: 'inherit' });
  process.env.LATCHKEY_WORKERD_PID_FILE = pidFile;
  process.env.LATCHKEY_WORKERD ??= workerdBinary();
  process.env.MINIFLARE_WORKERD_PATH = RUN_WORKERD;
  // A session of its own: Ctrl-C, or a signal to our group, must not take the guard first.
  const guard = spawn('/bin/sh', [GUARD_WORKERD, pidFile], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  return {
    async release() {
      await rm(pidFile, { force: true });
      guard.stdin.destroy();
    },
  };
}

function workerdBinary(): string {
  const fromHere = createRequire(import.meta.url);
  const fromMiniflare = createRequire(fromHere.resolve('miniflare'));
  return (fromMiniflare('workerd') as { default: string }).default;
}
