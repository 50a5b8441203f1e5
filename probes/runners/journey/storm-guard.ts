import { createHash } from 'node:crypto';
import type { BrowserContext, Request, Route } from 'playwright';
import { describeProblems, parseWith } from '#core/problem.ts';
import { STORM_REQUESTS_MAX, StormRule, judgeStorm, type StormRequest } from '#core/retry-storm.ts';
import { formatMs } from '#core/units.ts';
import { JourneyMistake, type StormGuard, type StormGuardOptions } from '../../journey.ts';
import { plainUrl } from '../../redact.ts';
import type { RunDeadline } from '../../run-deadline.ts';
import { ToolFinding } from './tool-finding.ts';

/** How long the app may take to send its first call once it is waited for: as long as Playwright's `expect` waits. */
const FIRST_CALL_MS = 5_000;
/** Left of the run after a guard, for letting calls through again and for what the journey does then. */
const AFTERWARDS_MS = 250;

type Match = StormGuardOptions['match'];

/** The guards of one run. */
export class StormGuards {
  readonly #context: BrowserContext;
  readonly #deadline: RunDeadline;
  /** Keeps a mistake that is found where no error can tell of it. */
  readonly #mistaken: (error: JourneyMistake) => void;
  readonly #guards: Guard[] = [];

  constructor(context: BrowserContext, deadline: RunDeadline, mistaken: (error: JourneyMistake) => void) {
    this.#context = context;
    this.#deadline = deadline;
    this.#mistaken = mistaken;
  }

  /** Puts a guard in place. Throws `JourneyMistake` for one that cannot be. */
  async open({ match, ...options }: StormGuardOptions): Promise<StormGuard> {
    const name = `stormGuard(${matchText(match)})`;
    const parsed = parseWith(StormRule, options);
    if (!parsed.ok) throw new JourneyMistake(`${name}: ${describeProblems(parsed.problems)}`);
    const guard = new Guard(name, parsed.value, this.#context, this.#deadline);
    this.#guards.push(guard);
    await guard.open(
      checkedMatch(match, name, (error) => {
        this.#mistaken(error);
        guard.giveUp(error);
      }),
    );
    return { settled: () => guard.settled() };
  }

  /** What the journey has begun and not awaited to its end. */
  unsettled(): string[] {
    return this.#guards.filter(({ isSettled }) => !isSettled).map(({ name }) => `${name}.settled()`);
  }

  /** Nothing is timed any more. */
  end(): void {
    for (const guard of this.#guards) guard.end();
  }
}

/** Answers calls with failures for a time that begins with the first of them. */
class Guard {
  readonly name: string;
  isSettled = false;
  readonly #rule: StormRule;
  readonly #context: BrowserContext;
  readonly #deadline: RunDeadline;
  readonly #requests: StormRequest[] = [];
  /** The first call has come. */
  readonly #begun = pending<void>();
  readonly #judged = pending<ReturnType<typeof judgeStorm>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** A client that was found to storm is not let loose on the target. */
  #state: 'waiting' | 'answering' | 'over' | 'storming' = 'waiting';
  #settled: Promise<void> | undefined;
  #stop: () => Promise<void> = () => Promise.resolve();

  constructor(name: string, rule: StormRule, context: BrowserContext, deadline: RunDeadline) {
    this.name = name;
    this.#rule = rule;
    this.#context = context;
    this.#deadline = deadline;
    // A match may throw before anybody waits for the first call.
    this.#begun.promise.catch(() => undefined);
  }

  async open(match: Match): Promise<void> {
    this.#checkTime();
    const handler = (route: Route): Promise<void> => this.#answer(route);
    this.#stop = () => this.#context.unroute(match, handler);
    await this.#context.route(match, handler);
  }

  /** Waits until the time is over and the client is judged, and calls of a calm one go through again. */
  settled(): Promise<void> {
    this.#settled ??= this.#settle().finally(() => {
      this.isSettled = true;
    });
    return this.#settled;
  }

  /** No call comes any more, if none has come so far. */
  giveUp(error: Error): void {
    this.#begun.reject(error);
  }

  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #settle(): Promise<void> {
    await this.#begins();
    const { isCalm, evidence } = await this.#withinTheRun(this.#judged.promise);
    const { answer } = this.#rule;
    const failures = answer === 'abort' ? 'no connection' : `HTTP ${answer}`;
    if (!isCalm) throw new ToolFinding(`retry storm while calls got ${failures}: ${evidence}`);
    await this.#stop();
  }

  #judge(overMs: number): void {
    if (this.#state !== 'answering') return;
    const judgement = judgeStorm(this.#requests, this.#rule, overMs);
    this.#state = judgement.isCalm ? 'over' : 'storming';
    this.#judged.resolve(judgement);
  }

  async #begins(): Promise<void> {
    const giveUp = (): void =>
      this.giveUp(new Error(`${this.name}: the app sent no such call within ${formatMs(FIRST_CALL_MS)}`));
    const timer = this.#after(FIRST_CALL_MS, giveUp);
    // At the run's deadline the context closes: the app is what was waited for.
    this.#context.once('close', giveUp);
    try {
      await this.#begun.promise;
    } finally {
      this.#context.off('close', giveUp);
      clearTimeout(timer);
    }
  }

  /** The deadline may have been shortened since: then the journey is told at once, for it can tell nothing any more. */
  async #withinTheRun<T>(work: Promise<T>): Promise<T> {
    const short = pending<never>();
    const check = (): void => {
      try {
        this.#checkTime();
      } catch (error) {
        short.reject(error);
      }
    };
    const stopListening = this.#deadline.onChange(check);
    check();
    try {
      return await Promise.race([work, short.promise]);
    } finally {
      stopListening();
    }
  }

  /** Throws `JourneyMistake` when the run ends before the guard does. */
  #checkTime(): void {
    if (this.#state === 'over' || this.#state === 'storming') return;
    const nowMs = performance.now();
    const neededMs = this.#rule.forMs - (nowMs - (this.#requests[0]?.atMs ?? nowMs));
    const leftMs = this.#deadline.leftMs();
    if (neededMs > leftMs - AFTERWARDS_MS)
      throw new JourneyMistake(
        `${this.name}: expected forMs well within what the run has left, got ${formatMs(Math.max(0, neededMs))} of ${formatMs(Math.max(0, leftMs))}`,
      );
  }

  /** Never rejects: nobody would hear of it but the process. */
  async #answer(route: Route): Promise<void> {
    try {
      if (this.#state === 'over') return await route.fallback();
      this.#count(route.request());
      return await this.#fail(route);
    } catch (error) {
      // The page that asked has gone, or the run has ended: nobody waits for this answer.
      if (!(error instanceof Error)) throw error;
    }
  }

  #fail(route: Route): Promise<void> {
    const { answer, retryAfterS } = this.#rule;
    if (answer === 'abort') return route.abort('connectionfailed');
    const wait = { 'retry-after': String(retryAfterS), 'access-control-expose-headers': 'retry-after' };
    return route.fulfill({
      status: answer,
      contentType: 'text/plain',
      headers: { 'cache-control': 'no-store', ...(retryAfterS === undefined ? {} : wait) },
      body: 'Answered by a check of how the app bears failures.',
    });
  }

  #count(request: Request): void {
    const atMs = performance.now();
    if (this.#state === 'waiting') {
      this.#state = 'answering';
      this.#begun.resolve();
      this.#after(this.#rule.forMs, () => this.#judge(this.#rule.forMs));
    }
    if (this.#state !== 'answering') return;
    this.#requests.push({ ...callOf(request, this.#rule.ignoreQuery), atMs });
    if (this.#requests.length >= STORM_REQUESTS_MAX)
      this.#judge(Math.max(1, atMs - (this.#requests[0]?.atMs ?? atMs)));
  }

  #after(ms: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}

/** A promise with what settles it. */
function pending<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** The same method, address and body is the same call again: all calls of a GraphQL app have one address. */
function callOf(request: Request, ignoreQuery: boolean): Pick<StormRequest, 'key' | 'call'> {
  const call = `${request.method()} ${plainUrl(request.url())}`;
  const body = request.postDataBuffer();
  const hash = body === null ? '' : createHash('sha256').update(body).digest('base64');
  return { call, key: `${ignoreQuery ? call : `${request.method()} ${request.url()}`} ${hash}` };
}

/** A match that Playwright takes. Throws `JourneyMistake` for one that matches nothing; tells of what a function throws. */
function checkedMatch(match: Match, name: string, mistaken: (error: JourneyMistake) => void): Match {
  if (typeof match === 'string') {
    if (match === '' || match.startsWith('/'))
      throw new JourneyMistake(`${name}: match: expected a glob of whole addresses, such as '**/api/**'`);
    return match;
  }
  if (match instanceof RegExp) return match;
  if (typeof match !== 'function')
    throw new JourneyMistake(`${name}: match: expected a glob, a RegExp or a function, got ${typeof match}`);
  return (url) => {
    try {
      return match(url);
    } catch (error) {
      mistaken(new JourneyMistake(`${name}: match threw ${String(error)}`));
      return false;
    }
  };
}

function matchText(match: Match): string {
  if (typeof match === 'string') return `'${match}'`;
  return match instanceof RegExp ? String(match) : typeof match;
}
