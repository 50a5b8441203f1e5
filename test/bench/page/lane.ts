import { startRig, type Rig } from '../../e2e/rig.ts';
import { until } from '../../e2e/until.ts';
import { measureOutage, UP_DEADLINE_MS, type Outage } from './outage.ts';
import { PARTS, type Lane, type Mode, type PartName } from './part.ts';
import type { Progress } from './progress.ts';
import {
  BURST_GAP_MS,
  CLEAR_AFTER_MS,
  INTERVAL_MS,
  LEARNING_S,
  LEARNT_FROM_PASSES,
  moment,
  REGIONS,
  RESOLVE_AFTER_MS,
  TIMEOUT_MS,
} from './schedule.ts';

const LEARNING_DEADLINE_MS = 3 * LEARNING_S * 1_000;

/** An outage with what it was. */
export type Measured = Outage & { readonly part: PartName; readonly mode: Mode['name'] };

/** Measures a lane's parts on a rig of its own, after that has learnt. Rejects when anything goes wrong; leaves nothing running. */
export async function measureLane(
  { parts, breakGlass }: Lane,
  runs: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<Measured[]> {
  const rig = await startRig({
    checks: ['portal-login'],
    regions: REGIONS,
    intervalMs: INTERVAL_MS,
    timeoutMs: TIMEOUT_MS,
    burstGapMs: BURST_GAP_MS,
    clearAfterMs: CLEAR_AFTER_MS,
    resolveAfterMs: RESOLVE_AFTER_MS,
    breakGlass,
  });
  try {
    await rig.untilUp(UP_DEADLINE_MS, signal);
    await untilLearnt(rig, signal);
    progress.learnt(parts);
    const measured: Measured[] = [];
    const epochMs = performance.now();
    for (const part of parts)
      for (let run = 0; run < runs; run += 1)
        for (const mode of PARTS[part].modes) {
          await moment(epochMs, (run + 0.5) / runs, signal);
          const beganMs = performance.now();
          const occasion = { rig, run, runs, signal };
          const outage = await measureOutage(PARTS[part], mode, occasion, measured.length + 1);
          measured.push({ ...outage, part, mode: mode.name });
          progress.measured(part, mode, run, outage, (performance.now() - beganMs) / 1_000);
        }
    return measured;
  } finally {
    await rig.stop();
  }
}

/** Waits until so many runs have passed that the deadlines that follow from their durations are known to every region. */
async function untilLearnt(rig: Rig, signal: AbortSignal): Promise<void> {
  await until(
    `${LEARNT_FROM_PASSES} runs that passed`,
    async () => {
      signal.throwIfAborted();
      const runs = (await rig.overview()).checks.flatMap(({ regions }) =>
        regions.flatMap(({ strip }) => strip),
      );
      return runs.filter(({ outcome }) => outcome === 'pass').length >= LEARNT_FROM_PASSES || undefined;
    },
    LEARNING_DEADLINE_MS,
  );
}
