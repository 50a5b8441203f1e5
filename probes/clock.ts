/** What the agent knows of time; tests hand in their own. */
export type Clock = {
  /** Epoch ms; may jump when the machine's clock is set. */
  wallMs(): number;
  /** Milliseconds since some moment, never going back; what intervals and ages are counted by. */
  monotonicMs(): number;
  /** Calls `wake` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, wake: () => void): () => void;
};

/** Node fires a timer above 2^31 − 1 ms at once; nobody here waits for three weeks. */
const DELAY_MS_MAX = 2_147_483_647;

/** The machine's own clocks and timers. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, wake) {
    const timer = setTimeout(wake, Math.min(Math.max(0, delayMs), DELAY_MS_MAX));
    return () => clearTimeout(timer);
  },
};
