import type { Outcome } from '#core/run.ts';

export type Spooled = { id: string; outcome: Outcome; bytes: number };
export type SpoolBounds = { runsMax: number; bytesMax: number };

/** What is given up first: a failure is what everything here is for, so it survives longest. */
const DROP_ORDER: readonly Outcome[] = ['pass', 'invalid', 'fail'];

/**
 * Which runs to drop so that the rest is within the bounds: the oldest passes first, then the oldest invalid runs, then
 * the oldest failures. `runs` are oldest first. Nothing to drop → empty.
 */
export function runsToDrop(runs: Iterable<Spooled>, bounds: SpoolBounds): string[] {
  const all = [...runs];
  let count = all.length;
  let bytes = all.reduce((sum, run) => sum + run.bytes, 0);
  const dropped: string[] = [];
  for (const outcome of DROP_ORDER) {
    for (const run of all) {
      if (count <= bounds.runsMax && bytes <= bounds.bytesMax) return dropped;
      if (run.outcome !== outcome) continue;
      dropped.push(run.id);
      count -= 1;
      bytes -= run.bytes;
    }
  }
  return dropped;
}
