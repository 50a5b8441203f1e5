import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../command.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Peers have a lock of their own: nobody who only uses Latchkey installs them. */
export const PEERS_FOLDER = fileURLToPath(new URL('../peers', import.meta.url));
/** 240 packages, 100 MB: half a minute with a near registry. */
const INSTALL_DEADLINE_MS = 10 * 60_000;
const PROGRESS_INTERVAL_MS = 10_000;

/** Installs the peers with `npm ci` unless they are there as the lock says. Rejects with the end of npm's output. */
export async function installPeers(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  if (peersAreCurrent()) return;
  const startedMs = performance.now();
  const sayTime = (what: string): void =>
    say(`${what} the peers (npm ci, once): ${Math.round((performance.now() - startedMs) / 1000)} s`);
  sayTime('installing');
  const progress = setInterval(() => sayTime('installing'), PROGRESS_INTERVAL_MS);
  try {
    await runCommand('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: PEERS_FOLDER,
      env: machineEnv(),
      deadlineMs: INSTALL_DEADLINE_MS,
      signal,
    });
  } finally {
    clearInterval(progress);
  }
  sayTime('installed');
}

/** npm writes its record of what it put there last, so a half-done install does not count. */
function peersAreCurrent(): boolean {
  const wanted = packagesOf('package-lock.json');
  const present = packagesOf('node_modules/.package-lock.json');
  // Packages for other platforms are in the lock and not in place.
  return (
    present !== undefined &&
    Object.entries(present).every(([name, entry]) => wanted?.[name]?.version === entry.version)
  );
}

function packagesOf(file: string): Record<string, { version?: string }> | undefined {
  const whole = path.join(PEERS_FOLDER, file);
  if (!existsSync(whole)) return undefined;
  return (JSON.parse(readFileSync(whole, 'utf8')) as { packages: Record<string, { version?: string }> })
    .packages;
}

/** As a shell outside of `npm run` would have it: with our Node first on PATH npm looks for its settings in our packages. */
function machineEnv(): Record<string, string | undefined> {
  const inside = (text: string | undefined): boolean => text?.startsWith(ROOT) === true;
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => !inside(folder));
  const kept = Object.entries(process.env).filter(
    ([name, value]) => !(/^npm_config_(prefix|globalconfig|local_prefix)$/iu.test(name) && inside(value)),
  );
  return { ...Object.fromEntries(kept), PATH: folders.join(path.delimiter) };
}
