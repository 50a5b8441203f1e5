import type { APIResponse, BrowserContext, Page, Response } from 'playwright';
import type { Expect } from 'playwright/test';
import type { CacheRule } from '#core/cache-rule.ts';

/** A journey made by `defineJourney`, even when two copies of this file are loaded. */
const BRAND = Symbol.for('latchkey.journey');

/** What a journey works with. `Vars` names the plain values it reads from the check. */
export type JourneyTools<Vars extends string = string> = {
  /** Playwright's own page, in a context that no other run has seen. */
  page: Page;
  context: BrowserContext;
  /** Playwright's own `expect`: web-first assertions wait 5 s unless told otherwise. */
  expect: Expect;
  /** Names a part of the journey; parts nest. Gives what `body` gives. Must be awaited. */
  step: <T>(title: string, body: () => Promise<T> | T) => Promise<T>;
  /** Value of a secret that the check lists. */
  secret: (name: string) => string;
  /** The check's `vars`. Reading one that is not set ends the run as `invalid`. */
  vars: Readonly<Record<Vars, string>>;
  /**
   * Fails when no cache had this answer, or nothing in its headers says so; an HTTP error is no hit. `answer`: what
   * `page.goto` or `page.waitForResponse` gave, or an address, which is asked for once with the browser's cookies. `rule`: a
   * header of your own instead of those that caches are known to set. Must be awaited.
   */
  expectCacheHit: (answer: Response | APIResponse | string | null, rule?: CacheRule) => Promise<void>;
  /**
   * From now on the app's own calls fail, for a time that begins with the first of them; what its client sends meanwhile is
   * counted, also from service workers and after a reload. Must be awaited, and so must its `settled()`.
   */
  stormGuard: (options: StormGuardOptions) => Promise<StormGuard>;
};

/** What `stormGuard` answers, and what a client may send. */
export type StormGuardOptions = {
  /**
   * Which calls, as Playwright's `route` takes it. While calls are caught the browser's own cache is off: leave out what it
   * would have had. A document that is matched stays what the page shows until it is loaded anew.
   */
  match: string | RegExp | ((url: URL) => boolean);
  /** HTTP status 400 to 599, or `'abort'` for a connection that fails. 503 when absent. */
  answer?: number | 'abort' | undefined;
  /** For how long, 100 ms to 5 min; it must fit in the run. */
  forMs: number;
  /** All calls together that are allowed meanwhile, the first ones included; at most 500. */
  maxRequests: number;
  /** Whole seconds of a `Retry-After` in each answer; nothing may come back sooner then. */
  retryAfterS?: number | undefined;
  /** Takes calls that differ in their query only for the same: for clients that make each address unique. */
  ignoreQuery?: boolean | undefined;
};

export type StormGuard = {
  /**
   * Waits until the time is over; then calls go through again. Fails when the app sent more than `maxRequests`, did not back
   * off (three and more retries of one call at gaps that do not grow), or sent no such call within 5 s.
   */
  settled: () => Promise<void>;
};

export type Journey = {
  readonly [BRAND]: true;
  readonly run: (tools: JourneyTools) => Promise<void>;
};

/**
 * A journey: the default export of a `*.journey.ts`. It passes when it ends without an error; what it throws says that
 * the target is wrong, unless it is a mistake of the journey itself (a TypeError, a missing variable, a forgotten `await`).
 */
export function defineJourney<Vars extends string = string>(
  run: (tools: JourneyTools<Vars>) => Promise<void>,
): Journey {
  return { [BRAND]: true, run };
}

export function isJourney(value: unknown): value is Journey {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** A mistake in a journey file, found by its tools. The run is `invalid`, even when the journey catches it. */
export class JourneyMistake extends Error {
  override readonly name = 'JourneyMistake';
}
