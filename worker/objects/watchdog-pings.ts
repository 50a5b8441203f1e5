import type { Config } from '#core/config.ts';
import { Semaphore } from '../semaphore.ts';
import { secretOf } from '../secrets.ts';

type Watchdog = Config['watchdogs'][number];

/** A watchdog's answer says nothing; one that does not give it by then is pinged again soon. */
const PING_TIMEOUT_MS = 5_000;
/** Of the six connections that may wait at once; the others are for pages and regions. */
const PINGS_AT_ONCE_MAX = 1;

/** Tells watchdogs outside that the hub works. */
export class WatchdogPings {
  readonly #env: object;
  readonly #slots = new Semaphore(PINGS_AT_ONCE_MAX);
  readonly #underWay = new Set<number>();

  constructor(env: object) {
    this.#env = env;
  }

  /** Whether a ping of the watchdog with this number has not ended. */
  isUnderWay(index: number): boolean {
    return this.#underWay.has(index);
  }

  /**
   * Pings once. Resolves to why that has failed, or to `undefined` when it was answered by a 2xx. Never rejects. The
   * address is in none of the words: whoever knows it can say that all is well.
   */
  async ping(index: number, watchdog: Watchdog): Promise<string | undefined> {
    this.#underWay.add(index);
    try {
      return await this.#slots.run(() => this.#get(watchdog));
    } finally {
      this.#underWay.delete(index);
    }
  }

  async #get({ url }: Watchdog): Promise<string | undefined> {
    const address = typeof url === 'string' ? url : secretOf(this.#env, url.secret);
    if (address === undefined) return 'its secret is not set on the hub';
    try {
      const answer = await fetch(address, {
        redirect: 'manual',
        headers: { 'user-agent': 'latchkey' },
        signal: AbortSignal.timeout(PING_TIMEOUT_MS),
      });
      await answer.body?.cancel();
      return answer.ok ? undefined : `answered ${answer.status}`;
    } catch (error) {
      // The platform's own words may repeat the address.
      const isTimeout = error instanceof Error && error.name === 'TimeoutError';
      return isTimeout ? `no answer within ${PING_TIMEOUT_MS} ms` : 'cannot be reached';
    }
  }
}
