import type { Region } from '#core/config.ts';
import { hash32 } from '#core/schedule.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';

/** It polls its region's object and answers; what it starts then it does not wait for. */
const WAKE_TIMEOUT_MS = 10_000;

/** Characters of a probe's name. */
const NAME_CHARS_MAX = 64;

/** What the runs of a region without probes are named by: like no probe of another region, as a region's id is. */
export function workerProbeName(region: string): string {
  const name = `worker-${region}`;
  if (name.length <= NAME_CHARS_MAX) return name;
  const end = hash32(region).toString(16).padStart(8, '0');
  return `${name.slice(0, NAME_CHARS_MAX - end.length - 1).replace(/-+$/, '')}-${end}`;
}

/** Lets the asker of a region without probes look at what there is to do. Never rejects: its own alarm wakes it, too. */
export async function wakeWorkerProbe(
  { WORKER_PROBES }: Pick<HubBindings, 'WORKER_PROBES'>,
  { id, worker }: Region,
): Promise<void> {
  const options = worker?.locationHint === undefined ? {} : { locationHint: worker.locationHint };
  try {
    const waking = WORKER_PROBES.getByName(id, options).wake();
    await withDeadline(waking, WAKE_TIMEOUT_MS, `the asker of region ${id}`);
  } catch (error) {
    logError('worker-probe-not-woken', error, { region: id });
  }
}
