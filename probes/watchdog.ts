import { url as debuggerUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { errorText, type Log } from './log.ts';
import { countBlockedTime, watch, type Verdict, type WatchdogOrders } from './watchdog-thread.ts';

/**
 * A main thread that has done nothing for this long will not do anything any more. Honest pauses (garbage collection,
 * loading a journey, a file of a slow disk, swapping) end within a few seconds; the promise of a page within two minutes
 * still has room for this and a restart.
 */
export const BLOCKED_MS_MAX = 15_000;

/** Between two beats of the main thread, and between two looks of the watchdog. */
const BEAT_MS = 1_000;
const BEAT_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** A script of the old kind, as it needs no loader: see `watch`. */
const PROGRAM = `(${watch.toString()})({
  fs: require('node:fs'), inspector: require('node:inspector'), threads: require('node:worker_threads'),
}, ${countBlockedTime.toString()});`;

/**
 * Ends this process when something keeps its main thread from doing anything else, e.g. a journey with an endless
 * synchronous loop: no timer runs then, so no deadline either. A thread of its own looks on. Under a debugger, which
 * holds the main thread on purpose, it does nothing.
 */
export class Watchdog {
  readonly #worker: Worker | undefined;
  readonly #beating: NodeJS.Timeout | undefined;

  constructor(options: { blockedMsMax: number; verdict: Verdict; log: Log }) {
    if (debuggerUrl() !== undefined) return;
    const { blockedMsMax, verdict, log } = options;
    const beats = new SharedArrayBuffer(BEAT_BYTES);
    const counter = new Int32Array(beats);
    const workerData: WatchdogOrders = { beats, beatMs: BEAT_MS, blockedMsMax, verdict };
    // The secrets in the environment are no business of this thread.
    this.#worker = new Worker(PROGRAM, { eval: true, workerData, env: {} });
    this.#worker.on('error', (error) => log('error', 'watchdog-failed', { error: errorText(error) }));
    this.#worker.unref();
    this.#beating = setInterval(() => Atomics.add(counter, 0, 1), BEAT_MS).unref();
  }

  /** Says what is under way, for the report of a process that had to be ended. Plain data. */
  underWay(runs: readonly { check: string }[]): void {
    this.#worker?.postMessage(runs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#beating);
    await this.#worker?.terminate();
  }
}
