import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findBrowserExecutable } from '#probes/browser/browser-executable.ts';
import { startRig, type Rig } from '../e2e/rig.ts';
import type { Benchmark, Measurement, MeasureOptions } from './benchmark.ts';
import { startBare, type BareProcess } from './journey/bare-process.ts';
import type { ContenderSettings } from './journey/contender-settings.ts';
import { GROWTH_RUNS, measureGrowth } from './journey/memory-growth.ts';
import { installPeers } from './journey/peers.ts';
import { npxCpuSeconds, runElasticSynthetics, runPlaywrightTest, type RunCost } from './journey/per-run.ts';
import { ProbeRuns } from './journey/probe-runs.ts';
import { WarmPair, type Cost } from './journey/warm-pair.ts';
import { median, rounded } from './statistics.ts';

/** Start to start: a login of the probe and one of the bare script fit in, and 500 take 17 minutes. */
const INTERVAL_MS = 2_000;
const TIMEOUT_MS = 1_900;
const REGION = 'us-east';
/** Until compiled code and caches have settled, as in a probe that has run for a while. */
const WARM_UP_RUNS = 20;
/** Memory is watched in runs of their own: looking at it slows the processes down. */
const MEMORY_RUNS = 5;
/** With fewer `--runs` than this it is a quick look, without the 500 runs. */
const GROWTH_FROM_RUNS = 10;
const MIB = 1024 ** 2;

export const journey: Benchmark = {
  summary: 'one login run of the probe, beside a bare warm script, playwright test and @elastic/synthetics',
  runsMean: `login runs of each; below ${GROWTH_FROM_RUNS} without the ${GROWTH_RUNS} that show the memory's growth`,
  runsDefault: 12,
  measure,
};

/** What was measured of each contender. */
interface Costs {
  readonly probe: readonly Cost[];
  readonly bare: readonly Cost[];
  readonly playwrightTest: readonly RunCost[];
  readonly elasticSynthetics: readonly RunCost[];
  /** Of each call of npx, seconds. */
  readonly npx: readonly number[];
  readonly probePeakBytes: number;
  readonly barePeakBytes: number;
  /** Ratio; undefined when it was not measured. */
  readonly growth: number | undefined;
  /** Runs of the probe that did not pass: none on a machine that is not overloaded. */
  readonly missed: readonly string[];
}

async function measure(options: MeasureOptions): Promise<Measurement> {
  const { runs, say, signal } = options;
  await installPeers(say, signal);
  const ended: (() => Promise<unknown>)[] = [];
  try {
    const outputFolder = await mkdtemp(path.join(tmpdir(), 'latchkey-bench-'));
    ended.push(() => rm(outputFolder, { recursive: true, force: true }));
    say('starting the portal, the hub and a probe');
    const rig = await startRig({
      checks: ['portal-login'],
      regions: [REGION],
      intervalMs: INTERVAL_MS,
      timeoutMs: TIMEOUT_MS,
      clearAfterMs: 2_000,
      resolveAfterMs: 4_000,
    });
    ended.push(() => rig.stop());
    await rig.untilUp();
    const executablePath = findBrowserExecutable(process.env);
    const settings = { baseUrl: rig.portal.urls.portal, executablePath, outputFolder };
    const bare = await startBare(settings);
    ended.push(() => bare.stop());
    const warm = await measureWarm(rig, bare, options);
    // The rest is measured on a machine that does nothing else; the portal stays.
    await bare.stop();
    await Promise.all([...rig.probes.values()].map((probe) => probe.stop()));
    await rig.hub.stop();
    return reportOf(runs, { ...warm, ...(await measurePerRun(settings, options)) });
  } finally {
    for (const end of ended.toReversed()) await end();
  }
}

async function measureWarm(
  rig: Rig,
  bare: BareProcess,
  { runs, say, signal }: MeasureOptions,
): Promise<Omit<Costs, 'playwrightTest' | 'elasticSynthetics' | 'npx'>> {
  const probe = rig.probes.get(REGION);
  if (probe === undefined) throw new Error(`${REGION}: no probe`);
  const finished = new ProbeRuns(probe);
  const pair = new WarmPair(probe.pid, finished, bare);
  try {
    pair.watch({ memory: false });
    say(`warming up: ${WARM_UP_RUNS} runs of the probe and of the bare script`);
    for (let run = 0; run < WARM_UP_RUNS; run += 1) await pair.cycle(signal);
    say(`measuring ${runs} runs of both, in turn, every ${INTERVAL_MS} ms`);
    const costs: { probe: Cost; bare: Cost }[] = [];
    for (let run = 0; run < runs; run += 1) costs.push(await pair.cycle(signal));
    pair.stop();
    pair.watch({ memory: true });
    for (let run = 0; run < MEMORY_RUNS; run += 1) await pair.cycle(signal);
    const growth =
      runs < GROWTH_FROM_RUNS ? undefined : await measureGrowth(pair.probeTree, finished, { say, signal });
    return {
      probe: costs.map((cost) => cost.probe),
      bare: costs.map((cost) => cost.bare),
      probePeakBytes: pair.probeTree.peakMemoryBytes,
      barePeakBytes: pair.bareTree.peakMemoryBytes,
      growth,
      missed: finished.missed,
    };
  } finally {
    pair.stop();
  }
}

async function measurePerRun(
  settings: ContenderSettings,
  { runs, say, signal }: MeasureOptions,
): Promise<Pick<Costs, 'playwrightTest' | 'elasticSynthetics' | 'npx'>> {
  say(`measuring ${runs} runs of playwright test and of @elastic/synthetics, in turn`);
  const playwrightTest: RunCost[] = [];
  const elasticSynthetics: RunCost[] = [];
  const npx: number[] = [];
  // The first of each fills caches on disk and is not counted.
  for (let run = 0; run <= runs; run += 1) {
    const costs = [await runPlaywrightTest(settings, signal), await runElasticSynthetics(settings, signal)];
    if (run === 0) continue;
    playwrightTest.push(...costs.slice(0, 1));
    elasticSynthetics.push(...costs.slice(1));
    npx.push(await npxCpuSeconds(signal));
  }
  return { playwrightTest, elasticSynthetics, npx };
}

function reportOf(runs: number, costs: Costs): Measurement {
  const cpu = (of: readonly Cost[]): number => median(of.map(({ cpuSeconds }) => cpuSeconds));
  const wall = (of: readonly Cost[]): number => median(of.map(({ wallSeconds }) => wallSeconds));
  const mebibytes = (of: readonly RunCost[]): number =>
    median(of.map(({ peakMemoryBytes }) => peakMemoryBytes)) / MIB;
  const { probe, bare, playwrightTest, elasticSynthetics, growth, missed } = costs;
  const npx = median(costs.npx);
  const figures = {
    cpuToBare: cpu(probe) / cpu(bare),
    cpuToPlaywrightTest: cpu(probe) / cpu(playwrightTest),
    cpuToElasticSynthetics: cpu(probe) / cpu(elasticSynthetics),
    wallToBare: wall(probe) / wall(bare),
    rssMiB: costs.probePeakBytes / MIB,
    ...(growth === undefined ? {} : { rssGrowthOver500Runs: growth }),
    probeCpuSeconds: cpu(probe),
    bareCpuSeconds: cpu(bare),
    playwrightTestCpuSeconds: cpu(playwrightTest),
    elasticSyntheticsCpuSeconds: cpu(elasticSynthetics),
    probeWallSeconds: wall(probe),
    bareWallSeconds: wall(bare),
    playwrightTestWallSeconds: wall(playwrightTest),
    elasticSyntheticsWallSeconds: wall(elasticSynthetics),
    npxCpuSeconds: npx,
    cpuToPlaywrightTestWithoutNpx: cpu(probe) / (cpu(playwrightTest) - npx),
    cpuToElasticSyntheticsWithoutNpx: cpu(probe) / (cpu(elasticSynthetics) - npx),
    bareRssMiB: costs.barePeakBytes / MIB,
    playwrightTestRssMiB: mebibytes(playwrightTest),
    elasticSyntheticsRssMiB: mebibytes(elasticSynthetics),
  };
  return {
    runs,
    figures: Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)])),
    targets: {
      cpuToBare: { max: 1.15 },
      cpuToPlaywrightTest: { max: 0.2 },
      cpuToElasticSynthetics: { max: 0.2 },
    },
    notes: [
      'Seconds are medians. CPU is of the whole tree of processes, Chromium included; memory is PSS at its peak.',
      'The probe reports to a real hub, whose CPU is not counted. Probe and bare script stay warm and run at the same',
      'pace; playwright test and @elastic/synthetics start anew for each run, by npx, as a scheduler would call them.',
      ...(missed.length === 0
        ? []
        : [`${missed.length} runs of the probe did not pass, the last: ${missed.at(-1)}`]),
      ...(growth === undefined
        ? [`Fewer than ${GROWTH_FROM_RUNS} runs were asked for: the memory's growth was not measured.`]
        : []),
    ],
  };
}
