import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { withDeadline } from './deadline.ts';
import { errorText, type Log } from './log.ts';

/** What Chromium adds to the directory of temporary files for its own socket. */
const SOCKET_NAME = '/.org.chromium.Chromium.XXXXXX/SingletonSocket';
/** Bytes of a Unix socket's path, without the NUL: unix(7) of Linux; macOS and the BSDs have 104 with it. */
const SOCKET_PATH_BYTES_MAX = process.platform === 'linux' ? 107 : 103;
/** A browser that has lost its probe a moment ago may still be writing what is removed here: 0.1 + 0.2 + … s. */
const REMOVE = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;
/** A profile is some hundred small files; a disk that needs longer must not hold up the start or the stop. */
const REMOVE_DEADLINE_MS = 3_000;

/**
 * Gives this process an empty directory of its own for temporary files, inside a directory that it has locked: what a
 * killed process leaves (a browser's profile) is gone with the next start. The returned function removes it. Where it
 * cannot be, because the path is too long or the disk full, the system's directory stays in use, and the log says so.
 */
export async function ownScratch(lockedDirectory: string, log: Log): Promise<() => Promise<void>> {
  const path = resolve(join(lockedDirectory, 'tmp'));
  const before = process.env.TMPDIR;
  try {
    await remove(path);
    const socketBytes = Buffer.byteLength(path + SOCKET_NAME);
    if (socketBytes > SOCKET_PATH_BYTES_MAX) {
      const why = `a socket's path in it has ${socketBytes} bytes, ${SOCKET_PATH_BYTES_MAX} are possible`;
      log('warn', 'scratch-not-own', { path, why });
      return () => Promise.resolve();
    }
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    log('warn', 'scratch-not-own', { path, why: errorText(error) });
    return () => Promise.resolve();
  }
  // Playwright and Chromium look here at each launch.
  process.env.TMPDIR = path;
  return async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await remove(path).catch((error: unknown) =>
      log('warn', 'scratch-not-removed', { path, why: errorText(error) }),
    );
  };
}

function remove(path: string): Promise<void> {
  return withDeadline(rm(path, REMOVE), REMOVE_DEADLINE_MS, 'removing temporary files');
}
