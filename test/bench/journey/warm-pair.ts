import { setTimeout as pause } from 'node:timers/promises';
import { ProcessTree } from '../process-cost.ts';
import type { BareProcess } from './bare-process.ts';
import type { RunCost } from './per-run.ts';
import type { ProbeRuns } from './probe-runs.ts';

/** After a run: its context is closed, its renderer gone, and the probe's run stored and acknowledged. */
const SETTLE_MS = 200;

/** CPU and wall time of one login run. */
export type Cost = Pick<RunCost, 'cpuSeconds' | 'wallSeconds'>;

/**
 * The probe and the bare script side by side, at the same pace and never at once: the probe runs by its schedule, and
 * the script plays as soon as the probe is done.
 */
export class WarmPair {
  readonly #runs: ProbeRuns;
  readonly #bare: BareProcess;
  readonly probeTree: ProcessTree;
  readonly bareTree: ProcessTree;

  constructor(probePid: number, runs: ProbeRuns, bare: BareProcess) {
    this.#runs = runs;
    this.#bare = bare;
    this.probeTree = new ProcessTree(probePid);
    this.bareTree = new ProcessTree(bare.pid);
  }

  watch(options: { memory: boolean }): void {
    this.probeTree.watch(options);
    this.bareTree.watch(options);
  }

  stop(): void {
    this.probeTree.stop();
    this.bareTree.stop();
  }

  /** One run of each. The CPU is all that its processes used since the last cycle, so idling at this pace is in it. */
  async cycle(signal: AbortSignal): Promise<{ probe: Cost; bare: Cost }> {
    const before = { probe: this.probeTree.cpuSeconds(), bare: this.bareTree.cpuSeconds() };
    const { durationMs } = await this.#runs.next(signal);
    await pause(SETTLE_MS, undefined, { signal });
    const wallMs = await this.#bare.play();
    await pause(SETTLE_MS, undefined, { signal });
    return {
      probe: { cpuSeconds: this.probeTree.cpuSeconds() - before.probe, wallSeconds: durationMs / 1_000 },
      bare: { cpuSeconds: this.bareTree.cpuSeconds() - before.bare, wallSeconds: wallMs / 1_000 },
    };
  }
}
