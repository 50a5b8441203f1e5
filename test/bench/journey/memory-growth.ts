import type { ProcessTree } from '../process-cost.ts';
import { mean } from '../statistics.ts';
import type { ProbeRuns } from './probe-runs.ts';

export const GROWTH_RUNS = 500;
/** Runs at either end whose memory is compared. */
const EDGE_RUNS = 50;
const SAY_EVERY_RUNS = 50;

/**
 * Watches the memory of the probe over 500 runs, the browser and its recycling included, and gives the mean after each
 * of the last 50 runs as a ratio to that after each of the first 50. Of the memory only what the tree itself has written is
 * counted: pages of files shared with other browsers weigh more or less as those come and go.
 */
export async function measureGrowth(
  tree: ProcessTree,
  runs: ProbeRuns,
  { say, signal }: { say: (line: string) => void; signal: AbortSignal },
): Promise<number> {
  const first: number[] = [];
  const last: number[] = [];
  for (let run = 1; run <= GROWTH_RUNS; run += 1) {
    await runs.next(signal);
    tree.memoryBytes();
    const bytes = tree.ownMemoryBytes();
    if (run <= EDGE_RUNS) first.push(bytes);
    if (run > GROWTH_RUNS - EDGE_RUNS) last.push(bytes);
    if (run % SAY_EVERY_RUNS === 0)
      say(`memory: ${run} of ${GROWTH_RUNS} runs, ${Math.round(bytes / 1024 ** 2)} MiB`);
  }
  return mean(last) / mean(first);
}
