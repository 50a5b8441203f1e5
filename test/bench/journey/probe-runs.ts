import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Child } from '../../e2e/child.ts';

const LOOK_INTERVAL_MS = 25;
/** Ten intervals without a run: the probe does not work. */
const NEXT_DEADLINE_MS = 15_000;

/** The probe's own line about a run that is stored on its disk. */
const FinishedLine = z.object({
  event: z.literal('run-finished'),
  run: z.string(),
  outcome: z.enum(['pass', 'fail', 'invalid']),
  failure: z.string().optional(),
  message: z.string().optional(),
  durationMs: z.number(),
});
export type FinishedRun = z.infer<typeof FinishedLine>;

/** The runs of a probe, as its log tells of them. */
export class ProbeRuns {
  readonly #probe: Pick<Child, 'lines'>;
  #last: string | undefined;
  readonly #missed: string[] = [];

  constructor(probe: Pick<Child, 'lines'>) {
    this.#probe = probe;
    this.#last = this.#finished().at(-1)?.run;
  }

  /** The next run that passes, as soon as it has finished; rejects when there is none for 15 s. `missed` counts others. */
  async next(signal: AbortSignal): Promise<FinishedRun> {
    const endMs = performance.now() + NEXT_DEADLINE_MS;
    for (;;) {
      const latest = this.#finished().at(-1);
      if (latest !== undefined && latest.run !== this.#last) {
        this.#last = latest.run;
        if (latest.outcome === 'pass') return latest;
        this.#missed.push(`${latest.failure}: ${latest.message}`);
      }
      if (performance.now() > endMs)
        throw new Error(
          `no run of the probe has passed within ${NEXT_DEADLINE_MS} ms\n${this.#probe.lines().slice(-20).join('\n')}`,
        );
      await pause(LOOK_INTERVAL_MS, undefined, { signal });
    }
  }

  /** What the runs that did not pass said. */
  get missed(): readonly string[] {
    return this.#missed;
  }

  #finished(): FinishedRun[] {
    return this.#probe
      .lines()
      .filter((line) => line.includes('"run-finished"'))
      .map((line) => FinishedLine.parse(JSON.parse(line)));
  }
}
