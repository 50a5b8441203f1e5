import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errorCode } from '../log.ts';

const PS_TIMEOUT_MS = 2_000;
const BYTES_PER_KIB = 1_024;

type ProcessEntry = { pid: number; parent: number; group: number; command: string };

/**
 * The process group led by our own child whose command line has `mark`; `undefined` when there is none. Only such a
 * group may be killed: nobody else's process can be in it.
 */
export async function findChildGroup(mark: string): Promise<number | undefined> {
  const leader = (await listProcesses()).find(
    ({ pid, parent, group, command }) =>
      parent === process.pid && group === pid && command.split(/[\0 ]/).includes(mark),
  );
  return leader?.group;
}

/** Ids of the processes in a group. */
export async function groupMembers(group: number): Promise<number[]> {
  return (await listProcesses()).filter((entry) => entry.group === group).map(({ pid }) => pid);
}

/** SIGKILL to every process of a group that `findChildGroup` gave. A group that is gone already is fine. */
export function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** Bytes of memory a group takes, shared pages counted once (PSS); `undefined` where the system does not tell. */
export async function groupMemoryBytes(group: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const sizes = await Promise.all(
    (await groupMembers(group)).map(async (pid) => {
      const rollup = await readIfThere(`/proc/${pid}/smaps_rollup`);
      const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(rollup ?? '')?.[1];
      return Number(kibibytes ?? 0) * BYTES_PER_KIB;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function listProcesses(): Promise<ProcessEntry[]> {
  return process.platform === 'linux' ? listFromProc() : listFromPs();
}

async function listFromProc(): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const entries = await Promise.all(
    pids.map(async (pid) => {
      const [stat, command] = await Promise.all([
        readIfThere(`/proc/${pid}/stat`),
        readIfThere(`/proc/${pid}/cmdline`),
      ]);
      // `pid (name) state ppid pgrp …`; the name may hold anything, so the fields count from the last bracket.
      const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (!fields || command === undefined || fields[0] === 'Z') return [];
      return [{ pid: Number(pid), parent: Number(fields[1]), group: Number(fields[2]), command }];
    }),
  );
  return entries.flat();
}

async function listFromPs(): Promise<ProcessEntry[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axww', '-o', 'pid=,ppid=,pgid=,command='], {
    timeout: PS_TIMEOUT_MS,
    maxBuffer: 16 * BYTES_PER_KIB * BYTES_PER_KIB,
  });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    if (!match) return [];
    const [, pid, parent, group, command = ''] = match;
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), command }];
  });
}

/** A file of /proc as text; `undefined` when its process has gone meanwhile or is not ours to look at. */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
