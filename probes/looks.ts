import { CACHE_HEADERS } from '#core/cache-rule.ts';
import { truncate } from '#core/units.ts';
import type { Looked, LookNow } from '#core/wire.ts';
import { errorText, type Log } from './log.ts';
import { createRedactor } from './redact.ts';

/** Addresses asked at once: of 20 on one item, the last is told of in time for the checklist. */
const AT_ONCE_MAX = 4;
/** One address, with its redirects: a cache near by answers in tens of milliseconds, an origin far away in a second. */
const DEADLINE_MS = 4_000;
/** From http to https, from there to www, and one to spare. */
const REDIRECTS_MAX = 3;
/** What `Looked` takes of a value and of an error. */
const VALUE_CHARS_MAX = 500;
const ERROR_CHARS_MAX = 300;
/** As a browser asks for a page; what a cache keeps may depend on it (`vary`). */
const REQUEST_HEADERS = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'user-agent': 'Mozilla/5.0 (compatible; Latchkey)',
};

type Answer = Looked['answers'][number];

export type LooksOptions = {
  probe: string;
  log: Log;
  onLooked(looked: Looked): void;
};

/**
 * Asks addresses as a browser would that has nothing stored, to see what caches say of their answers. Each is asked once: a
 * first question may be what primes a cache.
 */
export class Looks {
  readonly #options: LooksOptions;
  readonly #stopping = new AbortController();
  /** The looks under way, by deploy and item. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** Addresses of all looks that wait for their turn, and how many are being asked. */
  readonly #waiting: (() => void)[] = [];
  #asking = 0;

  constructor(options: LooksOptions) {
    this.#options = options;
  }

  /** Looks and tells. The same look while it is under way is left out. */
  onLookNow(command: LookNow): void {
    const { service, n, item, urls } = command;
    const facts = { deploy: `${service}:${n}`, item };
    const key = `${service}:${n}:${item}`;
    if (this.#underWay.has(key) || this.#stopping.signal.aborted)
      return this.#options.log('warn', 'look-now-dropped', {
        ...facts,
        why: this.#stopping.signal.aborted ? 'the probe stops' : 'the same look is still under way',
      });
    this.#options.log('info', 'look-now', { ...facts, urls: urls.length });
    this.#underWay.set(
      key,
      this.#look(command).finally(() => this.#underWay.delete(key)),
    );
  }

  /** Ends what is under way; nothing of it is told. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay.values());
  }

  async #look({ service, n, item, urls, header }: LookNow): Promise<void> {
    const names = [...new Set([...CACHE_HEADERS, ...(header === undefined ? [] : [header.toLowerCase()])])];
    const answers = await Promise.all(urls.map((url) => this.#inTurn(() => this.#ask(url, names))));
    if (this.#stopping.signal.aborted) return;
    const { probe, log } = this.#options;
    const unanswered = answers.filter(({ status }) => status === undefined).length;
    log('info', 'looked', { deploy: `${service}:${n}`, item, urls: urls.length, unanswered });
    this.#options.onLooked({ type: 'looked', probe, service, n, item, answers });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#asking >= AT_ONCE_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#asking += 1;
    try {
      return await work();
    } finally {
      this.#asking -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #ask(url: string, names: readonly string[]): Promise<Answer> {
    const late = AbortSignal.timeout(DEADLINE_MS);
    try {
      const response = await follow(url, AbortSignal.any([late, this.#stopping.signal]));
      return { url, status: response.status, headers: picked(response.headers, names) };
    } catch (error) {
      const text = late.aborted ? `no answer within ${DEADLINE_MS} ms` : errorText(error);
      return { url, headers: {}, error: truncate(withoutQueries(text), ERROR_CHARS_MAX) };
    }
  }
}

const withoutQueries = createRedactor(new Map());

/** The answer at the end of the redirects, without its body. */
async function follow(from: string, signal: AbortSignal): Promise<Response> {
  let url = from;
  for (let redirects = 0; ; redirects += 1) {
    const response = await fetch(url, { redirect: 'manual', signal, headers: REQUEST_HEADERS });
    await response.body?.cancel();
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    const next = new URL(location, url);
    if (redirects === REDIRECTS_MAX)
      throw new Error(`over ${REDIRECTS_MAX} redirects, the last to ${next.href}`);
    if (!/^https?:$/.test(next.protocol)) throw new Error(`a redirect to ${next.protocol}`);
    url = next.href;
  }
}

/** Of a value that is too long its end is kept: there is what the nearest cache says. */
function picked(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value.slice(-VALUE_CHARS_MAX)]];
    }),
  );
}
