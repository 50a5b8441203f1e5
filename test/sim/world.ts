import { initialState, type CheckState } from '#core/check-state.ts';
import type { Delivery } from '#core/delivery.ts';
import type { Policy } from '#core/policy.ts';
import { heard, withDuration, type RegionState } from '#core/region.ts';
import { SimClock } from './clock.ts';
import { Hub, type Commit } from './hub.ts';
import { Pager, type Arrival } from './pager.ts';
import { policyOf } from './policy.ts';
import { Prng } from './prng.ts';
import { Probe, type TrueRun } from './probe.ts';
import { RegionHub } from './region-hub.ts';
import { CHANNELS, isOn, type Channel, type Scenario } from './scenario.ts';
import { Trace } from './trace.ts';
import { Truth } from './truth.ts';

/** Any moment will do; a real one keeps arithmetic on clocks honest. */
const EPOCH_MS = 1_763_000_000_000;
/** Passes of each region that a check has learnt from: all that are remembered. */
const LEARNT_PASSES = 25;

/** Who watches a simulation. Each is told at the moment; times are the simulation's, but for those inside of what core made. */
export type Observer = {
  onRun(run: TrueRun): void;
  onCommit(commit: Commit): void;
  onAttempt(delivery: Delivery): void;
  onArrival(arrival: Arrival): void;
  /** A region's probe pages by itself, having missed the hub for so long. */
  onGlass(region: string, delivery: Delivery, goneMs: number): void;
  /** The hub's process has died. */
  onDeath(): void;
  /** A probe has dropped a run that it believes to be stored. */
  onAcknowledged(runId: string): void;
};

/** One simulation: everything that a scenario says, put together. Single-threaded, and the same every time. */
export class World {
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly clock = new SimClock(EPOCH_MS);
  readonly trace: Trace;
  readonly truth: Truth;
  readonly hub: Hub;
  readonly regions: ReadonlyMap<string, RegionHub>;
  readonly probes: readonly Probe[];
  readonly #pagers: ReadonlyMap<string, Pager>;
  readonly #observer: Observer;

  constructor(scenario: Scenario, observer: Observer, keepsLines = false) {
    this.scenario = scenario;
    this.policy = policyOf(scenario);
    this.trace = new Trace(this.clock.startMs, keepsLines);
    this.truth = new Truth(this.clock, scenario);
    this.#observer = observer;
    this.#pagers = new Map(CHANNELS.map((channel) => [channel, new Pager(this, channel)]));
    this.hub = new Hub(this);
    if (scenario.learnt) this.hub.seed(learntState(scenario));
    this.regions = new Map(scenario.regions.map((region) => [region, new RegionHub(this, region)]));
    this.probes = scenario.regions.map((region) => new Probe(this, region, this.region(region)));
  }

  /** Milliseconds since the start. */
  get sinceStartMs(): number {
    return this.clock.nowMs - this.clock.startMs;
  }

  /** Lets it happen up to a moment, milliseconds from the start, as long as `goesOn`. */
  runUntil(untilMs: number, goesOn: () => boolean = () => true): void {
    this.clock.runUntil(this.clock.startMs + untilMs, goesOn);
  }

  region(id: string): RegionHub {
    const region = this.regions.get(id);
    if (!region) throw new Error(`no region ${id}`);
    return region;
  }

  pager(channel: string): Pager {
    const pager = this.#pagers.get(channel);
    if (!pager) throw new Error(`no channel ${channel}`);
    return pager;
  }

  isCutOff(): boolean {
    return this.scenario.faults.some(
      (fault) => fault.kind === 'hub-cut-off' && isOn(fault, this.sinceStartMs),
    );
  }

  askRegion(region: string, deadlineMs: number | undefined): boolean | undefined {
    return this.region(region).runNow(deadlineMs);
  }

  onDeath(downMs: number): void {
    this.trace.note(this.clock.nowMs, 'hub dies, back in', downMs);
    this.#observer.onDeath();
  }

  onGlass(region: string, delivery: Delivery, goneMs: number): void {
    this.trace.note(this.clock.nowMs, `${region} pages by itself:`, delivery.id);
    this.#observer.onGlass(region, delivery, goneMs);
  }

  onRun(run: TrueRun): void {
    this.#observer.onRun(run);
  }

  onCommit(commit: Commit): void {
    for (const delivery of commit.deliveries)
      this.trace.note(this.clock.nowMs, `stored ${delivery.state}`, delivery.id);
    this.#observer.onCommit(commit);
  }

  onAttempt(delivery: Delivery): void {
    this.#observer.onAttempt(delivery);
  }

  onArrival(arrival: Arrival): void {
    this.trace.note(this.clock.nowMs, arrival.opened ? 'wakes' : 'arrives', arrival.delivery.id);
    this.#observer.onArrival(arrival);
  }

  onAcknowledged(runId: string): void {
    this.#observer.onAcknowledged(runId);
  }

  onHumanAcknowledged(channel: Channel, seq: number): void {
    this.trace.note(this.clock.nowMs, 'somebody acknowledges', seq);
    this.hub.acknowledged(seq, 'ada', channel);
  }
}

/** The state of a check that has seen all its regions pass for a while. */
function learntState(scenario: Scenario): CheckState {
  const prng = new Prng(scenario.seed, 'learnt');
  const timing = { intervalMs: scenario.intervalMs, timeoutMs: scenario.timeoutMs };
  const regions = scenario.regions.map((id): [string, RegionState] => {
    // So long ago that it says nothing of now.
    let region = heard(undefined, timing, 0);
    for (let pass = 0; pass < LEARNT_PASSES; pass++)
      region = withDuration(region, prng.between(...scenario.passMs), 'simulated000', false);
    return [id, region];
  });
  return { ...initialState(), regions: Object.fromEntries(regions) };
}
