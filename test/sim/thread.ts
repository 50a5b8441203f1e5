import { parentPort, workerData } from 'node:worker_threads';
import type { Family } from './family.ts';
import type { Mutant } from './mutants.ts';
import { loadMutated } from './mutation.ts';
import type { Violation } from './oracles.ts';

/** Some of a range of seeds: every `step`-th, beginning with the `offset`-th. */
export type Share = { from: number; seeds: number; step: number; offset: number };

/** What a thread is there for. */
export type Task =
  /** Seeds under the oracles; one in `twiceEvery` is run twice, for D. A mutant's end at the first violation. */
  | (Share & { kind: 'seeds'; twiceEvery: number; mutant?: Mutant | undefined })
  /** Seeds of a family, measured. */
  | (Share & { kind: 'family'; family: Family });

/** What it says meanwhile and at the end. */
export type Word =
  | { type: 'progress'; seeds: number }
  | { type: 'violation'; seed: number; violation: Violation }
  | { type: 'figures'; values: number[] }
  | { type: 'done' };

/** Seeds between two words of progress. */
const PROGRESS_SEEDS = 100;

const port = parentPort;
if (!port) throw new Error('expected to run in a thread');
const say = (word: Word): void => port.postMessage(word);
const task = workerData as Task;
await (task.kind === 'seeds' ? runSeeds(task) : measureFamily(task));
say({ type: 'done' });

async function runSeeds(share: Extract<Task, { kind: 'seeds' }>): Promise<void> {
  const { mutant, twiceEvery } = share;
  const checkLoaded = mutant ? loadMutated(mutant) : () => undefined;
  // Only now: what a mutant changes must not have been loaded before.
  const { simulateSeed } = await import('./simulation.ts');
  checkLoaded();
  let count = 0;
  for (const seed of seedsOf(share)) {
    count += 1;
    const { violation } = simulateSeed(seed, count % twiceEvery === 0);
    if (violation) say({ type: 'violation', seed, violation });
    if (violation && mutant) return;
    if (count % PROGRESS_SEEDS === 0) say({ type: 'progress', seeds: PROGRESS_SEEDS });
  }
}

async function measureFamily(share: Extract<Task, { kind: 'family' }>): Promise<void> {
  const { measure } = await import('./family.ts');
  const values: number[] = [];
  for (const seed of seedsOf(share)) values.push(measure(share.family, seed));
  say({ type: 'figures', values });
}

function* seedsOf({ from, seeds, step, offset }: Share): Generator<number> {
  for (let index = offset; index < seeds; index += step) yield from + index;
}
