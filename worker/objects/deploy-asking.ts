import type { CheckStanding, DeployEffect } from '#core/deploy/event.ts';
import { MS_PER_SECOND } from '#core/units.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';
import { Semaphore } from '../semaphore.ts';

/** An object that has not answered by then must not hold up what the others say. */
const ASK_TIMEOUT_MS = 2 * MS_PER_SECOND;
/** Six connections may wait at once in one invocation: two stay free for pages. */
const ASKED_AT_ONCE_MAX = 4;

type Effect<Type extends DeployEffect['type']> = Extract<DeployEffect, { type: Type }>;

/** What a service's object asks of checks and regions. Nothing here throws: who does not answer has said nothing. */
export class DeployAsking {
  readonly #service: string;
  readonly #bindings: Pick<HubBindings, 'CHECKS' | 'REGIONS'>;
  readonly #slots = new Semaphore(ASKED_AT_ONCE_MAX);

  constructor(service: string, bindings: Pick<HubBindings, 'CHECKS' | 'REGIONS'>) {
    this.#service = service;
    this.#bindings = bindings;
  }

  /** How these checks stand. Those that do not answer, asked twice, are left out. */
  async standings(checks: readonly string[]): Promise<CheckStanding[]> {
    const first = await this.#standingsOnce(checks);
    const missing = checks.filter((id) => !first.some(({ check }) => check === id));
    return missing.length === 0 ? first : [...first, ...(await this.#standingsOnce(missing))];
  }

  async #standingsOnce(checks: readonly string[]): Promise<CheckStanding[]> {
    const answers = await Promise.all(
      checks.map((check) =>
        this.#ask(() => this.#bindings.CHECKS.getByName(check).standing(), `check ${check}`),
      ),
    );
    return answers.flatMap((answer) => answer ?? []);
  }

  /** The regions that have a probe which was told to look. */
  async look({ n, item, urls, header, regions }: Effect<'look'>): Promise<string[]> {
    const answers = await Promise.all(
      regions.map((region) =>
        this.#ask(
          () =>
            this.#bindings.REGIONS.getByName(region).lookNow({
              type: 'look-now',
              service: this.#service,
              n,
              item,
              urls,
              ...(header === undefined ? {} : { header }),
            }),
          `region ${region}`,
        ),
      ),
    );
    return regions.filter((_region, index) => answers[index]?.live === true);
  }

  /** Whether a live probe of the region was told to run the pair. */
  async verify({ n, pair, check, region, sides }: Effect<'verify'>): Promise<boolean> {
    const answer = await this.#ask(
      () =>
        this.#bindings.REGIONS.getByName(region).verifyNow({
          type: 'verify-now',
          check,
          deploy: { service: this.#service, n, pair },
          sides: sides.map(({ side, selector }) => ({ side, ...(selector ? { selector } : {}) })),
        }),
      `region ${region}`,
    );
    return answer?.live === true;
  }

  async #ask<T>(call: () => Promise<T>, what: string): Promise<T | undefined> {
    return this.#slots.run(async () => {
      try {
        return await withDeadline(call(), ASK_TIMEOUT_MS, what);
      } catch (error) {
        logError('deploy-not-answered', error, { service: this.#service, asked: what });
        return undefined;
      }
    });
  }
}
