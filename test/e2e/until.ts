import { setTimeout as pause } from 'node:timers/promises';

/** Pause between two looks at a condition: short beside what is waited for, long beside what a look costs. */
const LOOK_INTERVAL_MS = 150;

/**
 * Waits until `look` gives a value, and gives it. `look` says with `undefined` that it is not so far.
 * Rejects after `deadlineMs`, naming what was awaited and what `describe` says of how things stand.
 */
export async function until<T>(
  awaited: string,
  look: () => T | undefined | Promise<T | undefined>,
  deadlineMs: number,
  describe: () => string | Promise<string> = () => '',
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= endMs)
      throw new Error(`not within ${deadlineMs} ms: ${awaited}. ${await describe()}`);
    await pause(LOOK_INTERVAL_MS);
  }
}
