import type { DeployEffect } from '#core/deploy/event.ts';
import { MS_PER_DAY, MS_PER_SECOND } from '#core/units.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';
import { Semaphore } from '../semaphore.ts';
import { checkOf } from '../settings.ts';
import type { PendingMark } from '../store/deploy-store.ts';

/** Storing a mark takes milliseconds; an object that is being moved may take seconds. */
const TELL_TIMEOUT_MS = 5 * MS_PER_SECOND;
/** A check that could not be told is told again after this. */
const RETRY_MS = 10 * MS_PER_SECOND;
/** Six connections may wait at once in one invocation: two stay free for pages. */
const TOLD_AT_ONCE_MAX = 4;
/** An incident names deploys of the last half hour; what a check could not be told for a day is no news, and keeps nobody awake. */
const TOLD_WITHIN_MS = MS_PER_DAY;
/** Marks that wait: those of a few deploys of the largest kind. */
const PENDING_MAX = 200;

/** What a service's checks have yet to be told of its deploys. What is pending is stored, until each check has it. */
export class DeployMarks {
  readonly #checks: HubBindings['CHECKS'];
  /** Stores what is still pending, and calls `set` with it. */
  readonly #save: (pending: readonly PendingMark[]) => void;
  #pending: readonly PendingMark[];
  #retryAtMs = 0;
  #isTelling = false;

  constructor(
    stored: readonly PendingMark[],
    checks: HubBindings['CHECKS'],
    save: (pending: readonly PendingMark[]) => void,
  ) {
    this.#pending = stored;
    this.#checks = checks;
    this.#save = save;
  }

  /** What is pending once these effects are; the same list when they bring nothing. Newer word of a deploy is the only one. */
  with(effects: readonly DeployEffect[]): readonly PendingMark[] {
    const added = effects.flatMap((effect) =>
      effect.type === 'mark' ? effect.checks.map((check) => ({ check, mark: effect.mark })) : [],
    );
    if (added.length === 0) return this.#pending;
    const byKey = new Map([...this.#pending, ...added].map((pending) => [keyOf(pending), pending]));
    return [...byKey.values()].slice(-PENDING_MAX);
  }

  /** They are stored. */
  set(pending: readonly PendingMark[]): void {
    if (pending !== this.#pending) this.#retryAtMs = 0;
    this.#pending = pending;
  }

  get isPending(): boolean {
    return this.#pending.length > 0;
  }

  /** When checks are to be told next, epoch ms; `undefined` while they are being told. */
  wakeMs(nowMs: number): number | undefined {
    if (this.#isTelling || this.#pending.length === 0) return undefined;
    return Math.min(this.#retryAtMs, nowMs + RETRY_MS);
  }

  /** Tells each check what it has not heard, if it is time to. Those that cannot be told are told again later. */
  async tell(nowMs: number): Promise<void> {
    if ((this.wakeMs(nowMs) ?? Number.POSITIVE_INFINITY) > nowMs) return;
    this.#isTelling = true;
    const tried = new Set<PendingMark>();
    try {
      // What has come meanwhile is told at once.
      for (
        let fresh = this.#pending;
        fresh.length > 0;
        fresh = this.#pending.filter((one) => !tried.has(one))
      ) {
        for (const one of fresh) tried.add(one);
        const told = await this.#tellAll(fresh);
        if (told.size > 0) this.#save(this.#pending.filter((one) => !told.has(one)));
      }
    } finally {
      this.#isTelling = false;
      this.#retryAtMs = nowMs + RETRY_MS;
    }
  }

  async #tellAll(pending: readonly PendingMark[]): Promise<Set<PendingMark>> {
    const slots = new Semaphore(TOLD_AT_ONCE_MAX);
    const told = new Set<PendingMark>();
    await Promise.all(
      pending.map((one) => slots.run(async () => void ((await this.#isTold(one)) && told.add(one)))),
    );
    return told;
  }

  /** One that the configuration no longer has needs to know nothing, nor does one that could not be told for too long. */
  async #isTold({ check, mark }: PendingMark): Promise<boolean> {
    if (!checkOf(check)) return true;
    try {
      await withDeadline(this.#checks.getByName(check).deployed(mark), TELL_TIMEOUT_MS, `check ${check}`);
      return true;
    } catch (error) {
      const isGivenUp = Date.now() - (mark.rolledBackAtMs ?? mark.decidedAtMs ?? mark.atMs) > TOLD_WITHIN_MS;
      logError('deploy-not-marked', error, { check, service: mark.service, deploy: mark.n, isGivenUp });
      return isGivenUp;
    }
  }
}

function keyOf({ check, mark }: PendingMark): string {
  return `${check} ${mark.service} ${mark.n}`;
}
