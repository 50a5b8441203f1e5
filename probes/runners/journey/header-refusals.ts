import type { BrowserContext } from 'playwright';
import { ownTrouble, type Trouble } from './journey-trouble.ts';

/**
 * What Chromium says in the console of a page when another origin has refused a request of its code for one of its headers.
 * Fonts, pictures and beacons are called otherwise there; no login fails without them.
 */
const REFUSED =
  /^Access to (?:fetch|XMLHttpRequest|script) at '([^']*)'.* Request header field (\S+) is not allowed by Access-Control-Allow-Headers/i;

/**
 * Notices that another origin does not take the header by which the run is led to its version, so that the page did not get
 * what everybody gets. Where a preflight fails otherwise, the target itself may be why, and nothing is noticed.
 */
export class HeaderRefusals {
  #refused: { header: string; origin: string } | undefined;

  constructor(context: BrowserContext, headers: Readonly<Record<string, string>> = {}) {
    const names = Object.keys(headers);
    if (names.length === 0) return;
    context.on('console', (message) => {
      const [, url = '', field = ''] = REFUSED.exec(message.text()) ?? [];
      const header = names.find((name) => name.toLowerCase() === field.toLowerCase());
      if (header !== undefined)
        this.#refused ??= { header, origin: URL.canParse(url) ? new URL(url).origin : 'another origin' };
    });
  }

  /**
   * The trouble that a run really had. One that passed has it as well: if only those counted, a version that fails now and
   * then would be taken for a good one.
   */
  reconsidered(trouble: Trouble | undefined): Trouble | undefined {
    if (trouble?.source === 'probe' || this.#refused === undefined) return trouble;
    const { header, origin } = this.#refused;
    const seen = trouble?.message ? ` (${trouble.message})` : '';
    return ownTrouble(
      'probe-error',
      `${origin} does not take the header ${header} from the page, so it is no way to this version: take a cookie or an address instead${seen}`,
    );
  }
}
