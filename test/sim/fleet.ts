import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Family } from './family.ts';
import type { Mutant } from './mutants.ts';
import type { Violation } from './oracles.ts';
import type { Share, Task, Word } from './thread.ts';

const THREAD = new URL('./thread.ts', import.meta.url);
/** Two are what the targets speak of; more than eight gain little, as each loads all of core. */
const THREADS_MAX = 8;
/** One in so many seeds is run twice. */
const TWICE_EVERY = 25;

export type Found = { seed: number; violation: Violation };
type Said = { found: Found[]; values: number[] };

/** Threads that share the work. */
export function threads(): number {
  return Math.min(THREADS_MAX, availableParallelism());
}

/** Runs seeds on all threads. Rejects only when a thread fails by itself. */
export async function runSeeds(
  from: number,
  seeds: number,
  onProgress: (seeds: number) => void,
): Promise<Found[]> {
  const said = await Promise.all(
    shares(from, seeds).map((share) =>
      runTask({ kind: 'seeds', ...share, twiceEvery: TWICE_EVERY }, onProgress),
    ),
  );
  return said.flatMap(({ found }) => found).toSorted((a, b) => a.seed - b.seed);
}

/** Measures seeds of a family on all threads; the values come in no order. */
export async function measureFamily(family: Family, seeds: number): Promise<number[]> {
  const said = await Promise.all(
    shares(1, seeds).map((share) => runTask({ kind: 'family', ...share, family }, () => undefined)),
  );
  return said.flatMap(({ values }) => values);
}

/** Runs each mutant in a thread of its own until a seed tells, or through all of them. */
export async function runMutants(
  mutants: readonly Mutant[],
  from: number,
  seeds: number,
  onEnd: (mutant: Mutant, found: Found | undefined) => void,
): Promise<(Found | undefined)[]> {
  return inParallel(mutants, async (mutant) => {
    const share: Share = { from, seeds, step: 1, offset: 0 };
    const { found } = await runTask(
      { kind: 'seeds', ...share, twiceEvery: seeds + 1, mutant },
      () => undefined,
    );
    onEnd(mutant, found[0]);
    return found[0];
  });
}

function shares(from: number, seeds: number): Share[] {
  const step = threads();
  return Array.from({ length: step }, (_, offset) => ({ from, seeds, step, offset }));
}

/** As many at once as there are threads, begun in order. */
async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...items.entries()];
  const takeTurns = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [at, item] = next;
      results[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: threads() }, takeTurns));
  return results;
}

function runTask(task: Task, onProgress: (seeds: number) => void): Promise<Said> {
  const said: Said = { found: [], values: [] };
  return new Promise((resolve, reject) => {
    const worker = new Worker(THREAD, { workerData: task });
    worker.on('error', reject);
    worker.on('message', (word: Word) => {
      if (word.type === 'progress') onProgress(word.seeds);
      if (word.type === 'violation') said.found.push({ seed: word.seed, violation: word.violation });
      if (word.type === 'figures') said.values.push(...word.values);
      if (word.type === 'done') resolve(said);
    });
    worker.on('exit', (code) => reject(new Error(`a thread ended by itself, with ${code}`)));
  });
}
