import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { LEDGER_STAGES, type LedgerView } from '#dashboards/operator/ledger.ts';
import { startRig, type Rig } from '../e2e/rig.ts';
import { until } from '../e2e/until.ts';
import type { Benchmark, Measurement, MeasureOptions } from './benchmark.ts';
import { median, rounded } from './statistics.ts';

/** The default schedule (DESIGN section 5). */
const REGIONS = ['us-east', 'us-west', 'eu-west', 'ap-south'];
const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 20_000;
const BURST_GAP_MS = 1_000;
/** Not the defaults of two and five minutes, which matter after the page only: twenty breaks would take hours. */
const CLEAR_AFTER_MS = 5_000;
const RESOLVE_AFTER_MS = 10_000;

/** Everything up once in each region, by the schedule. */
const UP_DEADLINE_MS = 120_000;
/** Three times what the worst case allows: past this the page does not come at all. */
const PAGE_DEADLINE_MS = 360_000;
/** Two successes of each region by the schedule, and a run that hangs before. */
const RESOLVE_DEADLINE_MS = 240_000;
const LEDGER_DEADLINE_MS = 10_000;
const TARGET_MAX_S = 120;

const MODES = [
  { name: 'fastFail', fault: 'http-502' },
  { name: 'hang', fault: 'hang' },
] as const;
type Mode = (typeof MODES)[number];

/** The ways between the stages of the ledger, and before them the one from the break to the first failed start. */
const LEGS = ['onset', ...LEDGER_STAGES.slice(1)] as const;
type Leg = (typeof LEGS)[number];

/** One break, in seconds. */
interface Break {
  readonly toPageS: number;
  readonly legsS: Readonly<Partial<Record<Leg, number>>>;
}

export const page: Benchmark = {
  summary: 'from breaking the portal to the page accepted, with the default schedule, each leg of the way',
  runsMean: 'breaks of each mode, failing fast and hanging; two minutes each',
  runsDefault: 10,
  measure,
};

async function measure({ runs, say, signal }: MeasureOptions): Promise<Measurement> {
  say('starting the portal, the pager, the hub and four probes');
  const rig = await startRig({
    checks: ['portal-login'],
    regions: REGIONS,
    intervalMs: INTERVAL_MS,
    timeoutMs: TIMEOUT_MS,
    burstGapMs: BURST_GAP_MS,
    clearAfterMs: CLEAR_AFTER_MS,
    resolveAfterMs: RESOLVE_AFTER_MS,
  });
  try {
    // A page may be minutes away; who stops the benchmark does not wait for it.
    const stopped = once(signal, 'abort').then(() => Promise.reject(signal.reason as Error));
    return await Promise.race([measureBreaks(rig, { runs, say, signal }), stopped]);
  } finally {
    await rig.stop();
  }
}

async function measureBreaks(rig: Rig, { runs, say, signal }: MeasureOptions): Promise<Measurement> {
  const breaks: Record<Mode['name'], Break[]> = { fastFail: [], hang: [] };
  const epochMs = performance.now();
  for (let run = 0; run < runs; run += 1) {
    for (const mode of MODES) {
      await rig.untilUp(UP_DEADLINE_MS);
      await moment(epochMs, (run + 0.5) / runs, signal);
      const broken = await breakOnce(rig, mode);
      breaks[mode.name].push(broken);
      say(`${mode.name} ${run + 1} of ${runs}: ${broken.toPageS.toFixed(1)} s = ${legsText(broken)}`);
    }
  }
  return reportOf(runs, breaks);
}

/**
 * Waits for a moment of the schedule: a share of the time between the starts of two regions, which is all that tells
 * moments apart. Shares spread over 0 to 1 meet it early and late.
 */
async function moment(epochMs: number, share: number, signal: AbortSignal): Promise<void> {
  const staggerMs = INTERVAL_MS / REGIONS.length;
  const sinceMs = (performance.now() - epochMs) % staggerMs;
  await pause((share * staggerMs - sinceMs + staggerMs) % staggerMs, undefined, { signal });
}

/** Breaks the portal, awaits the page, mends it and awaits the resolve. Rejects when either does not come. */
async function breakOnce(rig: Rig, { fault }: Mode): Promise<Break> {
  rig.pager.clear();
  const brokenAtMs = Date.now();
  rig.portal.break({ fault });
  const alert = await rig.pager.waitForAlert(() => true, { deadlineMs: PAGE_DEADLINE_MS });
  const ledger = await until('the ledger of an accepted page', () => acceptedLedger(rig), LEDGER_DEADLINE_MS);
  rig.portal.mend();
  await rig.pager.waitForAlert(({ id, status }) => id === alert.id && status === 'resolved', {
    deadlineMs: RESOLVE_DEADLINE_MS,
  });
  return { toPageS: (alert.openedAtMs - brokenAtMs) / 1_000, legsS: legsOf(ledger, brokenAtMs) };
}

async function acceptedLedger(rig: Rig): Promise<LedgerView | undefined> {
  const { incidents } = await rig.overview();
  return incidents.find(({ ledger }) => ledger.timeToPageMs !== undefined)?.ledger;
}

/** The first leg is negative when the run that failed had started before the break. */
function legsOf({ legs }: LedgerView, brokenAtMs: number): Break['legsS'] {
  const [first, ...rest] = legs;
  const onset = first?.atMs === undefined ? {} : { onset: (first.atMs - brokenAtMs) / 1_000 };
  const took = rest.flatMap(({ stage, tookMs }) => (tookMs === undefined ? [] : [[stage, tookMs / 1_000]]));
  return { ...onset, ...Object.fromEntries(took) };
}

function legsText({ legsS }: Break): string {
  return LEGS.flatMap((leg) => (legsS[leg] === undefined ? [] : [`${leg} ${legsS[leg].toFixed(2)}`])).join(
    ' + ',
  );
}

function reportOf(runs: number, breaks: Record<Mode['name'], Break[]>): Measurement {
  const figures: Record<string, number> = {};
  const legs: Record<string, number> = {};
  for (const { name } of MODES) {
    const toPage = breaks[name].map(({ toPageS }) => toPageS);
    figures[`${name}MedianS`] = median(toPage);
    figures[`${name}WorstS`] = Math.max(...toPage);
    for (const leg of LEGS) {
      const took = breaks[name].flatMap(({ legsS }) => legsS[leg] ?? []);
      if (took.length > 0) legs[`${name}${leg[0]?.toUpperCase()}${leg.slice(1)}MedianS`] = median(took);
    }
  }
  return {
    runs,
    figures: Object.fromEntries(
      Object.entries({ ...figures, ...legs }).map(([name, value]) => [name, rounded(value)]),
    ),
    targets: Object.fromEntries(Object.keys(figures).map((name) => [name, { max: TARGET_MAX_S }])),
    notes: [
      'Seconds from the break to the acceptance by a pager over HTTP; portal, pager, hub and four probes on one machine.',
      `Four regions, interval ${INTERVAL_MS / 1_000} s, timeout ${TIMEOUT_MS / 1_000} s; clearAfter and resolveAfter are shortened to ${CLEAR_AFTER_MS / 1_000} s and`,
      `${RESOLVE_AFTER_MS / 1_000} s, which come after the page. A leg is the way to the stage it is named after; onset is from the break to the`,
      'start of the first failed run, and negative when that run was under way.',
    ],
  };
}
