import { ANSWER_MS_MAX, type NextStart, type Report } from '#core/wire.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';
import { Semaphore } from '../semaphore.ts';
import { checkOf } from '../settings.ts';
import type { DeployRpc } from './deploy-rpc.ts';
import type { CheckRpc, Entry, Ingested } from './rpc.ts';
import { nextStart } from './region-plan.ts';

/** Storing takes milliseconds; an object that is being moved may take seconds. */
const INGEST_TIMEOUT_MS = 5_000;
/** All objects of a report, those that waited for a connection included: the probe must hear of what is stored. */
const DELIVERY_TIMEOUT_MS = ANSWER_MS_MAX - 1_000;
/** Six connections may wait at once in one invocation, and `wrangler dev` does not enforce it. */
const OBJECTS_AT_ONCE_MAX = 6;

/** What became of a report: the runs that are stored, and when their checks start next. */
export type Delivered = { runs: string[]; starts: NextStart[] };

/** Objects that have runs to store: those of checks, and of services whose deploys the runs verify. */
type Stores = Pick<HubBindings, 'CHECKS' | 'DEPLOYS'>;

/** Brings the runs of a region to their checks' objects, and those that verify a deploy to its service's, too. */
export class ReportDelivery {
  readonly #region: string;
  readonly #stores: Stores;
  readonly #slots = new Semaphore(OBJECTS_AT_ONCE_MAX);
  /** Calls on one stub arrive in order, so each check and each service keeps its stub until it fails. */
  readonly #checks = new Map<string, DurableObjectStub<CheckRpc>>();
  readonly #services = new Map<string, DurableObjectStub<DeployRpc>>();

  constructor(region: string, stores: Stores) {
    this.#region = region;
    this.#stores = stores;
  }

  /**
   * Stores a report's runs: those of one check in order, different checks in parallel. A check, or a service, that cannot
   * store its runs leaves them out of the answer and does not hold up the others. Never throws.
   */
  async deliver(report: Report): Promise<Delivered> {
    const byCheck = new Map<string, Entry[]>();
    const byService = new Map<string, Verifying[]>();
    for (const { ageMs, run } of report.entries) {
      const entry = { ageMs, runJson: JSON.stringify(run) };
      put(byCheck, run.check, entry);
      if (run.deploy) put(byService, run.deploy.service, { id: run.id, runJson: entry.runJson });
    }
    const [checks, services] = await Promise.all([
      Promise.all(Array.from(byCheck, ([id, entries]) => this.#toCheck(id, entries))),
      Promise.all(Array.from(byService, ([id, verifying]) => this.#toService(id, verifying))),
    ]);
    const missing = new Set(services.flat());
    return {
      runs: checks.flatMap(({ runs }) => runs).filter((id) => !missing.has(id)),
      starts: checks.flatMap(({ starts }) => starts),
    };
  }

  async #toCheck(id: string, entries: Entry[]): Promise<Delivered> {
    const ingested = await this.#inTime<Ingested>(
      () => stubOf(this.#checks, this.#stores.CHECKS, id).ingest(entries),
      { at: { check: id }, runs: entries.length, failed: () => this.#checks.delete(id) },
    );
    if (!ingested) return { runs: [], starts: [] };
    const check = checkOf(id);
    return {
      runs: ingested.results.map((result) => result.id),
      starts: check?.regions.includes(this.#region)
        ? [{ ...nextStart(check, this.#region, ingested.bursting, ingested.nowMs), ...ingested.briefing }]
        : [],
    };
  }

  /** The ids of those runs that the service's object has not stored. */
  async #toService(id: string, runs: readonly Verifying[]): Promise<string[]> {
    const stored = await this.#inTime<string[]>(
      () => stubOf(this.#services, this.#stores.DEPLOYS, id).ingest(runs.map(({ runJson }) => runJson)),
      { at: { service: id }, runs: runs.length, failed: () => this.#services.delete(id) },
    );
    return runs.map((run) => run.id).filter((runId) => !stored?.includes(runId));
  }

  /**
   * What an object answers, or `undefined` when it fails or is late. What has not begun in time is stored all the same, and
   * acknowledged when it is sent again.
   */
  async #inTime<T>(
    call: () => Promise<T>,
    { at, runs, failed }: { at: { check: string } | { service: string }; runs: number; failed: () => void },
  ): Promise<T | undefined> {
    const what = Object.entries(at).flat().join(' ');
    const fields = { ...at, region: this.#region, runs };
    const attempt = async (): Promise<T | undefined> => {
      try {
        return await withDeadline(call(), INGEST_TIMEOUT_MS, what);
      } catch (error) {
        failed();
        logError('report-not-stored', error, fields);
        return undefined;
      }
    };
    try {
      return await withDeadline(this.#slots.run(attempt), DELIVERY_TIMEOUT_MS, what);
    } catch (error) {
      logError('report-not-in-time', error, fields);
      return undefined;
    }
  }
}

/** A run that verifies a deploy, as its service's object gets it. */
type Verifying = { id: string; runJson: string };

function put<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key) ?? [];
  list.push(item);
  lists.set(key, list);
}

function stubOf<T extends Rpc.DurableObjectBranded>(
  stubs: Map<string, DurableObjectStub<T>>,
  namespace: DurableObjectNamespace<T>,
  name: string,
): DurableObjectStub<T> {
  const known = stubs.get(name);
  if (known) return known;
  const stub = namespace.getByName(name);
  stubs.set(name, stub);
  return stub;
}
