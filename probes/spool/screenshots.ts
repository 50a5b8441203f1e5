import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SCREENSHOT_BYTES_MAX } from '#core/wire.ts';
import { withDeadline } from '../deadline.ts';

export type ScreenshotBounds = { filesMax: number; bytesMax: number };

/** A picture is small; a disk that takes longer is as good as full. */
const FILE_DEADLINE_MS = 5_000;
const NAME = /^[a-z0-9-]{1,64}\.(\d{1,16})\.(\d{1,16})$/;

/** Pictures of failures until they are uploaded, a file each, named by the run's id. Over the bounds the oldest goes. */
export class Screenshots {
  readonly #directory: string;
  readonly #bounds: ScreenshotBounds;
  /** Run id → bytes, oldest first. */
  readonly #files: Map<string, number>;

  private constructor(directory: string, bounds: ScreenshotBounds, files: Map<string, number>) {
    this.#directory = directory;
    this.#bounds = bounds;
    this.#files = files;
  }

  /** Finds what earlier boots have left. Rejects with the system's error. */
  static async open(directory: string, bounds: ScreenshotBounds): Promise<Screenshots> {
    await mkdir(directory, { recursive: true });
    const names = (await readdir(directory)).filter((name) => NAME.test(name)).toSorted(byBootAndSeq);
    const sizes = await Promise.all(
      names.map(async (name): Promise<[string, number]> => [name, (await stat(join(directory, name))).size]),
    );
    return new Screenshots(directory, bounds, new Map(sizes));
  }

  /** Ids of the runs whose picture waits here, oldest first. */
  ids(): IterableIterator<string> {
    return this.#files.keys();
  }

  /** Keeps a picture; false when it is over `SCREENSHOT_BYTES_MAX`. Rejects with the system's error, keeping nothing. */
  async save(runId: string, image: Uint8Array): Promise<boolean> {
    if (image.length > SCREENSHOT_BYTES_MAX) return false;
    try {
      await withDeadline(writeSynced(this.#path(runId), image), FILE_DEADLINE_MS, 'writing a screenshot');
    } catch (error) {
      await this.#remove(runId);
      throw error;
    }
    this.#files.set(runId, image.length);
    let bytes = [...this.#files.values()].reduce((sum, size) => sum + size, 0);
    for (const [id, size] of this.#files) {
      if (this.#files.size <= this.#bounds.filesMax && bytes <= this.#bounds.bytesMax) break;
      await this.drop(id);
      bytes -= size;
    }
    return this.#files.has(runId);
  }

  /** The picture of a run. Rejects with the system's error. */
  read(runId: string): Promise<Uint8Array> {
    return withDeadline(readFile(this.#path(runId)), FILE_DEADLINE_MS, 'reading a screenshot');
  }

  /** Forgets a picture; none there is fine. Rejects with the system's error. */
  async drop(runId: string): Promise<void> {
    if (this.#files.delete(runId)) await this.#remove(runId);
  }

  #remove(runId: string): Promise<void> {
    return withDeadline(rm(this.#path(runId), { force: true }), FILE_DEADLINE_MS, 'removing a screenshot');
  }

  #path(runId: string): string {
    return join(this.#directory, runId);
  }
}

/** Written in place: a picture torn by a crash belongs to a run that was not spooled yet, so nobody asks for it. */
async function writeSynced(path: string, image: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(image);
    await file.sync();
  } finally {
    await file.close();
  }
}

function byBootAndSeq(a: string, b: string): number {
  const [, bootA, seqA] = NAME.exec(a) ?? [];
  const [, bootB, seqB] = NAME.exec(b) ?? [];
  return Number(bootA) - Number(bootB) || Number(seqA) - Number(seqB);
}
