import { describe, expect, it } from 'vitest';
import type { Policy } from '#core/policy.ts';
import { replay } from '#core/replay/replay.ts';
import type { StoredIncident } from '#core/replay/stored-line.ts';
import { runId } from '#core/run.ts';
import type { Outage } from '#test/sim/scenario.ts';
import { FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { recordedHistory, type RecordedHistory } from '#test/fixtures/recorded-history.ts';

const ALL = [...FOUR_REGIONS];
const MINUTE_MS = 60_000;

function outage(over: Partial<Outage> = {}): Outage {
  return { fromMs: 4 * MINUTE_MS, untilMs: 6 * MINUTE_MS, regions: ALL, how: 'fail', share: 1, ...over };
}

/** Two outages of a minute, the second a minute and a half after the first. */
const RELAPSE = [
  outage({ fromMs: 4 * MINUTE_MS, untilMs: 5 * MINUTE_MS }),
  outage({ fromMs: 6.5 * MINUTE_MS, untilMs: 7.5 * MINUTE_MS }),
];

function replayed({ policy, runs, incidents }: RecordedHistory, by: Policy = policy) {
  return replay(by, runs, incidents);
}

function withPaging(policy: Policy, paging: Partial<Policy['config']['paging']>): Policy {
  return { ...policy, config: { ...policy.config, paging: { ...policy.config.paging, ...paging } } };
}

describe('the policy of then', () => {
  it.each<{ name: string; outages: Outage[]; paged: number }>([
    { name: 'nothing', outages: [], paged: 0 },
    { name: 'a total outage', outages: [outage()], paged: 1 },
    { name: 'a hang', outages: [outage({ how: 'hang' })], paged: 1 },
    {
      name: 'a third of all runs',
      outages: [outage({ share: 0.35, untilMs: 8 * MINUTE_MS })],
      paged: 1,
    },
    {
      name: 'two regions of four',
      outages: [outage({ regions: ALL.slice(0, 2), untilMs: 8 * MINUTE_MS })],
      paged: 1,
    },
    {
      name: 'slowness',
      outages: [outage({ how: 'slow', fromMs: 8 * MINUTE_MS, untilMs: 14 * MINUTE_MS })],
      paged: 1,
    },
    { name: 'one region alone', outages: [outage({ regions: ALL.slice(0, 1) })], paged: 0 },
    {
      name: 'one outage after another',
      outages: [outage(), outage({ fromMs: 12 * MINUTE_MS, untilMs: 14 * MINUTE_MS, how: 'hang' })],
      paged: 2,
    },
    { name: 'a relapse', outages: RELAPSE, paged: 1 },
  ])('sends for $name the very pages that were sent', ({ outages, paged }) => {
    const history = recordedHistory({ outages, endMs: 20 * MINUTE_MS });
    const { pages, extra, missed, notes } = replayed(history);
    expect(pages).toHaveLength(paged);
    expect(pages.map(({ reason }) => reason)).toEqual(history.incidents.map(({ rule }) => rule));
    expect({ extra, missed, notes }).toEqual({ extra: 0, missed: [], notes: [] });
    for (const page of pages) {
      const real = history.incidents.find(({ seq }) => seq === page.incident);
      expect(page.seq).toBe(real?.seq);
      expect(page.sinceMs).toBe(real?.ledger.firstFailedStartMs);
      // But for the milliseconds that the hub's objects take among themselves.
      expect(Math.abs(page.laterMs ?? Infinity)).toBeLessThan(100);
      expect(page.tookMs).toBe(page.decidedMs - page.sinceMs);
    }
  });

  it('finds a dead region silent by its runs', () => {
    const faults = [
      { kind: 'probe-crash' as const, region: 'ap-south', atMs: MINUTE_MS, forMs: 20 * MINUTE_MS },
    ];
    const history = recordedHistory({ outages: [outage()], faults });
    const { pages, extra, missed } = replayed(history);
    expect(pages.map(({ reason, laterMs }) => [reason, Math.abs(laterMs ?? Infinity) < 100])).toEqual([
      ['unanimous', true],
    ]);
    expect({ extra, missed }).toEqual({ extra: 0, missed: [] });
  });

  it('says the same whatever the order of the runs, and how often each is there', () => {
    const history = recordedHistory({ outages: [outage()] });
    const shuffled = [...history.runs.toReversed(), ...history.runs.slice(0, 20)];
    expect(replay(history.policy, shuffled, history.incidents)).toEqual(replayed(history));
  });
});

describe('another policy', () => {
  it('that holds incidents for less long pages a relapse once more: an extra page', () => {
    const history = recordedHistory({ outages: RELAPSE });
    const quick = withPaging(history.policy, { clearAfterMs: 20_000, resolveAfterMs: 40_000 });
    const { pages, extra, missed } = replayed(history, quick);
    expect(pages.map(({ incident }) => incident)).toEqual([1, undefined]);
    expect({ extra, missed }).toEqual({ extra: 1, missed: [] });
    expect(pages[1]?.sinceMs).toBeGreaterThan(history.startMs + 6 * MINUTE_MS);
  });

  it('that holds them for longer misses the page of the relapse', () => {
    const history = recordedHistory({ outages: RELAPSE, clearAfterMs: 20_000, resolveAfterMs: 40_000 });
    expect(history.incidents).toHaveLength(2);
    const patient = withPaging(history.policy, { clearAfterMs: 120_000, resolveAfterMs: 300_000 });
    const { pages, extra, missed } = replayed(history, patient);
    expect(pages.map(({ incident }) => incident)).toEqual([1]);
    expect(extra).toBe(0);
    expect(missed.map(({ seq, reason }) => [seq, reason])).toEqual([[2, 'unanimous']]);
  });

  it('of fewer regions pages for one that fails alone', () => {
    const history = recordedHistory({ outages: [outage({ regions: ['us-east'] })] });
    const lone = { ...history.policy, check: { ...history.policy.check, regions: ['us-east'] } };
    expect(replayed(history).pages).toEqual([]);
    expect(replayed(history, lone)).toMatchObject({ extra: 1, pages: [{ reason: 'unanimous' }] });
  });

  it('of fewer regions is earlier, with nothing to wait for from the others', () => {
    const history = recordedHistory({ outages: [outage({ how: 'hang' })] });
    const two = { ...history.policy, check: { ...history.policy.check, regions: ALL.slice(0, 3) } };
    const [page] = replayed(history, two).pages;
    expect(page?.incident).toBe(1);
    expect(page?.laterMs).toBeLessThanOrEqual(0);
  });

  it('with a maintenance window pages at its end, later by as much', () => {
    const history = recordedHistory({ outages: [outage({ untilMs: 14 * MINUTE_MS })] });
    const untilMs = history.startMs + 8 * MINUTE_MS;
    const maintenance = [{ title: 'Move', fromMs: history.startMs, untilMs }];
    const held = { ...history.policy, config: { ...history.policy.config, maintenance } };
    const [page] = replayed(history, held).pages;
    expect(page).toMatchObject({ incident: 1, decidedMs: untilMs });
    expect(page?.laterMs).toBeGreaterThan(3 * MINUTE_MS);
  });

  it('is not asked about pages that maintenance has held back', () => {
    const history = recordedHistory({ outages: [outage()] });
    const incidents: StoredIncident[] = history.incidents.map((incident) => ({ ...incident, held: true }));
    const { extra, missed, notes } = replay(history.policy, history.runs, incidents);
    expect({ extra, missed }).toEqual({ extra: 1, missed: [] });
    expect(notes).toEqual(['1 real incidents were held by maintenance and have paged nobody']);
  });
});

describe('what the runs cannot tell is said', () => {
  const history = recordedHistory({ outages: [outage()] });
  const { policy } = history;

  it('when they came at another interval, by which they are judged then', () => {
    const rare = { ...policy, check: { ...policy.check, intervalMs: 10_000, timeoutMs: 8_000 } };
    const { pages, notes } = replayed(history, rare);
    expect(notes).toEqual([
      "the runs came every 30.0 s, and are judged so: the policy's interval of 10.0 s would have had others",
    ]);
    expect(pages.map(({ incident }) => incident)).toEqual([1]);
  });

  it('when passes took longer than the timeout', () => {
    const hasty = { ...policy, check: { ...policy.check, timeoutMs: 1_000 } };
    expect(replayed(history, hasty).notes.join()).toMatch(
      /\d+ passes took longer than the policy's timeout of 1\.0 s/,
    );
  });

  it('when a region of the policy has none', () => {
    const more = { ...policy, check: { ...policy.check, regions: [...ALL, 'sa-east'] } };
    const { notes, missed } = replayed(history, more);
    expect(notes).toEqual(['no runs from sa-east: not part of the quorum']);
    expect(missed).toEqual([]);
  });

  it('when some were of canaries, which are left out', () => {
    const { runs, incidents } = history;
    const [first] = runs;
    const deploy = { service: 'portal', n: 1, pair: 1, side: 'canary' as const, apart: true };
    const failed = runs.find(({ run }) => run.outcome === 'fail')?.run;
    if (!first || !failed) throw new Error('the history has no failure');
    // All regions fail, for as long as a burst: an outage, had they a vote.
    const canaries = Array.from({ length: 40 }, (_, index) => {
      const receivedAtMs = first.receivedAtMs + 90_000 + index * 500;
      const region = ALL[index % ALL.length] ?? '';
      const probe = `${region}-2`;
      const own = { region, probe, seq: index + 1, id: runId(probe, failed.boot, index + 1) };
      const run = { ...failed, ...own, trigger: 'deploy' as const, deploy, durationMs: 400 };
      return { run, startedAtMs: receivedAtMs - 500, receivedAtMs, late: false };
    });
    const report = replay(policy, [...runs, ...canaries], incidents);
    const { notes, ...rest } = replayed(history);
    expect(report).toEqual({
      ...rest,
      notes: [...notes, '40 runs of canaries were left out: they say nothing of what everybody got'],
    });
    const voting = canaries.map((stored) => ({ ...stored, run: { ...stored.run, deploy: undefined } }));
    expect(replay(policy, [...runs, ...voting], incidents).pages).not.toEqual(rest.pages);
  });

  it('when a page is older than all of them', () => {
    const long = recordedHistory({ outages: [outage({ untilMs: 10 * MINUTE_MS })] });
    const fromMs = long.startMs + 6 * MINUTE_MS;
    const runs = long.runs.filter(({ receivedAtMs }) => receivedAtMs >= fromMs);
    const [page] = replay(policy, runs, long.incidents).pages;
    expect(page).toMatchObject({ incident: 1, laterMs: undefined });
  });

  it('when there are none at all', () => {
    const { incidents } = history;
    const report = replay(policy, [], incidents);
    expect(report).toMatchObject({ runs: 0, fromMs: 0, toMs: 0, pages: [], extra: 0, notes: [] });
    expect(report.missed.map(({ seq }) => seq)).toEqual([1]);
  });
});
