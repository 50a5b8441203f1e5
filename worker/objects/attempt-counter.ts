import {
  NO_ATTEMPTS,
  realAttemptsOf,
  restarted,
  withReport,
  type AttemptCounts,
} from '#core/deploy/attempt-counts.ts';
import type { AttemptsReport } from '#core/deploy/pipeline/attempts.ts';
import type { RealAttempts } from '#core/canary/state.ts';
import { MS_PER_MINUTE, MS_PER_SECOND } from '#core/units.ts';

/** Reports are stored together, this often while a deploy is verified: what a crash loses comes again, as they are totals… */
const STORED_EVERY_MS = MS_PER_SECOND;
/** …and this often while none is. */
const IDLE_EVERY_MS = MS_PER_MINUTE;

/** Real attempts as a service's processes count them: in memory at once, in the storage every now and then. */
export class AttemptCounter {
  #counts: AttemptCounts;
  #storedMs = 0;
  /** When counts that are not stored yet are to be, epoch ms. */
  #dueMs: number | undefined;

  constructor(stored: AttemptCounts | undefined) {
    this.#counts = stored ?? NO_ATTEMPTS;
  }

  /** To be stored. */
  get counts(): AttemptCounts {
    return this.#counts;
  }

  /** Since the deploy; `undefined` when nobody counts. */
  get realAttempts(): RealAttempts | undefined {
    return realAttemptsOf(this.#counts);
  }

  /** When they are to be stored, epoch ms. While nothing is verified a report brings that about, and no timer does. */
  get dueMs(): number | undefined {
    return this.#dueMs;
  }

  report(report: AttemptsReport, isVerifying: boolean, nowMs: number): void {
    this.#counts = withReport(this.#counts, report);
    if (isVerifying) this.#dueMs ??= nowMs + STORED_EVERY_MS;
    else if (Math.abs(nowMs - this.#storedMs) >= IDLE_EVERY_MS) this.#dueMs = nowMs;
  }

  isDue(nowMs: number): boolean {
    return this.#dueMs !== undefined && this.#dueMs <= nowMs;
  }

  /** As they are at the beginning of a deploy. */
  atDeploy(): AttemptCounts {
    return restarted(this.#counts);
  }

  /** These are stored. */
  stored(counts: AttemptCounts, nowMs: number): void {
    this.#counts = counts;
    this.#storedMs = nowMs;
    this.#dueMs = undefined;
  }
}
