import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PACKAGE_ROOT } from '#probes/host/hub-bundle.ts';
import type { Benchmark, Measurement, MeasureOptions } from './benchmark.ts';
import { startBenchHub } from './ingest/bench-hub.ts';
import { ClosedLoop, type Lane, type Round } from './ingest/closed-loop.ts';
import { assertRealistic, nextLoginRun, type Sender } from './ingest/login-run.ts';
import { median, percentile, rounded } from './statistics.ts';

const REGIONS = ['us-east', 'us-west', 'eu-west', 'ap-south'];
const CHECKS = Array.from({ length: 50 }, (_, index) => `login-${index + 1}`);
/** Short, so that bare and ours meet the same machine: it may be busier a moment later. */
const ROUND_MS = 750;
/** Rounds of each kind before history is waited for: together less than the 10 s after which it is copied. */
const TURNS = 3;
/** History is copied from 10 s after a run on, at thousands of runs a second. */
const HISTORY_DEADLINE_MS = 180_000;
const LAG_INTERVAL_MS = 250;

export const ingest: Benchmark = {
  summary: 'runs per second stored and acknowledged, beside a Durable Object that only stores a row',
  runsMean: `times ${TURNS} rounds of ${ROUND_MS} ms of each kind`,
  runsDefault: 5,
  measure,
};

/** The four kinds of round: whose object, and one of it or fifty. */
const KINDS = ['bare', 'check', 'bareFifty', 'checkFifty'] as const;
type Kind = (typeof KINDS)[number];

async function measure({ runs, say, signal }: MeasureOptions): Promise<Measurement> {
  assertRealistic();
  const parent = path.join(PACKAGE_ROOT, '.latchkey');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(path.join(parent, 'bench-ingest-'));
  const ended: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    say('bundling and starting the objects in workerd');
    const hub = await startBenchHub({ folder, say, signal });
    ended.push(() => hub.stop());
    const loop = new ClosedLoop(hub.url);
    ended.push(async () => loop.close());
    const lanes = lanesOf();
    const rounds: Record<Kind, Round[]> = { bare: [], bareFifty: [], check: [], checkFifty: [] };
    const historyRates: number[] = [];
    for (let cycle = 0; cycle <= runs; cycle += 1) {
      let stored = 0;
      say(cycle === 0 ? 'warming up' : `${cycle} of ${runs}`);
      for (let turn = 0; turn < TURNS; turn += 1) {
        for (const kind of KINDS) {
          const round = await loop.round(lanes[kind], ROUND_MS, signal);
          if (cycle > 0) rounds[kind].push(round);
          if (kind === 'check' || kind === 'checkFifty') stored += round.ackMs.length;
        }
      }
      if (cycle > 0) say(KINDS.map((kind) => `  ${kind} ${Math.round(rateOf(rounds[kind]))}/s`).join(''));
      // What is copied later must not slow the next bare round down.
      const historySeconds = await untilHistoryHasAll(loop, signal);
      if (cycle > 0) historyRates.push(stored / historySeconds);
      say(`  history has all ${stored} after ${historySeconds.toFixed(1)} s`);
    }
    return reportOf(runs * TURNS, rounds, historyRates);
  } finally {
    for (const end of ended.toReversed()) await end();
  }
}

/** Two probes of each region for one object; for fifty, four of each region, with a quarter of the checks each. */
function lanesOf(): Record<Kind, readonly Lane[]> {
  const boot = Date.now();
  const senders = (count: number): Sender[] =>
    REGIONS.flatMap((region) =>
      Array.from({ length: count }, (_, n) => ({ region, probe: `probe-${region}-${n}`, boot, seq: 0 })),
    );
  const lane = (owner: 'check' | 'bare', sender: Sender, checks: readonly string[]): Lane => {
    let turn = 0;
    return {
      next: () => {
        const check = checks[turn % checks.length] ?? '';
        turn += 1;
        return { path: `/${owner}/${check}`, body: nextLoginRun(sender, check) };
      },
    };
  };
  const one = (owner: 'check' | 'bare'): Lane[] => senders(2).map((sender) => lane(owner, sender, ['login']));
  const fifty = (owner: 'check' | 'bare'): Lane[] =>
    senders(4).map((sender, index) =>
      lane(
        owner,
        sender,
        CHECKS.filter((_, check) => check % 4 === index % 4),
      ),
    );
  return { bare: one('bare'), bareFifty: fifty('bare'), check: one('check'), checkFifty: fifty('check') };
}

/** Seconds until history has every run. */
async function untilHistoryHasAll(loop: ClosedLoop, signal: AbortSignal): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const lag = JSON.parse(await loop.send('GET', `/lag?checks=${['login', ...CHECKS].join(',')}`)) as {
      runs: number;
    };
    const elapsedMs = performance.now() - startedMs;
    if (lag.runs === 0) return elapsedMs / 1_000;
    if (elapsedMs > HISTORY_DEADLINE_MS)
      throw new Error(`history lacks ${lag.runs} runs after ${elapsedMs} ms`);
    await pause(LAG_INTERVAL_MS, undefined, { signal });
  }
}

function rateOf(rounds: readonly Round[]): number {
  return median(rounds.map(({ runsPerSecond }) => runsPerSecond));
}

/** Median of the ratios of rounds that followed each other. */
function ratioOf(ours: readonly Round[], bare: readonly Round[]): number {
  return median(
    ours.map(({ runsPerSecond }, turn) => runsPerSecond / (bare[turn]?.runsPerSecond ?? Number.NaN)),
  );
}

function reportOf(
  runs: number,
  rounds: Record<Kind, readonly Round[]>,
  historyRates: readonly number[],
): Measurement {
  const rate = (kind: Kind): number => rateOf(rounds[kind]);
  const ack = (kind: Kind, share: number): number =>
    percentile(
      rounds[kind].flatMap(({ ackMs }) => ackMs),
      share,
    );
  const figures = {
    oneObjectToBare: ratioOf(rounds.check, rounds.bare),
    fiftyObjectsToBare: ratioOf(rounds.checkFifty, rounds.bareFifty),
    ackP50Ms: ack('check', 0.5),
    ackP99Ms: ack('check', 0.99),
    runsPerSecond: rate('check'),
    fiftyObjectsRunsPerSecond: rate('checkFifty'),
    fiftyObjectsAckP50Ms: ack('checkFifty', 0.5),
    fiftyObjectsAckP99Ms: ack('checkFifty', 0.99),
    bareRunsPerSecond: rate('bare'),
    bareAckP50Ms: ack('bare', 0.5),
    bareAckP99Ms: ack('bare', 0.99),
    bareFiftyRunsPerSecond: rate('bareFifty'),
    historyRunsPerSecond: median(historyRates),
  };
  return {
    runs,
    figures: Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)])),
    targets: { oneObjectToBare: { min: 0.6 }, fiftyObjectsToBare: { min: 0.6 } },
    notes: [
      'Medians over the rounds, which take turns; a ratio is to the bare round just before. A closed loop: 8 clients on',
      'one object, 16 on fifty, each sends its next run when the last is acknowledged. Real workerd, state on disk, the',
      'same HTTP and RPC on both ways. Copying to history starts 10 s after a run and is waited for between the rounds;',
      'historyRunsPerSecond is its pace, the rest of those 10 s included.',
    ],
  };
}
