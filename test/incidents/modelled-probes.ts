import { env } from 'cloudflare:workers';
import type { DnsEvidence } from '#core/dns/findings/evidence.ts';
import type { Selector } from '#core/deploy/service/selector.ts';
import type { Failure } from '#core/failure.ts';
import { runId, type DeployRef, type DeploySide, type Run, type Step } from '#core/run.ts';
import {
  SILENT_AFTER_MS,
  WIRE_VERSION,
  type Ack,
  type Looked,
  type LookNow,
  type NextStart,
  type VerifyNow,
} from '#core/wire.ts';

/** A sign of life this often, as rare as may be: a story has thousands of them. */
const HEARTBEAT_MS = SILENT_AFTER_MS - 5_000;

/** What a visitor would meet: how long it takes and how it ends. `Infinity` hangs until the run's deadline. */
export type Visit = {
  durationMs: number;
  failure?: Failure | undefined;
  /** Of a DNS check. */
  dns?: DnsEvidence | undefined;
  /** None when absent. */
  steps?: Step[] | undefined;
};

/** Which side of which deploy a run is sent to, and by what; absent of one that goes where everybody goes. */
export type Aim = { service: string; n: number; side: DeploySide; selector?: Selector | undefined };

/** The target as a region meets it at a moment, milliseconds since the story began. */
export type Target = (atMs: number, region: string, aim?: Aim) => Visit;

/** What an address answers to a region that only looks. */
export type Shelf = (atMs: number, region: string, url: string) => Omit<Looked['answers'][number], 'url'>;

/** How a probe differs from the usual one, which polls as rarely as may be, and gets no answer where it looks. */
export type ProbeOptions = { pollMs?: number | undefined; shelf?: Shelf | undefined };

/** One side of a pair on its way: beside the schedule. */
type Verifying = { startedMs: number; visit: Visit; deploy: DeployRef };

type UnderWay = {
  startedMs: number;
  trigger: Run['trigger'];
  visit: Visit;
  deadlineMs: number;
  softDeadlineMs: number;
  isShortened: boolean;
  isTold: boolean;
};

/** One region's probe as the hub sees it: it keeps to the hub's starts and commands, and reports by the hub's own RPC. */
export class ModelledProbe {
  readonly region: string;
  readonly #check: string;
  readonly #timeoutMs: number;
  readonly #target: Target;
  readonly #originMs: number;
  #nextMs: number;
  #nextTrigger: Run['trigger'] = 'schedule';
  #nextDeadlineMs: number | undefined;
  #softDeadlineMs = 8_000;
  #run: UnderWay | undefined;
  #verifying: Verifying[] = [];
  #seq = 0;
  #heartbeatMs: number;
  readonly #pollMs: number;
  readonly #shelf: Shelf;

  constructor(
    region: string,
    check: { id: string; timeoutMs: number },
    target: Target,
    originMs: number,
    firstStartMs: number,
    { pollMs = HEARTBEAT_MS, shelf = () => ({ headers: {}, error: 'no answer' }) }: ProbeOptions = {},
  ) {
    this.region = region;
    this.#check = check.id;
    this.#timeoutMs = check.timeoutMs;
    this.#target = target;
    this.#originMs = originMs;
    this.#nextMs = firstStartMs;
    this.#heartbeatMs = originMs;
    this.#pollMs = pollMs;
    this.#shelf = shelf;
  }

  /** When something is to be done here next, epoch ms. */
  get dueMs(): number {
    const run = this.#run;
    const verifiedMs = this.#verifying.map((verifying) => this.#verifiedMs(verifying));
    if (!run) return Math.min(this.#nextMs, this.#heartbeatMs, ...verifiedMs);
    const toldMs = run.isTold ? Number.POSITIVE_INFINITY : run.startedMs + run.softDeadlineMs;
    return Math.min(this.#endMs(run), toldMs, this.#heartbeatMs, ...verifiedMs);
  }

  /** Does what is due. True when the hub may now be asking the regions. */
  async act(nowMs: number): Promise<boolean> {
    if (nowMs >= this.#heartbeatMs) {
      await this.obey(nowMs);
    }
    await this.#reportVerified(nowMs);
    const run = this.#run;
    if (!run) {
      if (nowMs >= this.#nextMs) this.#start(nowMs, this.#nextTrigger, this.#nextDeadlineMs);
      return false;
    }
    if (nowMs >= this.#endMs(run)) {
      return this.#report(run, nowMs);
    }
    if (run.isTold || nowMs < run.startedMs + run.softDeadlineMs) return false;
    run.isTold = true;
    await this.#object().overdue(
      { type: 'overdue', check: this.#check, probe: this.#name, ageMs: nowMs - run.startedMs },
      { region: this.region },
    );
    return true;
  }

  /** Takes what the hub wants of the region; that is its sign of life, too. */
  async obey(nowMs: number): Promise<void> {
    this.#heartbeatMs = nowMs + this.#pollMs;
    const hello = {
      type: 'hello' as const,
      wireVersion: WIRE_VERSION,
      probe: this.#name,
      boot: this.#originMs,
      configHash: 'modelled',
      versions: {},
      spooled: 0,
      dropped: 0,
    };
    const answer = await this.#object().poll(hello, { region: this.region });
    if ('error' in answer) throw new Error(answer.error);
    for (const command of answer.commands)
      switch (command.type) {
        case 'run-now':
          if (command.check === this.#check) this.#command(nowMs, command.deadlineMs);
          break;
        case 'verify-now':
          if (command.check === this.#check) this.#verify(nowMs, command);
          break;
        case 'look-now':
          await this.#look(nowMs, command);
          break;
      }
  }

  /** Both sides start at once, the first one first. */
  #verify(nowMs: number, { deploy, sides }: VerifyNow): void {
    for (const { side, selector } of sides) {
      const { service, n } = deploy;
      const aim = { service, n, side, ...(selector ? { selector } : {}) };
      this.#verifying.push({
        startedMs: nowMs,
        visit: this.#target(nowMs - this.#originMs, this.region, aim),
        deploy: { ...deploy, side, apart: selector !== undefined },
      });
    }
  }

  async #look(nowMs: number, { service, n, item, urls }: LookNow): Promise<void> {
    const atMs = nowMs - this.#originMs;
    const answers = urls.map((url) => ({ url, ...this.#shelf(atMs, this.region, url) }));
    const looked: Looked = { type: 'looked', probe: this.#name, service, n, item, answers };
    const refused = await this.#object().looked(looked, { region: this.region });
    if (refused) throw new Error(refused.error);
  }

  #verifiedMs({ startedMs, visit }: Verifying): number {
    return startedMs + Math.min(visit.durationMs, this.#timeoutMs);
  }

  /** Runs of a verification say nothing of when the check starts next. */
  async #reportVerified(nowMs: number): Promise<void> {
    const ended = this.#verifying.filter((verifying) => this.#verifiedMs(verifying) <= nowMs);
    if (ended.length === 0) return;
    this.#verifying = this.#verifying.filter((verifying) => !ended.includes(verifying));
    const entries = ended.map(({ startedMs, visit, deploy }) => ({
      ageMs: nowMs - startedMs,
      run: this.#runOf({
        startedMs,
        visit,
        trigger: 'deploy',
        deploy,
        deadlineMs: this.#timeoutMs,
        isShortened: false,
      }),
    }));
    const ack = await this.#object().report({ type: 'report', entries }, { region: this.region });
    if (ack.type === 'refusal') throw new Error(ack.error);
    const missing = entries.filter(({ run }) => !ack.runs.includes(run.id));
    if (missing.length > 0)
      throw new Error(`not acknowledged: ${missing.map(({ run }) => run.id).join(' ')}`);
  }

  get #name(): string {
    return `${this.#check}-${this.region}`;
  }

  #object() {
    return env.REGIONS.getByName(this.region);
  }

  #command(nowMs: number, deadlineMs = this.#timeoutMs): void {
    const run = this.#run;
    if (!run) return this.#start(nowMs, 'burst', deadlineMs);
    const atLeastMs = nowMs - run.startedMs + 250;
    const shorterMs = Math.max(deadlineMs, atLeastMs);
    if (shorterMs < run.deadlineMs) Object.assign(run, { deadlineMs: shorterMs, isShortened: true });
  }

  #start(nowMs: number, trigger: Run['trigger'], deadlineMs = this.#timeoutMs): void {
    this.#run = {
      startedMs: nowMs,
      trigger,
      visit: this.#target(nowMs - this.#originMs, this.region),
      deadlineMs,
      softDeadlineMs: this.#softDeadlineMs,
      isShortened: deadlineMs < this.#timeoutMs,
      isTold: false,
    };
    this.#nextMs = Number.POSITIVE_INFINITY;
  }

  #endMs(run: UnderWay): number {
    return run.startedMs + Math.min(run.visit.durationMs, run.deadlineMs);
  }

  async #report(underWay: UnderWay, nowMs: number): Promise<boolean> {
    const run = this.#runOf(underWay);
    const entries = [{ ageMs: nowMs - underWay.startedMs, run }];
    const ack = await this.#object().report({ type: 'report', entries }, { region: this.region });
    if (ack.type === 'refusal') throw new Error(ack.error);
    this.#run = undefined;
    this.#heartbeatMs = nowMs + this.#pollMs;
    return this.#follow(ack, nowMs);
  }

  /** Whether the hub is in a burst. */
  #follow(ack: Ack, nowMs: number): boolean {
    const next: NextStart | undefined = ack.starts.find(({ check }) => check === this.#check);
    if (!next) throw new Error(`the hub did not say when ${this.#check} starts next in ${this.region}`);
    this.#nextMs = nowMs + next.inMs;
    this.#nextDeadlineMs = next.deadlineMs;
    this.#nextTrigger = next.inMs <= 1_000 ? 'burst' : 'schedule';
    this.#softDeadlineMs = next.softDeadlineMs ?? this.#softDeadlineMs;
    return this.#nextTrigger === 'burst';
  }

  #runOf({
    startedMs,
    trigger,
    visit,
    deadlineMs,
    isShortened,
    deploy,
  }: Pick<UnderWay, 'startedMs' | 'trigger' | 'visit' | 'deadlineMs' | 'isShortened'> & {
    deploy?: DeployRef | undefined;
  }): Run {
    const seq = ++this.#seq;
    const timedOut = visit.durationMs >= deadlineMs;
    const failure: Failure | undefined = timedOut
      ? { owner: 'target', class: 'timeout', message: 'no answer before the deadline', step: 'Sign in' }
      : visit.failure;
    const durationMs = Math.min(visit.durationMs, deadlineMs);
    return {
      id: runId(this.#name, this.#originMs, seq),
      check: this.#check,
      region: this.region,
      probe: this.#name,
      boot: this.#originMs,
      seq,
      trigger,
      startedAtMs: startedMs,
      durationMs,
      waitedMs: 0,
      outcome: failure ? 'fail' : 'pass',
      ...(failure ? { failure } : {}),
      ...(isShortened ? { deadlineMs } : {}),
      ...(visit.dns ? { dns: visit.dns } : {}),
      ...(deploy ? { deploy } : {}),
      steps: visit.steps ?? [],
      screenshot: false,
      configHash: 'modelled',
    };
  }
}
