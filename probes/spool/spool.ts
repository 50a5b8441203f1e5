import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Run, type Outcome } from '#core/run.ts';
import { withDeadline } from '../deadline.ts';
import { errorCode, errorText, type Log } from '../log.ts';
import { numbered, unstored, jsonBytes, type Origin, type RunDraft } from '../run-draft.ts';
import { keepBoot, nextBoot } from './boot.ts';
import { runsToDrop } from './eviction.ts';
import { Journal, type Place } from './journal.ts';
import { lockDirectory } from './lock.ts';
import { keepRefused } from './refused.ts';
import { Screenshots } from './screenshots.ts';

/** Runs kept at most: over a day of ten checks at an interval of 60 s, or twenty minutes of 500 at 30 s. */
export const SPOOL_RUNS_MAX = 20_000;
/** Bytes of runs kept at most; a journal under compaction takes up to three times that. A run is 1–5 kB. */
export const SPOOL_BYTES_MAX = 64 * 1024 * 1024;
/** Runs that could not be written, kept in memory until they are sent: minutes of a full disk, bounded memory. */
export const UNSTORED_RUNS_MAX = 50;
export const SCREENSHOTS_MAX = 200;
export const SCREENSHOTS_BYTES_MAX = 64 * 1024 * 1024;
/** Dead bytes that make rewriting the journal worth it. */
const DEAD_BYTES_MAX = 1024 * 1024;
const FILE_DEADLINE_MS = 5_000;
const DISK_FULL = new Set(['ENOSPC', 'EDQUOT']);
const NOBODY: ReadonlySet<string> = new Set();

export type SpoolOptions = {
  directory: string;
  probe: string;
  region: string;
  /** Epoch ms of the start of this process. */
  startedAtMs: number;
  runsMax?: number;
  bytesMax?: number;
  log: Log;
};

/** A run to send. `startedMonotonicMs` only for a run of this boot. */
export type SpooledRun = { run: Run; startedMonotonicMs: number | undefined };

/** `dropped` and `damaged` runs are lost; all counts but `pending` are since the boot. */
export type SpoolStats = {
  pending: number;
  pendingBytes: number;
  dropped: number;
  damaged: number;
  refused: number;
  unstored: number;
};

type Entry = {
  id: string;
  keepers: string;
  outcome: Outcome;
  bytes: number;
  startedMonotonicMs: number | undefined;
  /** In the journal at a place, in memory because the disk failed, or on its way to the disk. */
  at: Place | Run | 'writing';
};

/** Who must store a run before it is acknowledged: its check's object in the hub, and that of the service whose deploy it verifies. */
export function keepersOf({ check, deploy }: Pick<Run, 'check' | 'deploy'>): string {
  return deploy ? `${check} ${deploy.service}` : check;
}

/** Runs until the hub has acknowledged them: on disk before they are sent, oldest first, bounded, never lost silently. */
export class Spool {
  readonly #directory: string;
  readonly #origin: Origin;
  readonly #bounds: { runsMax: number; bytesMax: number };
  readonly #log: Log;
  readonly #journal: Journal;
  readonly #screenshots: Screenshots;
  readonly #unlock: () => Promise<void>;
  /** Oldest first: the order of the boots and of the numbers within one. */
  readonly #entries: Map<string, Entry>;
  #seq = 0;
  #counts = { dropped: 0, damaged: 0, refused: 0, unstored: 0 };
  #compactAboveBytes = 0;
  #compacting = false;

  private constructor(parts: {
    options: SpoolOptions;
    origin: Origin;
    journal: Journal;
    screenshots: Screenshots;
    entries: Map<string, Entry>;
    unlock: () => Promise<void>;
  }) {
    const { options } = parts;
    this.#directory = options.directory;
    this.#origin = parts.origin;
    this.#bounds = {
      runsMax: options.runsMax ?? SPOOL_RUNS_MAX,
      bytesMax: options.bytesMax ?? SPOOL_BYTES_MAX,
    };
    this.#log = options.log;
    this.#journal = parts.journal;
    this.#screenshots = parts.screenshots;
    this.#entries = parts.entries;
    this.#unlock = parts.unlock;
  }

  /**
   * Takes the directory and reads what earlier boots have left. Damaged records are dropped and counted.
   * Rejects with `SpoolLockedError` when another probe uses it, else with the system's error. A full disk is no reason
   * to refuse: the runs then say so.
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { directory, log } = options;
    // Failures and pictures show what only the target's users may see.
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const unlock = await unlessDiskFull(lockDirectory(directory), log, 'spool-lock-not-written');
    try {
      return await Spool.#openLocked(options, unlock ?? (() => Promise.resolve()));
    } catch (error) {
      await unlock?.();
      throw error;
    }
  }

  static async #openLocked(options: SpoolOptions, unlock: () => Promise<void>): Promise<Spool> {
    const { directory, log, probe, region } = options;
    const entries = new Map<string, Entry>();
    const unreadable: string[] = [];
    let damaged = 0;
    let newestBoot = -1;
    const journal = await Journal.open(join(directory, 'runs.log'), ({ offset, bytes, record }) => {
      if (record === undefined) {
        damaged += 1;
      } else if (record.kind === 'gone') {
        for (const id of JSON.parse(record.json) as string[]) entries.delete(id);
      } else {
        const run = Run.safeParse(JSON.parse(record.json));
        if (!run.success) unreadable.push(record.json);
        else {
          const { id, outcome, boot } = run.data;
          newestBoot = Math.max(newestBoot, boot);
          entries.set(id, {
            id,
            keepers: keepersOf(run.data),
            outcome,
            bytes,
            startedMonotonicMs: undefined,
            at: { offset, bytes },
          });
        }
      }
    });
    const boot = await nextBoot(directory, options.startedAtMs, newestBoot);
    await unlessDiskFull(keepBoot(directory, boot), log, 'spool-boot-not-written');
    const screenshots = await Screenshots.open(join(directory, 'screenshots'), {
      filesMax: SCREENSHOTS_MAX,
      bytesMax: SCREENSHOTS_BYTES_MAX,
    });
    const origin = { probe, region, boot };
    const spool = new Spool({ options, origin, journal, screenshots, entries, unlock });
    spool.#counts.damaged = damaged;
    if (damaged > 0) log('warn', 'spool-damaged', { records: damaged, directory });
    for (const json of unreadable) await spool.#keepRefused(json, 'not a run as this version writes them');
    if (entries.size > 0) log('info', 'spool-left-over', { runs: entries.size });
    if (unreadable.length > 0 || damaged > 0) await spool.#compact();
    await spool.#evict();
    return spool;
  }

  /** The boot number of this process: its start, and above every boot this directory has seen. */
  get boot(): number {
    return this.#origin.boot;
  }

  /** Whether a run is of this probe and region; one left over from before a rename is not. */
  isOwn(run: Run): boolean {
    return run.probe === this.#origin.probe && run.region === this.#origin.region;
  }

  stats(): SpoolStats {
    return { pending: this.#entries.size, pendingBytes: this.#liveBytes(), ...this.#counts };
  }

  /**
   * Numbers a run and puts it on the disk, its picture first. Never rejects: a run that cannot be written is kept in
   * memory as `invalid` `disk-full`. Gives the run as it will be sent.
   */
  async append(draft: RunDraft, startedMonotonicMs: number, screenshot?: Uint8Array): Promise<Run> {
    this.#seq += 1;
    const seq = this.#seq;
    const bare = numbered(draft, this.#origin, seq, false);
    const entry: Entry = {
      id: bare.id,
      keepers: keepersOf(bare),
      outcome: bare.outcome,
      bytes: jsonBytes(bare),
      startedMonotonicMs,
      at: 'writing',
    };
    this.#entries.set(entry.id, entry);
    const hasPicture = screenshot !== undefined && (await this.#savePicture(entry.id, screenshot));
    const run = hasPicture ? numbered(draft, this.#origin, seq, true) : bare;
    try {
      await this.#journal.append({ kind: 'run', json: JSON.stringify(run) }, true, (place) => {
        if (entry.at === 'writing') Object.assign(entry, { at: place, bytes: place.bytes });
      });
      await this.#evict();
      return run;
    } catch (error) {
      const kept = unstored(run, errorText(error));
      Object.assign(entry, { at: kept, outcome: kept.outcome });
      this.#counts.unstored += 1;
      this.#log('error', 'spool-write-failed', { run: run.id, error: errorText(error) });
      await this.#dropPicture(run.id);
      this.#boundUnstored();
      await this.#compact();
      return kept;
    }
  }

  /**
   * The oldest runs, at most `runsMax` and about `bytesMax` bytes of JSON, but at least one; none that is
   * for `keepersOf` in `without`. Never rejects; empty when there is none, the oldest is still being written, or the disk cannot be read
   * just now.
   */
  async oldest(
    runsMax: number,
    bytesMax: number,
    without: ReadonlySet<string> = NOBODY,
  ): Promise<SpooledRun[]> {
    const chosen: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#entries.values()) {
      if (without.has(entry.keepers)) continue;
      // The order is kept: a run still on its way to the disk holds up those behind it, for some milliseconds.
      if (entry.at === 'writing' || chosen.length >= runsMax) break;
      if (chosen.length > 0 && bytes + entry.bytes > bytesMax) break;
      chosen.push(entry);
      bytes += entry.bytes;
    }
    const runs: SpooledRun[] = [];
    try {
      for (const entry of chosen) {
        const run = await this.#load(entry);
        if (run !== undefined) runs.push({ run, startedMonotonicMs: entry.startedMonotonicMs });
      }
    } catch (error) {
      this.#log('error', 'spool-read-failed', { error: errorText(error) });
    }
    return runs;
  }

  /** Forgets runs the hub has stored; ids that are not here are ignored. Never rejects. */
  async acknowledge(ids: readonly string[]): Promise<void> {
    await this.#forget(ids.filter((id) => this.#entries.has(id)));
  }

  /** Takes a run the hub will never accept out of the way, into `refused.jsonl`. Never rejects. */
  async refuse(run: Run, reason: string): Promise<void> {
    if (!this.#entries.has(run.id)) return;
    await this.#keepRefused(JSON.stringify(run), reason);
    await this.#forget([run.id]);
    await this.#dropPicture(run.id);
  }

  /** The oldest picture whose run needs no sending any more, with the run's id. Never rejects. */
  async nextPicture(): Promise<{ runId: string; image: Uint8Array } | undefined> {
    for (const runId of this.#screenshots.ids()) {
      if (this.#entries.has(runId)) continue;
      try {
        return { runId, image: await this.#screenshots.read(runId) };
      } catch (error) {
        this.#log('warn', 'screenshot-unreadable', { run: runId, error: errorText(error) });
        await this.#dropPicture(runId);
      }
    }
    return undefined;
  }

  /** Forgets an uploaded picture, or one that nobody wants. Never rejects. */
  pictureDone(runId: string): Promise<void> {
    return this.#dropPicture(runId);
  }

  /** Closes the files and gives the directory back. Rejects with the system's error. */
  async close(): Promise<void> {
    await this.#journal.close();
    await withDeadline(this.#unlock(), FILE_DEADLINE_MS, 'unlocking the spool');
  }

  async #load(entry: Entry): Promise<Run | undefined> {
    if (entry.at === 'writing') return undefined;
    if ('id' in entry.at) return entry.at;
    const record = await this.#journal.read(entry.at);
    const run = record?.kind === 'run' ? Run.safeParse(JSON.parse(record.json)).data : undefined;
    if (run !== undefined) return run;
    this.#counts.damaged += 1;
    this.#entries.delete(entry.id);
    this.#log('error', 'spool-damaged', { run: entry.id });
    return undefined;
  }

  async #forget(ids: readonly string[]): Promise<void> {
    const written = ids.filter((id) => {
      const at = this.#entries.get(id)?.at;
      this.#entries.delete(id);
      return at !== undefined && at !== 'writing' && !('id' in at);
    });
    if (written.length > 0) {
      try {
        // Not synced: forgotten again, these runs are sent twice, and the hub counts them once.
        await this.#journal.append({ kind: 'gone', json: JSON.stringify(written) }, false, noPlace);
      } catch (error) {
        this.#log('warn', 'spool-write-failed', { acknowledged: written.length, error: errorText(error) });
      }
    }
    if (this.#journal.sizeBytes - this.#liveBytes() > Math.max(DEAD_BYTES_MAX, this.#liveBytes()))
      await this.#compact();
  }

  async #evict(): Promise<void> {
    if (this.#entries.size <= this.#bounds.runsMax && this.#liveBytes() <= this.#bounds.bytesMax) return;
    const ids = runsToDrop(this.#entries.values(), this.#bounds);
    this.#counts.dropped += ids.length;
    this.#log('warn', 'spool-full', {
      dropped: ids.length,
      droppedSinceBoot: this.#counts.dropped,
      runs: this.#entries.size,
    });
    await this.#forget(ids);
    for (const id of ids) await this.#dropPicture(id);
  }

  #boundUnstored(): void {
    const inMemory = [...this.#entries.values()].filter(({ at }) => at !== 'writing' && 'id' in at);
    for (const { id } of inMemory.slice(0, Math.max(0, inMemory.length - UNSTORED_RUNS_MAX))) {
      this.#entries.delete(id);
      this.#counts.dropped += 1;
      this.#log('error', 'spool-full', { dropped: 1, droppedSinceBoot: this.#counts.dropped, run: id });
    }
  }

  /** Rewrites the journal without what is gone; a failure is logged, and leaves the journal as it was. */
  async #compact(): Promise<void> {
    if (this.#compacting || this.#journal.sizeBytes <= this.#compactAboveBytes) return;
    this.#compacting = true;
    let kept: Entry[] = [];
    const places = (): Place[] => {
      kept = [...this.#entries.values()].filter(({ at }) => at !== 'writing' && !('id' in at));
      return kept.map(({ at }) => at as Place);
    };
    try {
      await this.#journal.compact(places, (moved) => {
        for (const [index, entry] of kept.entries()) entry.at = moved[index] ?? entry.at;
      });
      this.#compactAboveBytes = 0;
    } catch (error) {
      this.#compactAboveBytes = this.#journal.sizeBytes + DEAD_BYTES_MAX;
      this.#log('warn', 'spool-compaction-failed', { error: errorText(error) });
    } finally {
      this.#compacting = false;
    }
  }

  async #keepRefused(json: string, reason: string): Promise<void> {
    this.#counts.refused += 1;
    try {
      await keepRefused(this.#directory, json, reason);
    } catch (error) {
      this.#log('error', 'refused-run-lost', { error: errorText(error), run: json });
    }
  }

  async #savePicture(runId: string, image: Uint8Array): Promise<boolean> {
    try {
      return await this.#screenshots.save(runId, image);
    } catch (error) {
      this.#log('warn', 'screenshot-not-stored', { run: runId, error: errorText(error) });
      return false;
    }
  }

  async #dropPicture(runId: string): Promise<void> {
    try {
      await this.#screenshots.drop(runId);
    } catch (error) {
      this.#log('warn', 'screenshot-not-removed', { run: runId, error: errorText(error) });
    }
  }

  #liveBytes(): number {
    let bytes = 0;
    for (const entry of this.#entries.values()) bytes += entry.bytes;
    return bytes;
  }
}

function noPlace(): void {
  // Records that take runs away are never read again.
}

async function unlessDiskFull<T>(work: Promise<T>, log: Log, event: string): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!DISK_FULL.has(errorCode(error) ?? '')) throw error;
    log('error', event, { error: errorText(error) });
    return undefined;
  }
}
