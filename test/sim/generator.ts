import { pageBoundMs } from './page-bound.ts';
import { Prng } from './prng.ts';
import {
  CHANNELS,
  CRASH_POINTS,
  PAGER_FAULTS,
  type Fault,
  type Outage,
  type Scenario,
  type Span,
} from './scenario.ts';

const REGIONS: readonly string[] = ['us-east', 'us-west', 'eu-west', 'ap-south', 'sa-east'];
/** Interval and timeout: the default most often, and two that are quicker. */
const TIMINGS: readonly Span[] = [
  [30_000, 20_000],
  [30_000, 20_000],
  [20_000, 15_000],
  [15_000, 10_000],
];
const PASSES: readonly Span[] = [
  [500, 4_000],
  [300, 1_500],
  [1_500, 5_000],
];
/** `clearAfter` and `resolveAfter`: the defaults, and shorter ones, so that incidents follow each other. */
const HOLDS: readonly Span[] = [
  [120_000, 300_000],
  [30_000, 60_000],
  [30_000, 60_000],
  [20_000, 30_000],
  [20_000, 30_000],
];
/** Long enough that a region which died by then has been found silent, and its last vote has expired. */
const DEAD_BEFORE_MS = 90_000;
/** A silent one is found silent after 35 s and a heartbeat. */
const DEAD_BEFORE_OF: Partial<Record<Fault['kind'], number>> = {
  'probe-crash': 46_000,
  partition: 46_000,
  // One whose runs say nothing abstains from its first such run on, which the burst brings at once.
  'probe-invalid': 0,
  'probe-egress': 0,
};
/** Share of scenarios in which a deploy is verified beside the rest: it must make no difference to anything. */
const CANARY_SHARE = 0.4;
const CANARY_OVER_BEFORE_MS = 45_000;
/** Longer than any scenario. */
const FOR_EVER_MS = 3_600_000;
/** Every second scenario is about the time to a page, every other one about what must never happen. */
export function generate(seed: number): Scenario {
  const prng = new Prng(seed, 'scenario');
  const scenario = prng.chance(0.5) ? liveness(seed, prng) : safety(seed, prng);
  const ofCanary = new Prng(seed, 'canary');
  if (!ofCanary.chance(CANARY_SHARE)) return scenario;
  // Its last runs are in before the end, as all others are.
  const fromMs = Math.round(ofCanary.between(0, scenario.endMs - 2 * CANARY_OVER_BEFORE_MS));
  const untilMs = Math.min(
    fromMs + Math.round(ofCanary.between(60_000, 300_000)),
    scenario.endMs - CANARY_OVER_BEFORE_MS,
  );
  return { ...scenario, canary: { fromMs, untilMs } };
}

function base(seed: number, prng: Prng): Omit<Scenario, 'mode' | 'endMs' | 'outages' | 'faults'> {
  const regions = REGIONS.slice(0, prng.pick([1, 2, 3, 4, 4, 4, 4, 5]));
  const [intervalMs, timeoutMs] = prng.pick(TIMINGS);
  const [clearAfterMs, resolveAfterMs] = prng.pick(HOLDS);
  return {
    seed,
    regions,
    intervalMs,
    timeoutMs,
    clearAfterMs,
    resolveAfterMs,
    passMs: prng.pick(PASSES),
    learnt: prng.chance(0.7),
    noise: { share: 0, correlation: 0.1, hangShare: 0.3 },
    clocks: regions.map(() => ({
      offsetMs: Math.round(prng.between(-2_000, 2_000)),
      driftPpm: Math.round(prng.between(-100, 100)),
    })),
    linkMs: [10, prng.pick([60, 250, 500])],
    pagerMs: [30, prng.pick([150, 600])],
    breakGlass: prng.chance(0.5),
    ...(prng.chance(0.6)
      ? {
          human: {
            ackMs: Math.round(prng.between(5_000, 400_000)),
            via: prng.pick(['primary', 'primary', 'backup'] as const),
          },
        }
      : {}),
  };
}

/**
 * Anything may go wrong until a moment of calm. After that comes an outage that must be paged in time, with what the
 * budget allows for: one region dead, the pager's first attempt spoilt or the pager dead with a fallback, one death of the
 * hub of up to 30 s, alarms that are late. In the end all is well again.
 */
function liveness(seed: number, prng: Prng): Scenario {
  const given = base(seed, prng);
  const { regions, intervalMs } = given;
  const calmMs = prng.chance(0.3) ? 0 : Math.round(prng.between(60_000, 200_000));
  const fromMs = Math.round(calmMs + DEAD_BEFORE_MS + prng.between(30_000, 30_000 + intervalMs));
  const untilMs = fromMs + Math.round(prng.between(130_000, 220_000));
  const dead = regions.length > 1 && prng.chance(0.4) ? prng.pick(regions) : undefined;
  const live = regions.filter((region) => region !== dead);
  const hit = live.length > 2 && prng.chance(0.25) ? prng.some(live, prng.int(2, live.length - 1)) : live;
  const outage: Outage = {
    fromMs,
    untilMs,
    regions: hit,
    how: prng.pick(['fail', 'hang'] as const),
    share: 1,
  };
  const before: Fault[] = [];
  for (let count = calmMs === 0 ? 0 : prng.int(0, 5); count > 0; count--)
    before.push(anyFault(prng, regions, 0, calmMs));
  const faults: Fault[] = [];
  if (dead !== undefined) faults.push(deadRegion(prng, dead, fromMs));
  const gone = given.breakGlass && hit === live && prng.chance(0.4);
  if (gone) faults.push(hubGone(prng, fromMs));
  if (prng.chance(0.5)) faults.push(pagerTrouble(prng, fromMs, gone));
  if (!gone && hit === live && regions.length > 2 && prng.chance(0.4))
    faults.push(hubDeath(prng, fromMs, untilMs));
  if (!gone && prng.chance(0.2))
    faults.push({ kind: 'burst-lost', region: prng.pick(hit), atMs: fromMs, forMs: prng.int(1_000, 40_000) });
  if (prng.chance(0.2)) faults.push({ kind: 'no-cron', atMs: 0, forMs: FOR_EVER_MS });
  if (prng.chance(0.2))
    faults.push({
      kind: 'alarms',
      atMs: fromMs - 60_000,
      forMs: 240_000,
      lateMaxMs: 60_000,
      lost: prng.chance(0.3),
      doubled: prng.chance(0.3),
    });
  return {
    ...given,
    mode: 'liveness',
    endMs: untilMs + given.resolveAfterMs * 2 + 130_000,
    // Without a hub it takes the 30 s that a probe waits for it.
    ...(gone ? {} : { pageWithinMs: pageBoundMs(given, outage, regions.length - live.length, faults) }),
    outages: [outage],
    faults: [...before, ...faults],
  };
}

/** Anything may go wrong, at any time, and as often as it likes; then calm, and perhaps an outage that outlasts it all. */
function safety(seed: number, prng: Prng): Scenario {
  const given = base(seed, prng);
  const { regions } = given;
  const calmMs = Math.round(prng.between(150_000, 420_000));
  const faults: Fault[] = [];
  for (let count = prng.int(0, 9); count > 0; count--) faults.push(anyFault(prng, regions, 0, calmMs));
  const outages: Outage[] = [];
  for (let count = prng.int(0, 3); count > 0; count--) outages.push(anyOutage(prng, regions, calmMs));
  const lasts = prng.chance(0.25);
  if (lasts)
    outages.splice(0, outages.length, {
      fromMs: Math.round(prng.between(20_000, calmMs)),
      untilMs: calmMs + 200_000,
      regions,
      how: prng.pick(['fail', 'hang'] as const),
      share: 1,
    });
  const overMs = Math.max(calmMs, ...outages.map(({ untilMs }) => untilMs));
  return {
    ...given,
    mode: 'safety',
    noise: {
      share: prng.pick([0, 0.01, 0.05, 0.15, 0.3]),
      correlation: prng.pick([0.1, 0.5, 0.9]),
      hangShare: prng.next(),
    },
    endMs: overMs + (prng.chance(0.3) ? given.resolveAfterMs * 2 : 0) + 130_000,
    outages,
    faults,
  };
}

function anyOutage(prng: Prng, regions: string[], beforeMs: number): Outage {
  const fromMs = Math.round(prng.between(20_000, beforeMs));
  return {
    fromMs,
    untilMs: fromMs + Math.round(prng.between(5_000, 200_000)),
    regions: prng.chance(0.5) ? regions : prng.some(regions, prng.int(1, regions.length)),
    how: prng.pick(['fail', 'fail', 'hang', 'slow'] as const),
    share: prng.pick([1, 1, 0.9, 0.5, 0.3, 0.1]),
    ...(prng.chance(0.2)
      ? {
          flap: {
            onMs: Math.round(prng.between(3_000, 60_000)),
            offMs: Math.round(prng.between(3_000, 60_000)),
          },
        }
      : {}),
  };
}

/** Something goes wrong between two moments, and is over by the second. */
function anyFault(prng: Prng, regions: readonly string[], fromMs: number, untilMs: number): Fault {
  const atMs = Math.round(prng.between(fromMs, untilMs - 1));
  const forMs = Math.round(prng.between(100, untilMs - atMs));
  const region = prng.pick(regions);
  switch (prng.int(0, 15)) {
    case 0:
    case 1:
      return {
        kind: 'link',
        region,
        atMs,
        forMs,
        loss: prng.pick([0, 0.05, 0.3]),
        duplicates: prng.pick([0, 0.2, 0.8]),
        delayMaxMs: prng.pick([200, 3_000, 15_000]),
        reorders: prng.chance(0.5),
      };
    case 2:
      return { kind: 'partition', region, atMs, forMs };
    case 3:
      return { kind: 'hub-cut-off', atMs, forMs: Math.min(forMs, 90_000) };
    case 4:
      return { kind: 'probe-crash', region, atMs, forMs };
    case 5:
      return { kind: 'probe-stuck', region, atMs, forMs };
    case 6:
      return { kind: prng.pick(['probe-invalid', 'probe-mute'] as const), region, atMs, forMs };
    case 7:
      return { kind: 'probe-egress', region, atMs, forMs };
    case 8:
      return { kind: 'wall-step', region, atMs, byMs: Math.round(prng.between(-100_000, 100_000)) };
    case 9:
    case 10:
      return {
        kind: 'hub-crash',
        atMs,
        forMs,
        point: prng.pick(CRASH_POINTS),
        skip: prng.int(0, 6),
        downMs: prng.pick([0, 500, 5_000, 30_000]),
      };
    case 11:
      return { kind: 'deploy', atMs, downMs: prng.pick([200, 1_000, 5_000]) };
    case 12:
      return {
        kind: 'alarms',
        atMs,
        forMs,
        lateMaxMs: prng.pick([1_000, 60_000]),
        lost: prng.chance(0.3),
        doubled: prng.chance(0.3),
      };
    case 14:
      return { kind: 'probe-disorder', region, atMs, forMs };
    case 13:
      return { kind: 'burst-lost', region, atMs, forMs };
    default:
      return {
        kind: 'pager',
        channel: prng.pick(CHANNELS),
        atMs,
        forMs,
        does: prng.pick(PAGER_FAULTS),
        ...(prng.chance(0.5) ? { attempts: prng.int(1, 4) } : {}),
      };
  }
}

/** One region gives no result during the outage: since well before it, and in one of the ways in which that happens. */
function deadRegion(prng: Prng, region: string, onsetMs: number): Fault {
  const kind = prng.pick([
    'probe-crash',
    'partition',
    'probe-mute',
    'probe-invalid',
    'probe-stuck',
    'probe-egress',
  ] as const);
  const beforeMs = DEAD_BEFORE_OF[kind] ?? DEAD_BEFORE_MS;
  return { kind, region, atMs: Math.max(0, onsetMs - beforeMs), forMs: FOR_EVER_MS };
}

/** The pager spoils its first attempt, or all of them, and then the fallback must do. Chat alone wakes nobody. */
function pagerTrouble(prng: Prng, onsetMs: number, isFirstOnlyAllowed: boolean): Fault {
  const does = prng.pick(PAGER_FAULTS);
  // What is taken and lost nobody can notice but by a missing acknowledgement.
  const isFirstOnly = isFirstOnlyAllowed || does === 'lost' || prng.chance(0.5);
  return {
    kind: 'pager',
    channel: 'primary',
    // Nothing but a person mends what a pager refuses, and a probe has only the one.
    does: does === 'lost' || (isFirstOnlyAllowed && does === 'bad-request') ? 'late' : does,
    atMs: onsetMs,
    forMs: 240_000,
    ...(isFirstOnly ? { attempts: 1 } : {}),
  };
}

/** Nobody reaches the hub, and it reaches nobody: since before the outage or soon after its onset, for a while or for good. */
function hubGone(prng: Prng, onsetMs: number): Fault {
  return {
    kind: 'hub-cut-off',
    atMs: Math.max(0, Math.round(onsetMs + prng.between(-60_000, 20_000))),
    forMs: prng.chance(0.5) ? FOR_EVER_MS : Math.round(prng.between(40_000, 150_000)),
  };
}

/** The hub dies once while the outage is on, for up to 30 s: somewhere between storing and acting, or by a deploy. */
function hubDeath(prng: Prng, onsetMs: number, untilMs: number): Fault {
  const atMs = Math.round(prng.between(onsetMs, Math.min(untilMs, onsetMs + 60_000)));
  if (prng.chance(0.3)) return { kind: 'deploy', atMs, downMs: prng.pick([500, 3_000]) };
  return {
    kind: 'hub-crash',
    atMs,
    forMs: 60_000,
    point: prng.pick(CRASH_POINTS),
    skip: prng.int(0, 4),
    downMs: prng.pick([0, 1_000, 10_000, 30_000]),
  };
}
