import { readdirSync, readFileSync } from 'node:fs';

/** A process as /proc shows it. */
export type ProcessLine = { pid: number; parent: number; command: string };

/** Every process below `pid` that runs now, whatever group or session it is in. Linux. */
export function descendantsOf(pid: number): ProcessLine[] {
  const all = allProcesses();
  const found: ProcessLine[] = [];
  const parents = new Set([pid]);
  for (let grew = true; grew;) {
    grew = false;
    for (const line of all)
      if (parents.has(line.parent) && !parents.has(line.pid)) {
        parents.add(line.pid);
        found.push(line);
        grew = true;
      }
  }
  return found;
}

/** Whether a process with this id runs and is not a zombie. */
export function isRunning(pid: number): boolean {
  return allProcesses().some((line) => line.pid === pid);
}

function allProcesses(): ProcessLine[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

function readProcess(pid: number): ProcessLine | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(fields[1]), command };
  } catch (error) {
    // It ended between the listing and the reading.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
}
