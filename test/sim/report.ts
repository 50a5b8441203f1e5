import { generate } from './generator.ts';
import type { Violation } from './oracles.ts';
import { endsMs, type Fault, type Outage } from './scenario.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulation.ts';

/** Lines of a story that are told: how it came to the violation, not how it began. */
const STORY_LINES_MAX = 60;
/** What happens all the time and explains little. */
const DULL = /run starts|run pass/u;

/** A violation for somebody who has to find its cause: what is left of its scenario when all that can be is taken away. */
export function describe(seed: number, violation: Violation): string {
  const { oracle } = violation;
  if (oracle === 'D') return `seed ${seed}: D: ${violation.message}`;
  const scenario = shrink(generate(seed), oracle);
  const { violation: left = violation, lines } = simulate(scenario, true);
  const { regions, intervalMs, timeoutMs, learnt, outages, faults } = scenario;
  const told = lines.filter((line) => !DULL.test(line)).slice(-STORY_LINES_MAX);
  return [
    `seed ${seed}: ${oracle} at ${seconds(left.atMs)}: ${left.message}`,
    `  ${scenario.mode}; ${regions.length} regions, every ${seconds(intervalMs)}, timeout ${seconds(timeoutMs)}${learnt ? '' : ', nothing learnt'}`,
    ...outages.map((outage) => `  outage ${outageLine(outage)}`),
    ...faults.map((fault) => `  fault  ${faultLine(fault)}`),
    ...told.map((line) => `  ${line}`),
    `  as data (test/sim/corpus.ts): ${JSON.stringify(scenario)}`,
    `  again: npm run sim -- --from ${seed} --seeds 1`,
  ].join('\n');
}

function outageLine({ fromMs, untilMs, regions, how, share, flap }: Outage): string {
  const flaps = flap ? `, ${seconds(flap.onMs)} on and ${seconds(flap.offMs)} off` : '';
  return `${seconds(fromMs)}–${seconds(untilMs)}: ${share * 100} % of runs ${how} in ${regions.join(', ')}${flaps}`;
}

function faultLine(fault: Fault): string {
  const { kind, atMs, ...rest } = fault;
  const details = Object.entries(rest)
    .filter(([name]) => name !== 'forMs')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
  return `${seconds(atMs)}–${seconds(endsMs(fault))}: ${kind}${details === '' ? '' : `: ${details}`}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
