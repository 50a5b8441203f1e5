import type { Oracle } from './oracles.ts';
import type { Scenario } from './scenario.ts';
import { simulate } from './simulation.ts';

/** Simulations that shrinking may take: a second or two. */
const TRIES_MAX = 300;

/** The smallest scenario found that still breaks the same promise: without the faults, outages and regions it can do without. */
export function shrink(scenario: Scenario, oracle: Oracle): Scenario {
  let smallest = scenario;
  let candidates = simpler(smallest);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const candidate = candidates.next();
    if (candidate.done) break;
    if (simulate(candidate.value).violation?.oracle !== oracle) continue;
    smallest = candidate.value;
    candidates = simpler(smallest);
  }
  return smallest;
}

/** Scenarios with one thing less. */
function* simpler(scenario: Scenario): Generator<Scenario> {
  const { faults, outages, regions, noise, human } = scenario;
  for (let at = faults.length - 1; at >= 0; at--) yield { ...scenario, faults: faults.toSpliced(at, 1) };
  for (let at = outages.length - 1; at >= 0; at--) yield { ...scenario, outages: outages.toSpliced(at, 1) };
  if (noise.share > 0) yield { ...scenario, noise: { ...noise, share: 0 } };
  if (human) yield { ...scenario, human: undefined };
  if (scenario.canary) yield { ...scenario, canary: undefined };
  if (scenario.clocks.some(({ offsetMs, driftPpm }) => offsetMs !== 0 || driftPpm !== 0))
    yield { ...scenario, clocks: regions.map(() => ({ offsetMs: 0, driftPpm: 0 })) };
  if (regions.length > 1) for (const region of regions) yield without(scenario, region);
}

function without(scenario: Scenario, region: string): Scenario {
  const at = scenario.regions.indexOf(region);
  return {
    ...scenario,
    regions: scenario.regions.toSpliced(at, 1),
    clocks: scenario.clocks.toSpliced(at, 1),
    faults: scenario.faults.filter((fault) => !('region' in fault && fault.region === region)),
    outages: scenario.outages
      .map((outage) => ({ ...outage, regions: outage.regions.filter((id) => id !== region) }))
      .filter(({ regions }) => regions.length > 0),
  };
}
