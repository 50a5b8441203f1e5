import { setImmediate as turn } from 'node:timers/promises';
import { CANARY_DEFAULTS } from '#core/canary/settings.ts';
import { operatingCharacteristic } from '#core/canary/sprt.ts';
import { simulateEndings, type Ending, type Simulated } from './simulation.ts';
import type { MeasureOptions } from '../benchmark.ts';
import { mean, rounded } from '../statistics.ts';

/** Four regions with a pair each every five seconds: the defaults (DESIGN section 5, `ServiceInput.pairEvery`). */
const PAIRS_PER_MINUTE = 48;
/** Until the default deadline. */
export const PAIRS = (CANARY_DEFAULTS.deadlineMs / 60_000) * PAIRS_PER_MINUTE;
const TWO_MINUTES_OF_PAIRS = 2 * PAIRS_PER_MINUTE;
/** A version that is as it should be fails as often as the test takes for healthy. */
const BASELINE_RATE = CANARY_DEFAULTS.sprt.healthyRate;
/** Deploys between two looks at whether to stop: a second or two. */
const BATCH = 2_000;

/**
 * Deploys of each true rate. More where the share to be told is near its bound: 200,000 tell 0.05 % to 0.005 % and 99 % to
 * 0.02 % (standard errors).
 */
const RATES = [
  { percent: 1, deploys: 200_000 },
  { percent: 10, deploys: 200_000 },
  { percent: 20, deploys: 20_000 },
  { percent: 50, deploys: 20_000 },
  { percent: 100, deploys: 20_000 },
] as const;

type Endings = Record<keyof Simulated, Ending[]>;

/** What simulated deploys come to, by figure. Shares from 0 to 1; runs are those of the canary. */
export async function simulatedFigures({
  say,
  signal,
}: Pick<MeasureOptions, 'say' | 'signal'>): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const { percent, deploys } of RATES) {
    const endings = await simulated(percent / 100, deploys, signal);
    for (const [name, value] of figuresAt(percent, endings)) figures[name] = rounded(value, 5);
    say(`${deploys} simulated deploys that fail ${percent} % of logins: ${wordsOf(endings)}`);
  }
  return figures;
}

async function simulated(trueRate: number, deploys: number, signal: AbortSignal): Promise<Endings> {
  const all: Endings = { latchkey: [], fisherEachMinute: [], mannWhitneyEachMinute: [] };
  for (let done = 0; done < deploys; done += BATCH) {
    await turn(undefined, { signal });
    const batch = simulateEndings({
      trueRate,
      baselineRate: BASELINE_RATE,
      deploys: Math.min(BATCH, deploys - done),
      seed: 1 + done / BATCH,
      pairsPerMinute: PAIRS_PER_MINUTE,
    });
    for (const ending of batch.latchkey) all.latchkey.push(ending);
    for (const ending of batch.fisherEachMinute) all.fisherEachMinute.push(ending);
    for (const ending of batch.mannWhitneyEachMinute) all.mannWhitneyEachMinute.push(ending);
  }
  return all;
}

/** A healthy version is told by how often it is rolled back, any other by how often it is found, and after how many runs. */
function figuresAt(percent: number, endings: Endings): [string, number][] {
  const { latchkey, fisherEachMinute: fisher, mannWhitneyEachMinute: mannWhitney } = endings;
  const at = `At${percent}pct`;
  const share = rolledBack(latchkey);
  const standardError = Math.sqrt((share * (1 - share)) / latchkey.length);
  const exact = operatingCharacteristic(CANARY_DEFAULTS.sprt, percent / 100, PAIRS).rejects;
  if (percent === 1)
    return [
      [`falseRollback${at}`, share],
      [`falseRollback${at}StandardError`, standardError],
      [`exactFalseRollback${at}`, exact],
      [`fisherFalseRollback${at}`, rolledBack(fisher)],
      [`mannWhitneyFalseRollback${at}`, rolledBack(mannWhitney)],
    ];
  return [
    [`detection${at}`, share],
    [`detection${at}StandardError`, standardError],
    [`exactDetection${at}`, exact],
    [`fisherDetection${at}`, rolledBack(fisher)],
    [`mannWhitneyDetection${at}`, rolledBack(mannWhitney)],
    [`detectionInTwoMinutes${at}`, rolledBack(latchkey, TWO_MINUTES_OF_PAIRS)],
    [`fisherDetectionInTwoMinutes${at}`, rolledBack(fisher, TWO_MINUTES_OF_PAIRS)],
    [`mannWhitneyDetectionInTwoMinutes${at}`, rolledBack(mannWhitney, TWO_MINUTES_OF_PAIRS)],
    [`runs${at}`, meanRuns(latchkey)],
    [`fisherRuns${at}`, meanRuns(fisher)],
    [`mannWhitneyRuns${at}`, meanRuns(mannWhitney)],
  ];
}

function rolledBack(endings: readonly Ending[], withinRuns = Number.POSITIVE_INFINITY): number {
  const found = endings.filter(({ outcome, runs }) => outcome === 'roll-back' && runs <= withinRuns);
  return found.length / endings.length;
}

function meanRuns(endings: readonly Ending[]): number {
  return mean(endings.map(({ runs }) => runs));
}

function wordsOf({ latchkey, fisherEachMinute, mannWhitneyEachMinute }: Endings): string {
  const of = (endings: readonly Ending[]): string =>
    `${(rolledBack(endings) * 100).toFixed(3)} % rolled back, ${meanRuns(endings).toFixed(0)} runs`;
  return `${of(latchkey)}; Fisher each minute ${of(fisherEachMinute)}; Mann–Whitney ${of(mannWhitneyEachMinute)}`;
}
