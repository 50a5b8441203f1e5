import type { BrowserContext, Page } from 'playwright';
import type { Expect } from 'playwright/test';

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
