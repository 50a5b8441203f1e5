import type { Trouble } from './exchange.ts';

/**
 * A question that had no answer for this long when the run's time was over had none; of a younger one nothing is known,
 * milliseconds. What takes longer is a failure by itself (reference: dns, section 1.3, E6); a server that is slow has answered.
 */
const SILENT_MS_MIN = 1_000;

/** Nobody answered in time. `ignored`: messages that came and answered something else. */
export function silence(waitedMs: number, ignored = 0): Trouble {
  const others = ignored === 0 ? '' : `; ${ignored} with another id or question ignored`;
  return { class: 'TIMEOUT', message: `no answer within ${Math.round(waitedMs)} ms${others}` };
}

/** What it means that the run's time was over when a question had waited so long. */
export function cutTrouble(waitedMs: number): Trouble {
  if (waitedMs >= SILENT_MS_MIN) return silence(waitedMs);
  return {
    class: 'NOT_MEASURABLE',
    message: `the run's time was over ${Math.round(waitedMs)} ms after it was asked`,
    probeFault: true,
  };
}
