import { expect, test } from 'vitest';
import {
  decideGlass,
  EMPTY_GLASS,
  glassPage,
  HUB_GONE_AFTER_MS,
  withHubBack,
  withHubLost,
  withLocalRun,
  withPaged,
  withWord,
  type GlassDecision,
  type GlassState,
  type LocalRun,
} from '#core/break-glass.ts';
import { BURST_MAX_MS } from '#core/burst.ts';
import { Page } from '#core/page.ts';
import { aCheck } from '#test/fixtures/builders.ts';

const CHECK = aCheck({ intervalMs: 30_000, timeoutMs: 20_000 });
const GAP_MS = 1_000;
const HOLD_MS = 300_000;
const FAILURE = {
  owner: 'target',
  class: 'http',
  httpStatus: 502,
  message: 'Bad gateway',
  step: 'Sign in',
} as const;

const aRun = (endedAtMs: number, over: Partial<LocalRun> = {}): LocalRun => ({
  check: CHECK.id,
  outcome: 'fail',
  failure: FAILURE,
  startedAtMs: endedAtMs - 500,
  endedAtMs,
  ...over,
});
const run = (state: GlassState, endedAtMs: number, over: Partial<LocalRun> = {}): GlassState =>
  withLocalRun(state, aRun(endedAtMs, over), GAP_MS);
const PASS = { outcome: 'pass', failure: undefined } as const;

function at(
  nowMs: number,
  state: GlassState,
  maintenance: { from: number; until: number }[] = [],
): GlassDecision {
  const windows = maintenance.map(({ from, until }) => ({ title: 'work', fromMs: from, untilMs: until }));
  const policy = { checks: [CHECK], burstGapMs: GAP_MS, resolveAfterMs: HOLD_MS, maintenance: windows };
  return decideGlass(state, policy, nowMs, nowMs);
}

const LOST_MS = 100_000;
const GONE_MS = LOST_MS + HUB_GONE_AFTER_MS;
const lost = withHubLost(EMPTY_GLASS, LOST_MS);
/** The hub lost, and two failures a moment later. */
const failing = run(run(lost, LOST_MS + 5_000), LOST_MS + 7_000);

const seqs = ({ pages }: GlassDecision): number[] => pages.map(({ seq }) => seq);

test('with two failures in a row and the hub gone for 30 s the probe pages, and not a moment before', () => {
  expect(at(GONE_MS - 1, failing).pages).toEqual([]);
  const [page] = at(GONE_MS, failing).pages;
  expect(page).toMatchObject({
    seq: 1,
    failuresInRow: 2,
    firstFailedStartMs: LOST_MS + 4_500,
    outSinceMs: LOST_MS,
    failure: FAILURE,
  });
});

test('it wakes when the 30 s are up', () => {
  const rerun = at(LOST_MS + 8_000, failing);
  expect(at(LOST_MS + 8_001, rerun.state).wakeAtMs).toBe(GONE_MS);
});

test('one failure is not enough, and neither are two with a pass between them', () => {
  expect(at(GONE_MS, run(lost, GONE_MS - 1)).pages).toEqual([]);
  const mixed = run(run(run(lost, LOST_MS + 1_000), LOST_MS + 3_000, PASS), LOST_MS + 5_000);
  expect(at(GONE_MS, mixed).pages).toEqual([]);
});

test('while the hub is there it decides nothing', () => {
  const there = run(run(EMPTY_GLASS, 1_000), 3_000);
  expect(at(500_000, there)).toEqual({ state: there, pages: [], again: [] });
});

test('an invalid run, and one whose control target failed too, say nothing of the target', () => {
  const invalid = { outcome: 'invalid', failure: { owner: 'probe', class: 'memory', message: '' } } as const;
  const noWayOut = { control: { outcome: 'fail', durationMs: 1 } } as const;
  for (const useless of [invalid, noWayOut]) {
    const one = run(run(lost, LOST_MS + 1_000), LOST_MS + 3_000, useless);
    expect(at(GONE_MS, one).pages).toEqual([]);
    // Nor do they take back what was seen before.
    expect(seqs(at(GONE_MS, run(one, LOST_MS + 5_000)))).toEqual([1]);
    expect(at(GONE_MS, run(run(lost, LOST_MS + 1_000, useless), LOST_MS + 3_000, useless)).again).toEqual([]);
  }
  const target = { control: { outcome: 'pass', durationMs: 1 } } as const;
  expect(seqs(at(GONE_MS, run(run(lost, LOST_MS + 1_000, target), LOST_MS + 3_000, target)))).toEqual([1]);
});

test('failures from before the hub was lost count as long as the last is of now', () => {
  const before = withHubLost(run(run(EMPTY_GLASS, LOST_MS - 5_000), LOST_MS - 2_000), LOST_MS);
  expect(seqs(at(GONE_MS, before))).toEqual([1]);
  const old = withHubLost(run(run(EMPTY_GLASS, LOST_MS - 40_000), LOST_MS - 30_000), LOST_MS);
  expect(at(GONE_MS, old)).toMatchObject({ pages: [], again: [] });
});

test.each([
  ['none', undefined, [1]],
  ['one that is over', { seq: 7, open: false, accepted: true }, [8]],
  ['an open one whose page is not out', { seq: 7, open: true, accepted: false }, [7]],
  ['an open one whose page is out', { seq: 7, open: true, accepted: true }, []],
])('the number follows from the last incident that the hub told of: %s', (_what, word, expected) => {
  const known = word === undefined ? failing : withWord(failing, CHECK.id, word);
  expect(seqs(at(GONE_MS, known))).toEqual(expected);
});

test('it pages once for one outage of the hub, even when the check recovers and fails again', () => {
  const [due] = at(GONE_MS, failing).pages;
  const paged = withPaged(failing, { check: CHECK, seq: due?.seq ?? 0 });
  expect(at(GONE_MS, paged)).toMatchObject({ pages: [], again: [] });
  const again = run(run(run(paged, GONE_MS + 1_000, PASS), GONE_MS + 30_000), GONE_MS + 60_000);
  expect(at(GONE_MS + 60_000, again)).toMatchObject({ pages: [], again: [] });
});

test('when the hub is back everything starts anew', () => {
  const back = withHubBack(failing);
  expect(at(GONE_MS, back).pages).toEqual([]);
  const lostAgain = withHubLost(back, GONE_MS);
  expect(at(GONE_MS + HUB_GONE_AFTER_MS, lostAgain)).toMatchObject({ pages: [], again: [] });
  const failingAgain = run(run(lostAgain, GONE_MS + 1_000), GONE_MS + 3_000);
  expect(seqs(at(GONE_MS + HUB_GONE_AFTER_MS, failingAgain))).toEqual([1]);
});

test('a hub that is lost stays lost since the last exchange, however often that is said', () => {
  expect(withHubLost(lost, LOST_MS + 20_000).outSinceMs).toBe(LOST_MS);
});

test('a check that has failed runs again after the gap, once for each run, as long as a burst lasts', () => {
  const failedMs = LOST_MS + 5_000;
  const one = run(lost, failedMs);
  const early = at(failedMs, one);
  expect(early).toMatchObject({ again: [], wakeAtMs: failedMs + GAP_MS });
  const due = at(failedMs + GAP_MS, early.state);
  expect(due.again).toEqual([CHECK.id]);
  expect(at(failedMs + GAP_MS, due.state).again).toEqual([]);
  // Invalid runs in between do not end the burst, only its time does.
  const invalid = (endedAtMs: number): GlassState =>
    run(due.state, endedAtMs, { outcome: 'invalid', failure: undefined });
  const lastMs = failedMs + BURST_MAX_MS;
  expect(at(lastMs, invalid(lastMs - GAP_MS)).again).toEqual([CHECK.id]);
  expect(at(lastMs + GAP_MS, invalid(lastMs)).again).toEqual([]);
});

test('a pass ends the burst', () => {
  const passed = run(at(LOST_MS + 6_000, run(lost, LOST_MS + 5_000)).state, LOST_MS + 8_000, PASS);
  expect(at(LOST_MS + 10_000, passed)).toMatchObject({ again: [], wakeAtMs: undefined });
});

test('a check that failed just before the hub was lost runs again at once', () => {
  const before = withHubLost(run(EMPTY_GLASS, LOST_MS - 2_000), LOST_MS);
  expect(at(LOST_MS + 1, before).again).toEqual([CHECK.id]);
});

test('during maintenance nothing is paged, and its end brings the decision', () => {
  const window = { from: 0, until: GONE_MS + 60_000 };
  const held = at(GONE_MS, failing, [window]);
  expect(held).toMatchObject({ pages: [], again: [], wakeAtMs: window.until });
  const still = run(failing, window.until - 1_000);
  expect(seqs(at(window.until, still, [window]))).toEqual([1]);
});

test('checks decide each for itself', () => {
  const other = aCheck({ id: 'other' });
  const both = run(run(failing, LOST_MS + 1_000, { check: 'other' }), LOST_MS + 3_000, { check: 'other' });
  const policy = { checks: [CHECK, other], burstGapMs: GAP_MS, resolveAfterMs: HOLD_MS, maintenance: [] };
  const { pages } = decideGlass(both, policy, GONE_MS, GONE_MS);
  expect(pages.map(({ check, seq }) => `${check.id}:${seq}`)).toEqual(['portal-login:1', 'other:1']);
});

test('the page says who sends it and why, and leads to the incident that the hub will have', () => {
  const known = withWord(run(run(run(lost, LOST_MS, PASS), LOST_MS + 5_000), LOST_MS + 7_000), CHECK.id, {
    seq: 3,
    open: false,
    accepted: true,
  });
  const [due] = at(GONE_MS, known).pages;
  if (!due) throw new Error('no page is due');
  const regions = [{ id: 'us-east', title: 'US East' }];
  const config = { publicUrl: 'https://latchkey.example', regions };
  const shiftMs = 1_700_000_000_000;
  const page = glassPage(config, 'us-east', due, GONE_MS, shiftMs);
  expect(Page.parse(page)).toEqual(page);
  expect(page).toMatchObject({
    event: 'trigger',
    reason: 'break-glass',
    dedupKey: 'portal-login:4',
    severity: 'critical',
    step: 'Sign in',
    errorClass: 'http 502',
    error: 'Bad gateway',
    sinceMs: shiftMs + LOST_MS + 4_500,
    decidedAtMs: shiftMs + GONE_MS,
    lastGoodAtMs: shiftMs + LOST_MS - 500,
    incidentUrl: 'https://latchkey.example/operator/checks/portal-login/incidents/4',
    runbookUrl: CHECK.runbook,
  });
  expect(page.summary).toBe(
    'Portal login fails in US East — http 502 at “Sign in”; the probe there pages by itself, as the hub is out of reach since 2023-11-14 22:15:00 UTC (30.0 s)',
  );
  expect(page.regions.map(({ region, vote, failuresInRow }) => `${region} ${vote} ${failuresInRow}`)).toEqual(
    ['us-east fail 2', 'us-west not known here 0', 'eu-west not known here 0', 'ap-south not known here 0'],
  );
});
