import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../log.ts';

const BYTES_PER_MIB = 1_024 * 1_024;
/** A login in a fresh context takes 60–130 MiB over the idle browser; the rest is for the probe itself. */
export const MEMORY_FREE_MIB_MIN = 256;

/**
 * MiB that can still be taken before the machine or a control group (cgroup v2) around this process runs out; page
 * cache counts as free. `undefined` where the system does not tell. `root` is for tests.
 */
export async function availableMemoryMiB(root = '/'): Promise<number | undefined> {
  const machine = kibibytes(await readIfThere(join(root, 'proc/meminfo')), 'MemAvailable');
  if (machine === undefined) return undefined;
  const group = /^0::(\/.*)$/m.exec((await readIfThere(join(root, 'proc/self/cgroup'))) ?? '')?.[1];
  const limits = await Promise.all(groupsAbove(group).map((path) => groupFreeBytes(root, path)));
  return Math.min(machine * 1_024, ...limits.filter((bytes) => bytes !== undefined)) / BYTES_PER_MIB;
}

/** A limit may be set on any group above ours. */
function groupsAbove(group: string | undefined): string[] {
  if (group === undefined) return [];
  return group === '/' ? ['/'] : [group, ...groupsAbove(dirname(group))];
}

async function groupFreeBytes(root: string, group: string): Promise<number | undefined> {
  const folder = join(root, 'sys/fs/cgroup', group);
  const [max, current, stat] = await Promise.all(
    ['memory.max', 'memory.current', 'memory.stat'].map((file) => readIfThere(join(folder, file))),
  );
  const limitBytes = Number(max?.trim());
  const usedBytes = Number(current?.trim());
  if (!max || !current || !Number.isFinite(limitBytes) || !Number.isFinite(usedBytes)) return undefined;
  const reclaimable = ['active_file', 'inactive_file', 'slab_reclaimable'].map((name) =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat ?? '')?.[1] ?? 0),
  );
  return limitBytes - usedBytes + reclaimable.reduce((sum, bytes) => sum + bytes, 0);
}

function kibibytes(meminfo: string | undefined, name: string): number | undefined {
  const value = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo ?? '')?.[1];
  return value === undefined ? undefined : Number(value);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
