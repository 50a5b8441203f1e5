import { Semaphore } from '../semaphore.ts';

/**
 * Connections at once. Cloudflare lets six wait per invocation (developers.cloudflare.com/workers/platform/limits), the local
 * runtime does not count: one is left for what the object itself has to say.
 */
export const CONNECTIONS_MAX = 5;

/** The way out that all runs of one object share: so many connections at once, and to one server a question at its pace. */
export class WayOut {
  readonly #connections: Semaphore;
  /** By host and port, what shares a rate limit: when the next question may go there. */
  readonly #nextAtMs = new Map<string, number>();

  constructor(connectionsMax = CONNECTIONS_MAX) {
    this.#connections = new Semaphore(connectionsMax);
  }

  /** Does `work` when there is a place for it. */
  run(work: () => Promise<void>): Promise<void> {
    return this.#connections.run(work);
  }

  /** The same, `paceMs` after the question to that server before it. */
  async runPaced(server: string, paceMs: number, work: () => Promise<void>): Promise<void> {
    const waitMs = this.#turnInMs(server, paceMs);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    await this.#connections.run(work);
  }

  #turnInMs(server: string, paceMs: number): number {
    const nowMs = performance.now();
    for (const [known, atMs] of this.#nextAtMs) if (atMs <= nowMs) this.#nextAtMs.delete(known);
    const atMs = this.#nextAtMs.get(server) ?? nowMs;
    this.#nextAtMs.set(server, atMs + paceMs);
    return atMs - nowMs;
  }
}
