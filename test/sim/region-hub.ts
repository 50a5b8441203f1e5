import type { Policy } from '#core/policy.ts';
import { nextStartInMs, phaseMs } from '#core/schedule.ts';
import { SILENT_AFTER_MS, type NextStart } from '#core/wire.ts';
import type { SimClock } from './clock.ts';
import type { BrokenPane } from './glass.ts';
import type { Entry, Hub } from './hub.ts';
import { isOn, type Scenario } from './scenario.ts';

/** As in `worker/objects/region-plan.ts`: a timer that fired a little early must not start a check twice. */
const NOT_BEFORE_MS = 1_000;

/** What a region's object may say to its probe over the connection it has. */
export type ProbeLine = {
  plan(start: NextStart): void;
  ack(report: number, runs: readonly string[], start: NextStart | undefined): void;
  runNow(deadlineMs: number | undefined): void;
  pong(): void;
  paneTaken(pane: BrokenPane): void;
  closed(): void;
};

export type RegionHost = {
  readonly clock: SimClock;
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly hub: Hub;
};

/** One region's object, as `worker/objects/region-object.ts` has it: its probe's connection, and when it was last heard. */
export class RegionHub {
  readonly #region: string;
  readonly #host: RegionHost;
  #line: ProbeLine | undefined;
  #lastHeardMs = 0;

  constructor(host: RegionHost, region: string) {
    this.#region = region;
    this.#host = host;
    const { clock, scenario } = host;
    for (const fault of scenario.faults)
      if (fault.kind === 'deploy') clock.at(clock.startMs + fault.atMs, () => this.#restart());
  }

  /** Whether the object answers at all. */
  get isUp(): boolean {
    const { clock, scenario } = this.#host;
    const sinceStartMs = clock.nowMs - clock.startMs;
    return !scenario.faults.some(
      (fault) => fault.kind === 'deploy' && isOn({ atMs: fault.atMs, forMs: fault.downMs }, sinceStartMs),
    );
  }

  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  isConnected(line: ProbeLine): boolean {
    return this.#line === line;
  }

  hello(line: ProbeLine): void {
    this.#line = line;
    this.#heard();
    line.plan({ check: this.#host.policy.check.id, inMs: this.#nextStartInMs(0) });
  }

  ping(line: ProbeLine): void {
    if (this.#line !== line) return;
    this.#heard();
    line.pong();
  }

  /** `id` tells an answer to a report that came twice from the answer to the next one, as TCP would. */
  report(line: ProbeLine, id: number, entries: readonly Entry[]): void {
    const { hub, policy } = this.#host;
    this.#heard();
    const ingested = hub.ingest(entries);
    if (!ingested) return line.ack(id, [], undefined);
    const inMs = ingested.bursting
      ? policy.config.paging.burstGapMs
      : this.#nextStartInMs(Math.min(NOT_BEFORE_MS, policy.check.intervalMs / 4));
    line.ack(id, ingested.runs, { check: policy.check.id, inMs, ...ingested.briefing });
  }

  overdue(ageMs: number): void {
    this.#heard();
    this.#host.hub.overdue(this.#region, ageMs);
  }

  /** Takes in a page that the probe has sent by itself. `ages`: of its first failure, its decision and its acceptance. */
  brokeGlass(
    line: ProbeLine,
    glass: BrokenPane['glass'],
    [firstFailed = 0, decided = 0, accepted = 0]: readonly number[],
    pane: BrokenPane,
  ): void {
    const { hub } = this.#host;
    this.#heard();
    const at = (ageMs: number): number => Math.max(0, Math.round(hub.nowMs() - ageMs));
    const taken = hub.brokeGlass({
      ...glass,
      firstFailedStartMs: at(firstFailed),
      decidedMs: at(decided),
      acceptedMs: at(accepted),
    });
    if (taken) line.paneTaken(pane);
  }

  /** Tells the probe to run now. Whether it has been heard from lately; `undefined` when the call fails. */
  runNow(deadlineMs: number | undefined): boolean | undefined {
    const { clock, scenario } = this.#host;
    const sinceStartMs = clock.nowMs - clock.startMs;
    const isLost = scenario.faults.some(
      (fault) => fault.kind === 'burst-lost' && fault.region === this.#region && isOn(fault, sinceStartMs),
    );
    if (isLost || !this.isUp) return undefined;
    const isLive = clock.nowMs - this.#lastHeardMs <= SILENT_AFTER_MS;
    if (isLive) this.#line?.runNow(deadlineMs);
    return isLive;
  }

  #heard(): void {
    this.#lastHeardMs = this.#host.clock.nowMs;
  }

  /** Sockets drop. A probe that had one counts as heard now, so that it has time to come back. */
  #restart(): void {
    if (this.#line) this.#heard();
    this.#line?.closed();
    this.#line = undefined;
  }

  #nextStartInMs(notBeforeMs: number): number {
    const { hub, policy } = this.#host;
    const { check } = policy;
    const phase = phaseMs(
      check.id,
      check.intervalMs,
      check.regions.indexOf(this.#region),
      check.regions.length,
    );
    return nextStartInMs(hub.nowMs(), check.intervalMs, phase, notBeforeMs);
  }
}
