import type { BrowserContext } from 'playwright';
import { ownTrouble, type Trouble } from './journey-trouble.ts';

/** What Chromium says in the console of a page whose request another origin has refused for one of its headers. */
const REFUSED = /Request header field (\S+) is not allowed by Access-Control-Allow-Headers/i;

/**
 * Notices that another origin does not take the header by which the run is led to its version: the page would have got there
 * what it asked for without it. Where the preflight fails otherwise, the target itself may be why, and nothing is noticed.
 */
export class HeaderRefusals {
  #header: string | undefined;

  constructor(context: BrowserContext, headers: Readonly<Record<string, string>> = {}) {
    const names = Object.keys(headers);
    if (names.length === 0) return;
    context.on('console', (message) => {
      const refused = message.type() === 'error' ? REFUSED.exec(message.text())?.[1] : undefined;
      this.#header ??= names.find((name) => name.toLowerCase() === refused?.toLowerCase());
    });
  }

  /** The trouble that a run really had. */
  reconsidered(trouble: Trouble | undefined): Trouble | undefined {
    if (!trouble || trouble.source === 'probe' || this.#header === undefined) return trouble;
    return ownTrouble(
      'probe-error',
      `another origin that the page asks does not take the header ${this.#header}, which leads to the version: take a cookie or an address instead (${trouble.message})`,
    );
  }
}
