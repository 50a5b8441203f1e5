import { ANSWER_MS_MAX, type NextStart, type Report } from '#core/wire.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';
import { Semaphore } from '../semaphore.ts';
import { checkOf } from '../settings.ts';
import type { CheckRpc, Entry, Ingested } from './rpc.ts';
import { nextStart } from './region-plan.ts';

/** Storing takes milliseconds; an object that is being moved may take seconds. */
const INGEST_TIMEOUT_MS = 5_000;
/** All checks of a report, those that waited for a connection included: the probe must hear of what is stored. */
const DELIVERY_TIMEOUT_MS = ANSWER_MS_MAX - 1_000;
/** Six connections may wait at once in one invocation, and `wrangler dev` does not enforce it. */
const CHECKS_AT_ONCE_MAX = 6;

/** What became of a report: the runs that are stored, and when their checks start next. */
export type Delivered = { runs: string[]; starts: NextStart[] };

/** Brings the runs of a region to their checks' objects. */
export class ReportDelivery {
  readonly #region: string;
  readonly #checks: HubBindings['CHECKS'];
  readonly #slots = new Semaphore(CHECKS_AT_ONCE_MAX);
  /** Calls on one stub arrive in order, so each check keeps its stub until it fails. */
  readonly #stubs = new Map<string, DurableObjectStub<CheckRpc>>();

  constructor(region: string, checks: HubBindings['CHECKS']) {
    this.#region = region;
    this.#checks = checks;
  }

  /**
   * Stores a report's runs: those of one check in order, different checks in parallel. A check that cannot store its
   * runs leaves them out of the answer and does not hold up the others. Never throws.
   */
  async deliver(report: Report): Promise<Delivered> {
    const byCheck = new Map<string, Entry[]>();
    for (const { ageMs, run } of report.entries) {
      const entries = byCheck.get(run.check) ?? [];
      entries.push({ ageMs, runJson: JSON.stringify(run) });
      byCheck.set(run.check, entries);
    }
    const answers = await Promise.all(
      Array.from(byCheck, ([check, entries]) => this.#deliverInTime(check, entries)),
    );
    return { runs: answers.flatMap(({ runs }) => runs), starts: answers.flatMap(({ starts }) => starts) };
  }

  /** What has not begun in time is stored all the same, and acknowledged when it is sent again. */
  async #deliverInTime(id: string, entries: Entry[]): Promise<Delivered> {
    try {
      const delivered = this.#slots.run(() => this.#deliverTo(id, entries));
      return await withDeadline(delivered, DELIVERY_TIMEOUT_MS, `check ${id}`);
    } catch (error) {
      logError('report-not-in-time', error, { check: id, region: this.#region, runs: entries.length });
      return { runs: [], starts: [] };
    }
  }

  async #deliverTo(id: string, entries: Entry[]): Promise<Delivered> {
    let ingested: Ingested;
    try {
      ingested = await withDeadline(this.#stub(id).ingest(entries), INGEST_TIMEOUT_MS, `check ${id}`);
    } catch (error) {
      this.#stubs.delete(id);
      logError('report-not-stored', error, { check: id, region: this.#region, runs: entries.length });
      return { runs: [], starts: [] };
    }
    const check = checkOf(id);
    return {
      runs: ingested.results.map((result) => result.id),
      starts: check?.regions.includes(this.#region)
        ? [{ ...nextStart(check, this.#region, ingested.bursting, ingested.nowMs), ...ingested.briefing }]
        : [],
    };
  }

  #stub(id: string): DurableObjectStub<CheckRpc> {
    const known = this.#stubs.get(id);
    if (known) return known;
    const stub = this.#checks.getByName(id);
    this.#stubs.set(id, stub);
    return stub;
  }
}
