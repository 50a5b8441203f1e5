import type { Benchmark, Measurement, MeasureOptions } from './benchmark.ts';
import { FAILURES } from './canary/limit.ts';
import { PAIRS, simulatedFigures } from './canary/simulated.ts';
import { deployedFigures } from './canary/deployed.ts';

const PARTS = ['simulated', 'deployed'] as const;

/** What is promised; `rollbackToLimit` is a ratio. */
const TARGETS: Measurement['targets'] = {
  falseRollbackAt1pct: { max: 0.001 },
  detectionAt10pct: { min: 0.99 },
  rollbackWorstS: { max: 120 },
  rollbackToLimit: { max: 2 },
};

export const canary: Benchmark = {
  summary:
    'from announcing a broken canary to its rollback; and simulated deploys, beside Fisher and Kayenta’s judge',
  runsMean: 'real deploys of each kind of break; a minute and a half each',
  runsDefault: 4,
  parts: PARTS,
  measure,
};

async function measure({ runs, only = PARTS, say, signal }: MeasureOptions): Promise<Measurement> {
  // Real time first: what simulating takes from the machine would be in it.
  const deployed = only.includes('deployed') ? await deployedFigures({ runs, say, signal }) : {};
  const simulated = only.includes('simulated') ? await simulatedFigures({ say, signal }) : {};
  const figures = { ...simulated, ...deployed };
  return {
    runs,
    figures,
    targets: Object.fromEntries(Object.entries(TARGETS).filter(([name]) => name in figures)),
    notes: [
      'Shares are from 0 to 1. Simulated: a deploy fails that share of its logins, its baseline 1 %; four regions run a pair each',
      `every 5 s until it is decided, or for ${PAIRS} pairs, the default deadline of 15 minutes. The same runs are judged by the hub’s own`,
      'rule, by Fisher’s exact test of all runs so far at 1 %, made again each minute, and as Kayenta’s judge does, by Mann and',
      'Whitney’s interval at 98 % over the failures of each minute. Both peers promote when 15 minutes are over. exact… is computed,',
      'not drawn, for a baseline that never fails. Runs are means of the canary’s until it is decided; InTwoMinutes is what was',
      'rolled back within 96 of them.',
      'Deployed: portal, hub in workerd, four probes with Chromium on this machine, default settings, each canary broken in one',
      'of three ways: login answers 500, the exam tool’s process dies at each launch, login hangs until the timeout of 20 s. From the',
      'announcement to the rollback hook called, and to the version before seen healthy again by 49 runs of each journey.',
      `The limit is the time from asking for the first pair to the end of the canary’s failed run that is the ${FAILURES}rd of its journey: with`,
      'fewer nothing may be decided. Each deploy must be called bad, be taken back by one call, and wake nobody; anything else is an error.',
    ],
  };
}
