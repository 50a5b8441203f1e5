import { appendFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withDeadline } from '../deadline.ts';
import { errorCode } from '../log.ts';

/** Refused runs are kept for the person who finds out why: this much in each of two files. */
export const REFUSED_BYTES_MAX = 1024 * 1024;
const WRITE_DEADLINE_MS = 5_000;

/**
 * Adds a run (its JSON) to `refused.jsonl` in the directory: `{"at":…,"reason":…,"run":{…}}`. A full file becomes
 * `refused.jsonl.1`, in place of the one before. Rejects with the system's error or a `DeadlineError`.
 */
export async function keepRefused(directory: string, runJson: string, reason: string): Promise<void> {
  const path = join(directory, 'refused.jsonl');
  const line = `{"at":"${new Date().toISOString()}","reason":${JSON.stringify(reason)},"run":${runJson}}\n`;
  const write = async (): Promise<void> => {
    if ((await sizeOf(path)) + line.length > REFUSED_BYTES_MAX) await rename(path, `${path}.1`);
    await appendFile(path, line, { mode: 0o600 });
  };
  await withDeadline(write(), WRITE_DEADLINE_MS, 'writing a refused run');
}

/** Bytes of a file; a file that is not there counts as one that needs no rename. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return -REFUSED_BYTES_MAX;
    throw error;
  }
}
