import type { Commit } from './hub.ts';
import { WAKING } from './policy.ts';
import { Prng } from './prng.ts';
import type { Fault, Outage, Scenario } from './scenario.ts';
import { World, type Observer } from './world.ts';

/**
 * Scenarios of one kind, for figures: the defaults (R = 4, T = 30 s, X = 20 s), passes of 0.5 to 4 s, clocks off by up to
 * ±2 s, 1 % of runs failing by themselves.
 */
export const FAMILIES = [
  'page',
  'page-unlearnt',
  'two-regions-hang',
  'partial-30',
  'quiet',
  'quiet-correlated-30',
] as const;
export type Family = (typeof FAMILIES)[number];

const REGIONS = ['us-east', 'us-west', 'eu-west', 'ap-south'];
const INTERVAL_MS = 30_000;
/** Votes of all regions are there, and a dead one's is known to be. */
const WARM_MS = 70_000;
/** An outage that is not paged by then has not been paged. */
const PAGED_WITHIN_MS = 900_000;
/** After a single failure all is decided: a burst lasts two minutes at most. */
const QUIET_AGAIN_MS = 140_000;
const FOR_EVER_MS = 3_600_000;
const EVERYWHERE: Pick<Outage, 'regions' | 'share'> = { regions: REGIONS, share: 1 };

/** Runs of a month that fail by themselves, at 1 %: each is where something could begin. */
export const TRIGGERS_PER_MONTH = (0.01 * REGIONS.length * 30 * 86_400_000) / INTERVAL_MS;

/** From onset to the acceptance of a page, milliseconds; in `quiet`, 1 for a page that should not have been, else 0. */
export function measure(family: Family, seed: number): number {
  const scenario = scenarioOf(family, seed);
  const [outage] = scenario.outages;
  const watch = new PageWatch();
  const world = new World(scenario, watch);
  const isQuiet = outage === undefined;
  world.runUntil(scenario.endMs, () => (isQuiet ? !watch.isDecided : watch.acceptedMs === undefined));
  if (isQuiet) return watch.isDecided ? 1 : 0;
  return watch.acceptedMs === undefined
    ? Number.POSITIVE_INFINITY
    : watch.acceptedMs - world.clock.startMs - outage.fromMs;
}

function scenarioOf(family: Family, seed: number): Scenario {
  const prng = new Prng(seed, `family ${family}`);
  const onsetMs = Math.round(WARM_MS + prng.between(0, INTERVAL_MS));
  const hanging: Pick<Outage, 'fromMs' | 'untilMs' | 'how'> = {
    fromMs: onsetMs,
    untilMs: FOR_EVER_MS,
    how: 'hang',
  };
  const base: Scenario = {
    seed,
    mode: 'liveness',
    regions: REGIONS,
    intervalMs: INTERVAL_MS,
    timeoutMs: 20_000,
    clearAfterMs: 120_000,
    resolveAfterMs: 300_000,
    passMs: [500, 4_000],
    learnt: family !== 'page-unlearnt',
    noise: { share: 0.01, correlation: 0.1, hangShare: 0.3 },
    clocks: REGIONS.map(() => ({
      offsetMs: Math.round(prng.between(-2_000, 2_000)),
      driftPpm: Math.round(prng.between(-100, 100)),
    })),
    linkMs: [20, 250],
    pagerMs: [30, 150],
    breakGlass: false,
    endMs: onsetMs + PAGED_WITHIN_MS,
    outages: [],
    faults: [],
  };
  switch (family) {
    case 'page':
    case 'page-unlearnt': {
      const dead: Fault = { kind: 'probe-crash', region: prng.pick(REGIONS), atMs: 0, forMs: FOR_EVER_MS };
      return { ...base, outages: [{ ...hanging, ...EVERYWHERE }], faults: [dead, ...slowPager(onsetMs)] };
    }
    case 'two-regions-hang':
      return {
        ...base,
        outages: [{ ...hanging, share: 1, regions: prng.some(REGIONS, 2) }],
        faults: slowPager(onsetMs),
      };
    case 'partial-30':
      return { ...base, outages: [{ ...hanging, ...EVERYWHERE, how: 'fail', share: 0.3 }] };
    case 'quiet':
    case 'quiet-correlated-30':
      return {
        ...base,
        noise: {
          ...base.noise,
          correlation: family === 'quiet' ? 0.1 : 0.3,
          first: { region: prng.pick(REGIONS), afterMs: onsetMs },
        },
        endMs: onsetMs + INTERVAL_MS + QUIET_AGAIN_MS,
      };
  }
}

/** The first attempt hangs until its deadline, and the second one is answered just within it (reference: paging, section 6). */
function slowPager(onsetMs: number): Fault[] {
  const pager = {
    kind: 'pager',
    channel: 'primary',
    atMs: onsetMs,
    forMs: FOR_EVER_MS,
    attempts: 1,
  } as const;
  return [
    { ...pager, does: 'hang' },
    { ...pager, does: 'slow' },
  ];
}

/** Sees when a page is decided, and when a channel that wakes has accepted one. */
class PageWatch implements Observer {
  isDecided = false;
  acceptedMs: number | undefined;

  onCommit({ nowMs, deliveries }: Commit): void {
    for (const { event, state, channel } of deliveries) {
      if (event !== 'trigger') continue;
      this.isDecided = true;
      if (state === 'accepted' && (WAKING as readonly string[]).includes(channel)) this.acceptedMs ??= nowMs;
    }
  }

  onRun(): void {
    return undefined;
  }
  onAttempt(): void {
    return undefined;
  }
  onArrival(): void {
    return undefined;
  }
  onGlass(): void {
    return undefined;
  }
  onDeath(): void {
    return undefined;
  }
  onAcknowledged(): void {
    return undefined;
  }
}
