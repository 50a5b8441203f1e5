import { MS_PER_MINUTE } from '#core/units.ts';
import type { Clock } from '../clock.ts';
import { withDeadline } from '../deadline.ts';
import { errorText, type Log } from '../log.ts';
import { isDue, parseCron } from './cron.ts';

/** A cron that runs into the next minute's is stuck. */
const CRON_DEADLINE_MS = 50_000;

/** Runs what is due; resolves with the outcome workerd gives, `ok` or `exception`. */
export type FireCron = (expression: string, scheduledTimeMs: number) => Promise<string>;

/**
 * Calls `fire` for each expression that is due, at the start of each minute; workerd never does so by itself. A cron
 * that fails is logged, and its next time comes. The returned function ends the loop.
 * @throws when an expression cannot be read
 */
export function startCronLoop(
  expressions: readonly string[],
  clock: Clock,
  fire: FireCron,
  log: Log,
): () => void {
  const crons = expressions.map(parseCron);
  let cancel = (): void => undefined;
  const arm = (afterMs: number): void => {
    const nextMs = (Math.floor(afterMs / MS_PER_MINUTE) + 1) * MS_PER_MINUTE;
    cancel = clock.after(nextMs - clock.wallMs(), () => {
      // A timer may fire a little early, by the wall clock: that minute is still to come.
      const nowMs = Math.max(nextMs, clock.wallMs());
      const minuteMs = Math.floor(nowMs / MS_PER_MINUTE) * MS_PER_MINUTE;
      for (const cron of crons) if (isDue(cron, minuteMs)) void run(cron.expression, minuteMs, fire, log);
      arm(nowMs);
    });
  };
  if (crons.length > 0) arm(clock.wallMs());
  return () => cancel();
}

async function run(expression: string, timeMs: number, fire: FireCron, log: Log): Promise<void> {
  try {
    const outcome = await withDeadline(fire(expression, timeMs), CRON_DEADLINE_MS, `cron “${expression}”`);
    if (outcome !== 'ok') log('error', 'cron-failed', { cron: expression, outcome });
  } catch (error) {
    log('error', 'cron-failed', { cron: expression, error: errorText(error) });
  }
}
