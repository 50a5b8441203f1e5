import type { Check } from '#core/config.ts';
import { seesProduction } from '#core/run.ts';
import type { NextStart, Overdue } from '#core/wire.ts';
import type { Clock } from './clock.ts';
import type { ControlTarget } from './control-target.ts';
import type { Log } from './log.ts';
import type { Start } from '#core/agenda.ts';
import { RunDeadline } from './run-deadline.ts';
import { draftOf, type RunDraft, type RunStart } from './run-draft.ts';
import { RunnerLease } from './runner-lease.ts';
import type { Runner } from './runners/runner.ts';
import { SoftDeadlines } from './soft-deadlines.ts';
import type { Visit } from './visit.ts';

/** A run under way, as a later process may have to tell of it. `startedAtMs` is epoch ms. */
export type UnderWay = Pick<RunStart, 'trigger' | 'startedAtMs' | 'waitedMs' | 'deploy'> & {
  check: string;
};
/** A run that has ended, before it is stored. `startedMs` and `endedMs` are by the monotonic clock. */
export type EndedRun = {
  draft: RunDraft;
  screenshot?: Uint8Array | undefined;
  startedMs: number;
  endedMs: number;
};

export type AttendedRunsOptions = {
  probe: string;
  configHash: string;
  clock: Clock;
  log: Log;
  createRunner(): Runner;
  /** How long a run may last before it is said to be overdue, while the hub has said nothing of that, milliseconds. */
  softDeadlineMs: number;
  /** Asked about a run that has failed. */
  control?: Pick<ControlTarget, 'look'> | undefined;
  /** All that runs now; called before each start and after each end. */
  onUnderWay(runs: readonly UnderWay[]): void;
  /** A run goes on past its soft deadline. */
  onOverdue(overdue: Overdue): void;
};

/** The runs under way: their deadlines can be shortened, their lateness is told, a failure is held against the control. */
export class AttendedRuns {
  readonly #options: AttendedRunsOptions;
  readonly #lease: RunnerLease;
  readonly #soft: SoftDeadlines;
  readonly #underWay = new Set<UnderWay>();
  /** By check: none runs twice at once, but to verify a deploy, and no burst hurries those runs. */
  readonly #deadlines = new Map<string, RunDeadline>();

  constructor(options: AttendedRunsOptions) {
    this.#options = options;
    this.#lease = new RunnerLease(options);
    this.#soft = new SoftDeadlines(options.clock, options.softDeadlineMs);
  }

  /** Gets the runner ready for these checks. Never rejects. */
  warm(checks: readonly Check[]): Promise<void> {
    return this.#lease.warm(checks);
  }

  /** Versions of what the runner drives. */
  versions(): Record<string, string> {
    return this.#lease.versions();
  }

  /** Frees the runner. Never rejects. */
  close(): Promise<void> {
    return this.#lease.close();
  }

  /** Notes what the hub says of soft deadlines. */
  learn(starts: readonly NextStart[]): void {
    this.#soft.learn(starts);
  }

  /** Makes the deadline of a check's run, if one is under way, this short. */
  shorten(check: string, deadlineMs: number): void {
    this.#deadlines.get(check)?.shorten(deadlineMs);
  }

  /**
   * Runs a check; resolves when there is nothing more to be found out about the run. Never rejects. With a visit it verifies
   * a deploy, beside whatever else runs of the check. One apart from production is nobody's sign of an outage: it is never
   * said to be overdue.
   */
  async run(check: Check, due: Start, visit?: Visit): Promise<EndedRun> {
    const { clock, control, configHash } = this.#options;
    const startedMs = clock.monotonicMs();
    const deploy = visit?.deploy;
    const start = { ...underWayOf(due, clock), ...(deploy ? { deploy } : {}) };
    const deadline = new RunDeadline(Math.min(check.timeoutMs, due.deadlineMs ?? check.timeoutMs), clock);
    const stopWatching = seesProduction({ deploy })
      ? this.#soft.watch(check.id, deadline, (softMs) => this.#overdue(check.id, startedMs, softMs))
      : () => undefined;
    if (!visit) this.#deadlines.set(check.id, deadline);
    this.#underWay.add(start);
    this.#options.onUnderWay([...this.#underWay]);
    const result = await this.#lease.run(check, deadline, visit);
    const endedMs = clock.monotonicMs();
    stopWatching();
    if (!visit) this.#deadlines.delete(check.id);
    this.#underWay.delete(start);
    this.#options.onUnderWay([...this.#underWay]);
    const answer = result.outcome === 'fail' ? await control?.look() : undefined;
    const deadlineMs = deadline.limitMs < check.timeoutMs ? deadline.limitMs : undefined;
    const draft = draftOf({ ...start, check, configHash, control: answer, deadlineMs }, result);
    return { draft, screenshot: result.screenshot, startedMs, endedMs };
  }

  #overdue(check: string, startedMs: number, softMs: number): void {
    const { clock, control, log, probe } = this.#options;
    log('warn', 'run-overdue', { check, softDeadlineMs: Math.round(softMs) });
    this.#options.onOverdue({ type: 'overdue', check, probe, ageMs: clock.monotonicMs() - startedMs });
    // Should the run fail soon, the answer is there already.
    void control?.look();
  }
}

/** A start that happens now. */
export function underWayOf({ check, trigger, dueMs }: Start, clock: Clock): UnderWay {
  const startedAtMs = Math.round(clock.wallMs());
  return { check, trigger, startedAtMs, waitedMs: Math.max(0, clock.monotonicMs() - dueMs) };
}
