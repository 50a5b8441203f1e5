/** After this the tests give up a connection to the silent server. */
export const SILENT_TIMEOUT_MS = 1_000;

/** Addresses of what the tests in workerd ask. */
export type WorkerLab = {
  /** NSD: `dns://127.0.0.1:PORT`. */
  authority: string;
  /** BIND's DoT with a certificate that workerd does not trust, and its DoH, which speaks HTTP/2 only. */
  dot: string;
  h2Doh: string;
  /** DoH over HTTP/1.1 in front of NSD; one that answers 503, and one that answers 400. */
  doh: string;
  badDoh: string;
  pickyDoh: string;
  /** Takes connections and answers nothing; over HTTP it tells how many there were at once. */
  silent: string;
  silentCount: string;
  /** Closes each connection at its first octet. */
  closing: string;
  /** Nobody listens there. */
  refused: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    /** `null`: the servers cannot be had here. */
    workerLab: WorkerLab | null;
  }
}
