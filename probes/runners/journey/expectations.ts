import type { Expect } from 'playwright/test';
import type { RunDeadline } from '../../run-deadline.ts';

/**
 * Playwright's `expect`, watched for one run: that anything was expected at all, which expectations are still waiting,
 * and that `toPass`, which by itself tries for ever, ends with the run.
 */
export class Expectations {
  /** Expectations stated so far. */
  count = 0;
  readonly expect: Expect;
  readonly #waiting = new Set<{ matcher: string }>();
  readonly #deadline: RunDeadline;

  constructor(expect: Expect, deadline: RunDeadline) {
    this.#deadline = deadline;
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
          const isToPass = name === 'toPass';
          const result: unknown = Reflect.apply(value, target, isToPass ? this.#bounded(args) : args);
          if (!(result instanceof Promise)) return result;
          return this.#tracked(name, isToPass ? this.#endedInTime(result) : result);
        };
      },
    });
  }

  #bounded([options]: unknown[]): unknown[] {
    const given = (options ?? {}) as { timeout?: number };
    return [{ ...given, timeout: Math.min(given.timeout || Infinity, Math.max(1, this.#deadline.leftMs())) }];
  }

  /** What `toPass` was bounded by may have become shorter since: it then tries on for nobody. */
  async #endedInTime(result: Promise<unknown>): Promise<void> {
    const { limitMs } = this.#deadline;
    const passed = await this.#deadline.within(result.then(() => true));
    if (passed) return;
    if (this.#deadline.limitMs < limitMs) throw new Error('toPass: the run was ended before it passed');
    await result;
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
