import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../log.ts';

const LOCK_FILE = 'probe.pid';

/** `startTicks` tells a process from a later one that got the same pid; absent where there is no /proc. */
const Holder = z.strictObject({ pid: z.int().min(1), startTicks: z.string().optional() });
type Holder = z.infer<typeof Holder>;

/** Another living process uses the directory. */
export class SpoolLockedError extends Error {
  override readonly name = 'SpoolLockedError';
  readonly holderPid: number | undefined;
  constructor(message: string, holderPid: number | undefined) {
    super(message);
    this.holderPid = holderPid;
  }
}

/**
 * Takes the directory for this process; the returned function gives it back. A lock whose process is gone is taken over.
 * Rejects with `SpoolLockedError` when a living process holds it, otherwise with the system's error.
 *
 * Processes in two containers cannot see each other: give each its own directory.
 */
export async function lockDirectory(directory: string, lockFile = LOCK_FILE): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, lockFile);
  const own = `${path}.${process.pid}`;
  const content = JSON.stringify(holderOf(process.pid));
  // Written apart and linked, so that nobody reads a lock that is half there.
  try {
    await writeFile(own, content);
    if (!(await tryLink(own, path))) {
      await removeStale(path);
      if (!(await tryLink(own, path))) throw lockedBy(directory, await readHolder(path));
    }
  } finally {
    await rm(own, { force: true });
  }
  return async () => {
    if ((await readText(path)) === content) await rm(path, { force: true });
  };
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function removeStale(path: string): Promise<void> {
  const judged = await readHolder(path);
  if (judged !== undefined && isAlive(judged)) throw lockedBy(path, judged);
  const aside = `${path}.stale.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  // Between the look and the rename somebody else may have taken over: then it is theirs, and goes back.
  const moved = await readHolder(aside);
  if (moved !== undefined && isAlive(moved)) await tryLink(aside, path);
  await rm(aside, { force: true });
}

function lockedBy(where: string, holder: Holder | undefined): SpoolLockedError {
  return new SpoolLockedError(
    `the spool ${where} is in use by process ${holder?.pid ?? 'unknown'}; give each probe of this machine a name (--name) or a directory (--spool) of its own`,
    holder?.pid,
  );
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** `undefined`: no lock, or one that a power cut left empty. */
async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return Holder.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive(holder: Holder): boolean {
  // A process in a container is often pid 1 every time: our own pid in somebody else's lock is an earlier life.
  if (holder.pid === process.pid) return holder.startTicks === holderOf(process.pid)?.startTicks;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
    if (errorCode(error) !== 'EPERM') throw error;
  }
  const current = holderOf(holder.pid);
  return (
    current !== undefined && (holder.startTicks === undefined || holder.startTicks === current.startTicks)
  );
}

/** `undefined` for a process that has ended and was not reaped yet. */
function holderOf(pid: number): Holder | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the state is field 3 and the start field 22, counted after the name, which may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return fields[19] === undefined ? { pid } : { pid, startTicks: fields[19] };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return { pid };
  }
}
