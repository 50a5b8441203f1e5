import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withDeadline } from '../deadline.ts';
import { errorCode } from '../log.ts';
import { decodeRecord, encodeRecord, readLines, type JournalLine, type JournalRecord } from './record.ts';

/** A write that takes longer has as good as failed: the hub waits for the run. Disks wake up in about 10 s. */
const WRITE_DEADLINE_MS = 5_000;
/** Opening and compaction read and write the whole file. */
const WHOLE_FILE_DEADLINE_MS = 30_000;
/** Bytes of a line: a run of 256 KiB and its head, with room for the ids of every run in one `gone`. */
const LINE_BYTES_MAX = 4 * 1024 * 1024;

export type Place = { offset: number; bytes: number };

/**
 * An append-only file of records. Every operation waits for the one before it, so a record is whole or absent.
 * What a failed write has left behind is skipped by the reader.
 */
export class Journal {
  readonly #path: string;
  #file: FileHandle;
  #sizeBytes: number;
  /** A write has failed: what it left behind must be ended before the next record. */
  #torn = false;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(path: string, file: FileHandle, sizeBytes: number) {
    this.#path = path;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  /**
   * Opens or creates the file and hands each of its records to `read`, `record: undefined` for a damaged one.
   * Rejects with the system's error.
   */
  static async open(path: string, read: (line: JournalLine) => void): Promise<Journal> {
    await rm(temporary(path), { force: true });
    const file = await open(path, 'a+');
    let sizeBytes = (await file.stat()).size;
    let tornAt: number | undefined;
    const readAll = async (): Promise<void> => {
      if (sizeBytes === 0) return;
      const stream = file.createReadStream({ start: 0, end: sizeBytes - 1, autoClose: false });
      for await (const line of readLines(stream, LINE_BYTES_MAX)) {
        const isTorn = line.record === undefined && line.offset + line.bytes === sizeBytes;
        tornAt = isTorn ? line.offset : undefined;
        read(line);
      }
      if (tornAt === undefined) return;
      // Cut off, lest a line break written after it make a record of what was just counted as lost.
      await file.truncate(tornAt);
      sizeBytes = tornAt;
    };
    await withDeadline(readAll(), WHOLE_FILE_DEADLINE_MS, 'reading the spool');
    return new Journal(path, file, sizeBytes);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Appends one record; with `sync` it is on the disk when this resolves. `written` gets its place before any later
   * operation begins. Rejects with the system's error or a `DeadlineError`; after the latter `written` may still come.
   */
  append(record: JournalRecord, sync: boolean, written: (place: Place) => void): Promise<void> {
    return this.#next(WRITE_DEADLINE_MS, 'writing to the spool', async () => {
      const line = encodeRecord(record);
      const start = (await this.#file.stat()).size;
      const bytes = this.#torn ? Buffer.concat([Buffer.from('\n'), line]) : line;
      this.#torn = true;
      for (let done = 0; done < bytes.length;)
        done += (await this.#file.write(bytes, done, bytes.length - done)).bytesWritten;
      if (sync) await this.#file.datasync();
      this.#torn = false;
      this.#sizeBytes = start + bytes.length;
      written({ offset: this.#sizeBytes - line.length, bytes: line.length });
    });
  }

  /** The record at a place, `undefined` when it is damaged. Rejects with the system's error or a `DeadlineError`. */
  read({ offset, bytes }: Place): Promise<JournalRecord | undefined> {
    return this.#next(WRITE_DEADLINE_MS, 'reading from the spool', async () => {
      const line = Buffer.alloc(bytes);
      const { bytesRead } = await this.#file.read(line, 0, bytes, offset);
      return bytesRead === bytes ? decodeRecord(line.subarray(0, -1)) : undefined;
    });
  }

  /**
   * Rewrites the file with only the records at these places; either the old file or the new one is there at any moment.
   * Gives their new places. Rejects with the system's error; then the old file stays.
   */
  compact(places: () => readonly Place[], moved: (places: Place[]) => void): Promise<void> {
    return this.#next(WHOLE_FILE_DEADLINE_MS, 'compacting the spool', async () => {
      const kept = places();
      const fresh = await open(temporary(this.#path), 'ax+');
      let offset = 0;
      const movedTo: Place[] = [];
      try {
        for (const place of kept) {
          const line = Buffer.alloc(place.bytes);
          await this.#file.read(line, 0, place.bytes, place.offset);
          await fresh.write(line);
          movedTo.push({ offset, bytes: place.bytes });
          offset += place.bytes;
        }
        await fresh.sync();
        await rename(temporary(this.#path), this.#path);
      } catch (error) {
        await fresh.close();
        await rm(temporary(this.#path), { force: true });
        throw error;
      }
      const old = this.#file;
      this.#file = fresh;
      this.#sizeBytes = offset;
      this.#torn = false;
      moved(movedTo);
      await old.close();
      await syncDirectory(dirname(this.#path));
    });
  }

  /** Waits for what is under way and closes the file. */
  close(): Promise<void> {
    return this.#next(WRITE_DEADLINE_MS, 'closing the spool', () => this.#file.close());
  }

  #next<T>(deadlineMs: number, what: string, work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work, work);
    this.#tail = done.catch(() => undefined);
    return withDeadline(done, deadlineMs, what);
  }
}

/** Replaces a small file so that its old or its new content is there at any moment. Rejects with the system's error. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const file = await open(temporary(path), 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary(path), path);
  await syncDirectory(dirname(path));
}

/** The text of a file; `undefined` when there is none. Rejects with the system's error otherwise. */
export async function readFileIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A rename is on the disk only when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function temporary(path: string): string {
  return `${path}.new`;
}
