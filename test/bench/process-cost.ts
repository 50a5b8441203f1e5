import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, the unit of times in /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Often enough that a process which nobody waits for takes at most this much of its end out of the account. */
const SAMPLE_INTERVAL_MS = 25;
/** Reading PSS walks page tables and holds the process up a little, so less often. */
const MEMORY_INTERVAL_MS = 250;
/** A listing is stable when nothing ended while it was read; a tree that never holds still is not ours. */
const SNAPSHOT_ATTEMPTS_MAX = 20;

interface ProcessTimes {
  readonly parent: number;
  /** It has ended, and nobody has waited for it yet. */
  readonly isZombie: boolean;
  /** Since boot; with the pid it tells a process from a later one of the same pid. */
  readonly startTicks: number;
  /** Its own time, and that of the children it has waited for. */
  readonly cpuTicks: number;
  readonly reapedTicks: number;
}

/**
 * CPU time and memory of a process and everything that descends from it, browsers included, from /proc (Linux only).
 *
 * The account is the sum over the living of utime + stime + cutime + cstime: what a parent has waited for stays in it.
 * A process whose parent ended first is waited for by init and would drop out of the account; whatever drops out is
 * added back, less at most what the tree used within one sample. So the figure errs on the low side: beside the kernel's
 * own account of a control group it was 3 % low for a command of 2 s, most of it because times are cut to 10 ms.
 */
export class ProcessTree {
  readonly #root: number;
  #members = new Map<number, ProcessTimes>();
  #strangers = new Set<number>();
  #accountTicks = 0;
  #lostTicks = 0;
  #peakMemoryBytes = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(root: number) {
    this.#root = root;
    this.sample();
  }

  /** Samples on its own from now on, with `memory` its memory too, until `stop`. */
  watch({ memory }: { memory: boolean }): void {
    this.#timers.push(setInterval(() => this.sample(), SAMPLE_INTERVAL_MS));
    if (memory) this.#timers.push(setInterval(() => void this.memoryBytes(), MEMORY_INTERVAL_MS));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  /** CPU seconds since the tree began, up to now. To 10 ms per process. */
  cpuSeconds(): number {
    this.sample();
    return (this.#accountTicks + this.#lostTicks) / TICKS_PER_SECOND;
  }

  /** Processes that live, as of the last sample. */
  get size(): number {
    return [...this.#members.values()].filter(({ isZombie }) => !isZombie).length;
  }

  /** The largest sum of PSS seen by `memoryBytes`. */
  get peakMemoryBytes(): number {
    return this.#peakMemoryBytes;
  }

  /** Memory that only the tree itself can free: what it has written, without the pages of files that others map too. */
  ownMemoryBytes(): number {
    this.sample();
    let bytes = 0;
    for (const pid of this.#members.keys()) bytes += rollupBytes(pid, ['Pss_Anon', 'Pss_Shmem']);
    return bytes;
  }

  /** Sum of the proportional set sizes now: pages shared by several processes count once. */
  memoryBytes(): number {
    this.sample();
    let bytes = 0;
    for (const pid of this.#members.keys()) bytes += rollupBytes(pid, ['Pss']);
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, bytes);
    return bytes;
  }

  /** Looks at the tree now. */
  sample(): void {
    for (let attempt = 1; attempt <= SNAPSHOT_ATTEMPTS_MAX; attempt += 1) {
      const members = this.#read();
      // A member that was waited for in the meantime would be in the account twice or not at all.
      const after = new Set(listPids());
      if ([...members.keys()].every((pid) => after.has(pid))) return this.#settle(members);
    }
    throw new Error(`process ${this.#root}: its children end faster than they can be counted`);
  }

  #settle(members: Map<number, ProcessTimes>): void {
    let ticks = 0;
    for (const { cpuTicks, reapedTicks } of members.values()) ticks += cpuTicks + reapedTicks;
    this.#lostTicks += Math.max(0, this.#accountTicks - ticks);
    this.#accountTicks = ticks;
    this.#members = members;
  }

  /** The living members: those known and still the same, and whoever has a member for a parent. */
  #read(): Map<number, ProcessTimes> {
    const members = new Map<number, ProcessTimes>();
    const unknown = new Map<number, ProcessTimes>();
    const strangers = new Set<number>();
    for (const pid of listPids()) {
      if (this.#strangers.has(pid)) {
        strangers.add(pid);
        continue;
      }
      const times = readTimes(pid);
      if (times === undefined) continue;
      const known = this.#members.get(pid)?.startTicks === times.startTicks;
      (known || pid === this.#root ? members : unknown).set(pid, times);
    }
    for (let grew = true; grew;) {
      grew = false;
      for (const [pid, times] of unknown) {
        if (!members.has(times.parent)) continue;
        members.set(pid, times);
        unknown.delete(pid);
        grew = true;
      }
    }
    for (const pid of unknown.keys()) strangers.add(pid);
    this.#strangers = strangers;
    return members;
  }
}

function listPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number);
}

/** undefined: it has ended. */
function readTimes(pid: number): ProcessTimes | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name is in brackets and may hold anything; what follows starts with the state, field 3 of proc(5).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    parent: field(4),
    isZombie: fields[0] === 'Z',
    startTicks: field(22),
    cpuTicks: field(14) + field(15),
    reapedTicks: field(16) + field(17),
  };
}

function rollupBytes(pid: number, fields: readonly string[]): number {
  const text = readIfThere(`/proc/${pid}/smaps_rollup`) ?? '';
  const kiB = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'mu').exec(text)?.[1] ?? 0);
  return fields.reduce((sum, field) => sum + kiB(field), 0) * 1024;
}

/** What has ended, or is a zombie without memory, has nothing to read. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
