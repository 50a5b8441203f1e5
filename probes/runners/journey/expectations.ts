import type { Expect } from 'playwright/test';

/**
 * Playwright's `expect`, watched for one run: that anything was expected at all, which expectations are still waiting,
 * and that `toPass`, which by itself tries for ever, ends with the run.
 */
export class Expectations {
  /** Expectations stated so far. */
  count = 0;
  readonly expect: Expect;
  readonly #waiting = new Set<{ matcher: string }>();
  readonly #remainingMs: () => number;

  constructor(expect: Expect, remainingMs: () => number) {
    this.#remainingMs = remainingMs;
    this.expect = this.#watch(expect);
  }

  /** Names of the matchers that have not settled, e.g. `toBeVisible`. */
  waiting(): string[] {
    return [...this.#waiting].map(({ matcher }) => matcher);
  }

  #watch(expect: Expect): Expect {
    return new Proxy(expect, {
      apply: (target, self, args) => {
        this.count += 1;
        return this.#matchers(Reflect.apply(target, self, args) as object);
      },
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (name === 'configure' || name === 'extend')
          return (...args: unknown[]) => this.#watch(Reflect.apply(value as () => Expect, target, args));
        if (name === 'soft' || name === 'poll')
          return (...args: unknown[]) => {
            this.count += 1;
            return this.#matchers(Reflect.apply(value as () => object, target, args));
          };
        return value;
      },
    });
  }

  #matchers(matchers: object): object {
    return new Proxy(matchers, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value === 'object' && value !== null) return this.#matchers(value);
        if (typeof value !== 'function' || typeof name === 'symbol') return value;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(
            value,
            target,
            name === 'toPass' ? this.#bounded(args) : args,
          );
          return result instanceof Promise ? this.#tracked(name, result) : result;
        };
      },
    });
  }

  #bounded([options]: unknown[]): unknown[] {
    const given = (options ?? {}) as { timeout?: number };
    return [{ ...given, timeout: Math.min(given.timeout || Infinity, Math.max(1, this.#remainingMs())) }];
  }

  async #tracked(matcher: string, result: Promise<unknown>): Promise<unknown> {
    const entry = { matcher };
    this.#waiting.add(entry);
    try {
      return await result;
    } finally {
      this.#waiting.delete(entry);
    }
  }
}
