import type { Benchmark, Measurement, MeasureOptions } from './benchmark.ts';
import { measureLane, type Measured } from './page/lane.ts';
import { LEGS } from './page/legs.ts';
import { PART_NAMES, PARTS, type Lane } from './page/part.ts';
import { Progress } from './page/progress.ts';
import {
  CLEAR_AFTER_MS,
  INTERVAL_MS,
  LEARNT_FROM_PASSES,
  REGIONS,
  RESOLVE_AFTER_MS,
  TIMEOUT_MS,
} from './page/schedule.ts';
import { median, rounded } from './statistics.ts';

const TARGET_MAX_S = 120;

/**
 * Two rigs at a time, as a rig alone uses a tenth of two cores: half an hour less. A probe that pages by itself would
 * hide what the hub does, so only the part that is about it may.
 */
const LANES: readonly (readonly Lane[])[] = [
  [{ parts: ['plain', 'probeKilled', 'pagerHang'], breakGlass: false }],
  [
    { parts: ['hubKilled30s'], breakGlass: false },
    { parts: ['breakGlass'], breakGlass: true },
  ],
];

export const page: Benchmark = {
  summary:
    'from breaking the portal to the page accepted, default schedule, also with a probe, hub or pager down',
  runsMean: 'outages of each part, plain ones failing fast and hanging; two minutes each',
  runsDefault: 5,
  parts: PART_NAMES,
  measure,
};

async function measure({ runs, only = PART_NAMES, say, signal }: MeasureOptions): Promise<Measurement> {
  const lanes = LANES.map((rigs) =>
    rigs
      .map((lane) => ({ ...lane, parts: lane.parts.filter((part) => only.includes(part)) }))
      .filter(({ parts }) => parts.length > 0),
  ).filter((rigs) => rigs.length > 0);
  const progress = new Progress(lanes, runs, say);
  const failing = new AbortController();
  const stopping = AbortSignal.any([signal, failing.signal]);
  const settled = await Promise.allSettled(
    lanes.map(async (rigs) => {
      try {
        const measured: Measured[] = [];
        for (const lane of rigs) measured.push(...(await measureLane(lane, runs, progress, stopping)));
        return measured;
      } catch (error) {
        failing.abort(error);
        throw error;
      }
    }),
  );
  stopping.throwIfAborted();
  return reportOf(
    runs,
    settled.flatMap((lane) => (lane.status === 'fulfilled' ? lane.value : [])),
  );
}

function reportOf(runs: number, measured: readonly Measured[]): Measurement {
  const figures: Record<string, number> = {};
  const put = (name: string, of: readonly Measured[]): void => {
    if (of.length === 0) return;
    const toPage = of.map(({ toPageS }) => toPageS);
    figures[`${name}MedianS`] = median(toPage);
    figures[`${name}WorstS`] = Math.max(...toPage);
  };
  const plainOf = (mode: string): Measured[] =>
    measured.filter((each) => each.part === 'plain' && each.mode === mode);
  const modes = PARTS.plain.modes.map(({ name }) => name);
  for (const mode of modes) put(mode, plainOf(mode));
  for (const name of PART_NAMES)
    put(
      name,
      measured.filter(({ part }) => part === name),
    );
  const legs: Record<string, number> = {};
  for (const mode of modes)
    for (const leg of LEGS) {
      const took = plainOf(mode).flatMap(({ legsS }) => legsS[leg] ?? []);
      if (took.length > 0) legs[`${mode}${leg[0]?.toUpperCase()}${leg.slice(1)}MedianS`] = median(took);
    }
  return {
    runs,
    figures: Object.fromEntries(
      Object.entries({ ...figures, ...legs }).map(([name, value]) => [name, rounded(value)]),
    ),
    targets: Object.fromEntries(Object.keys(figures).map((name) => [name, { max: TARGET_MAX_S }])),
    notes: [
      'Seconds from the break to the acceptance by a pager over HTTP; portal, pager, hub and four probes on one machine, and',
      'beside them as many again for the parts about the hub, if they are asked for.',
      `${REGIONS.length} regions, interval ${INTERVAL_MS / 1_000} s, timeout ${TIMEOUT_MS / 1_000} s; clearAfter and resolveAfter are shortened to ${CLEAR_AFTER_MS / 1_000} s and`,
      `${RESOLVE_AFTER_MS / 1_000} s, which come after the page. Nothing is broken before hub and probes have learnt how long a run takes,`,
      `from ${LEARNT_FROM_PASSES} that passed: before, a portal that hangs is paged later.`,
      'plain is both modes; the portal hangs in all the other parts, which is harder than failing fast. In each part:',
      '  probeKilled   one region’s probe is killed with its browser as the portal breaks, each time another one;',
      '  pagerHang     the pager does not answer the first attempt;',
      '  hubKilled30s  the hub is killed 2 to 13 s after the break, before it can have paged, and started again with its state',
      '                30 s later;',
      '  breakGlass    the hub is killed within 4 s of the break and stays away until the page is there: a probe has paged.',
      'Each outage must be one incident and one alert, resolved at the end; anything else is an error.',
      'A leg is the way to the stage it is named after, from the one before it in time; onset is from the break to the',
      'start of the first failed run, and negative when that run was under way. Legs are medians of plain outages.',
    ],
  };
}
