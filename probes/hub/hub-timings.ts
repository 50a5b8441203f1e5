import { ANSWER_MS_MAX, HEARTBEAT_INTERVAL_MS, POLL_INTERVAL_MS } from '#core/wire.ts';
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN } from './backoff.ts';

/** Deadlines and pauses towards the hub, milliseconds. */
export const HUB_TIMINGS = {
  /** Name, TCP, TLS and upgrade. */
  connectMs: 5_000,
  /** From the hello to the plan, and from a report to its acknowledgement; then the connection counts as dead. */
  ackMs: ANSWER_MS_MAX + 1_000,
  heartbeatMs: HEARTBEAT_INTERVAL_MS,
  /** Nothing heard for this long: two heartbeats are lost, well before the hub calls the region silent (35 s). */
  silenceMs: 20_000,
  /** One HTTP request with its answer. */
  requestMs: ANSWER_MS_MAX + 1_000,
  /** One question whether the hub is there after all: a page waits for it. */
  knockMs: 3_000,
  /** One screenshot: 2 MiB at 1.5 Mbit/s. */
  uploadMs: 15_000,
  pollMs: POLL_INTERVAL_MS,
  /** While falling back to HTTP, the socket is tried again this often. */
  socketRetryMs: 60_000,
  /** After a refusal that only a person can mend: a wrong token, a wrong version. */
  slowRetryMs: 30_000,
  backoffMinMs: BACKOFF_MS_MIN,
  backoffMaxMs: BACKOFF_MS_MAX,
};
export type HubTimings = typeof HUB_TIMINGS;
