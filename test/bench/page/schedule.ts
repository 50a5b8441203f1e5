import { setTimeout as pause } from 'node:timers/promises';

/** The default schedule (DESIGN section 5). */
export const REGIONS = ['us-east', 'us-west', 'eu-west', 'ap-south'];
export const INTERVAL_MS = 30_000;
export const TIMEOUT_MS = 20_000;
export const BURST_GAP_MS = 1_000;
/** Not the defaults of two and five minutes, which matter after the page only: thirty outages would take hours. */
export const CLEAR_AFTER_MS = 5_000;
export const RESOLVE_AFTER_MS = 10_000;

const STAGGER_MS = INTERVAL_MS / REGIONS.length;

/**
 * Passes over all regions: the hub learns from twenty how long a check takes (core, `lateness.ts`), and tells each region
 * with the answer to its next run.
 */
export const LEARNT_FROM_PASSES = 20 + REGIONS.length;
export const LEARNING_S = (LEARNT_FROM_PASSES * STAGGER_MS) / 1_000;

/**
 * Waits for a moment of the schedule: a share of the time between the starts of two regions, which is all that tells
 * moments apart. Shares spread over 0 to 1 meet it early and late. `epochMs` by `performance.now()`.
 */
export async function moment(epochMs: number, share: number, signal: AbortSignal): Promise<void> {
  const sinceMs = (performance.now() - epochMs) % STAGGER_MS;
  await pause((share * STAGGER_MS - sinceMs + STAGGER_MS) % STAGGER_MS, undefined, { signal });
}
