import { expect, test, vi } from 'vitest';
import { PAIR_WAIT_MS_MAX } from '#core/deploy/pair-queue.ts';
import type { Control } from '#core/run.ts';
import type { VerifyNow } from '#core/wire.ts';
import { aCheck } from '#test/fixtures/builders.ts';
import { aPlan, aProbe, SOFT_UNKNOWN_MS } from '#test/fixtures/scripted-probe.ts';

const SELECTOR = { kind: 'cookie', name: 'lane', value: 'canary-4.2.1' } as const;
const CANARY = { side: 'canary', selector: SELECTOR } as const;
const BASELINE = { side: 'baseline' } as const;

function aPair(check: string, pair = 1, sides: VerifyNow['sides'] = [CANARY, BASELINE]): VerifyNow {
  return { type: 'verify-now', check, deploy: { service: 'portal', n: 7, pair }, sides };
}

const FAILED = {
  outcome: 'fail',
  failure: { owner: 'target', class: 'timeout', message: 'no answer' },
} as const;

test.each([
  { order: ['canary', 'baseline'], sides: [CANARY, BASELINE] },
  { order: ['baseline', 'canary'], sides: [BASELINE, CANARY] },
])(
  'both sides start at once, $order.0 first, and their runs say whose they are',
  async ({ order, sides }) => {
    const { agent, runner, spooled } = await aProbe();
    agent.onVerifyNow(aPair('a', 5, sides));
    expect(runner.open.map(({ visit }) => visit?.deploy.side)).toEqual(order);
    expect(runner.open.find(({ visit }) => visit?.deploy.side === 'canary')?.visit?.selector).toEqual(
      SELECTOR,
    );
    expect(
      runner.open.find(({ visit }) => visit?.deploy.side === 'baseline')?.visit?.selector,
    ).toBeUndefined();
    runner.end('a');
    runner.end('a');
    const runs = await spooled(2);
    expect(runs.map(({ trigger, outcome, deploy }) => ({ trigger, outcome, ...deploy }))).toEqual(
      order.map((side) => ({
        trigger: 'deploy',
        outcome: 'pass',
        service: 'portal',
        n: 7,
        pair: 5,
        side,
        apart: side === 'canary',
      })),
    );
    expect(runs[0]?.startedAtMs).toBe(runs[1]?.startedAtMs);
  },
);

test('a canary that nothing leads to is where everybody is', async () => {
  const { agent, runner, spooled, ended } = await aProbe();
  agent.onVerifyNow(aPair('a', 1, [{ side: 'canary' }]));
  runner.end('a');
  expect((await spooled(1))[0]?.deploy).toMatchObject({ side: 'canary', apart: false });
  expect(ended).toHaveLength(1);
});

test('a baseline that something leads to is not where everybody is, and makes no outage of it', async () => {
  const { agent, runner, spooled, ended } = await aProbe();
  const selector = { kind: 'header', name: 'authorization', value: 'of nobody' } as const;
  agent.onVerifyNow(aPair('a', 1, [CANARY, { ...BASELINE, selector }]));
  runner.end('a', FAILED);
  runner.end('a', FAILED);
  expect((await spooled(2)).map(({ deploy }) => deploy?.apart)).toEqual([true, true]);
  expect(ended).toEqual([]);
});

test('a pair waits for no place of the schedule, and takes none: runs of the same check start in the middle of it', async () => {
  const checks = ['a', 'b', 'c'].map((id) => aCheck({ id, regions: ['us-east'], intervalMs: 10_000 }));
  const { agent, clock, runner, spooled } = await aProbe({ checks, concurrency: 2 });
  agent.onPlan(aPlan({ a: 0, b: 0, c: 500 }));
  clock.advance(0);
  agent.onVerifyNow(aPair('a'));
  expect(runner.started).toEqual(['a', 'b', 'a', 'a']);
  runner.end('b');
  runner.end('a');
  await spooled(2);
  clock.advance(500);
  expect(runner.started.slice(4)).toEqual(['c']);
  clock.advance(9_500);
  expect(runner.started.slice(5)).toEqual(['a']);
  expect(runner.open.map(({ visit }) => visit?.deploy.side)).toEqual([
    'canary',
    'baseline',
    undefined,
    undefined,
  ]);
  runner.open[3]?.end();
  expect((await spooled(3)).map(({ waitedMs }) => waitedMs)).toEqual([0, 0, 0]);
});

test('while both sides of a pair hang, no run of the schedule is late or left out', async () => {
  const { agent, clock, runner, spooled } = await aProbe({ concurrency: 2 });
  agent.onPlan(aPlan({ a: 0, b: 7_000, c: 14_000, d: 21_000 }));
  agent.onVerifyNow(aPair('a'));
  for (const [index, waitMs] of [0, 7_000, 7_000, 7_000].entries()) {
    clock.advance(waitMs);
    runner.open.find(({ visit }) => visit === undefined)?.end();
    await spooled(index + 1);
  }
  const runs = await spooled(4);
  expect(runs.map(({ check, outcome, waitedMs }) => `${check} ${outcome} ${waitedMs}`)).toEqual([
    'a pass 0',
    'b pass 0',
    'c pass 0',
    'd pass 0',
  ]);
  expect(runner.open).toHaveLength(2);
});

test('of a check whose pair is under way another one waits until both sides have ended, and a third is missed', async () => {
  const { agent, runner, spooled, events } = await aProbe();
  agent.onVerifyNow(aPair('a', 1));
  agent.onVerifyNow(aPair('a', 2));
  agent.onVerifyNow(aPair('a', 3));
  const missed = await spooled(2);
  expect(missed.map(({ outcome, failure, deploy }) => [outcome, failure?.class, deploy?.pair])).toEqual([
    ['invalid', 'overload', 3],
    ['invalid', 'overload', 3],
  ]);
  runner.end('a');
  await spooled(3);
  expect(runner.open.map(({ visit }) => visit?.deploy.pair)).toEqual([1]);
  runner.end('a');
  await spooled(4);
  expect(runner.open.map(({ visit }) => visit?.deploy.pair)).toEqual([2, 2]);
  expect(events.named('verify-now-dropped')).toEqual([
    { check: 'a', deploy: 'portal:7', pair: 3, why: 'another pair waits' },
  ]);
});

test('a pair that is asked for twice runs once', async () => {
  const { agent, runner, spooled } = await aProbe();
  agent.onVerifyNow(aPair('a', 1));
  agent.onVerifyNow(aPair('a', 1));
  runner.end('a');
  runner.end('a');
  await spooled(2);
  agent.onVerifyNow(aPair('a', 1));
  expect(runner.open).toEqual([]);
});

test('pairs of other checks wait in order, and their runs tell for how long', async () => {
  const { agent, clock, runner, spooled } = await aProbe({ concurrency: 2 });
  for (const check of ['a', 'b', 'c']) agent.onVerifyNow(aPair(check));
  expect(runner.started).toEqual(['a', 'a']);
  clock.advance(3_000);
  runner.end('a');
  runner.end('a');
  await spooled(2);
  expect(runner.started.slice(2)).toEqual(['b', 'b']);
  clock.advance(1_000);
  runner.end('b');
  runner.end('b');
  expect((await spooled(4)).map(({ waitedMs }) => waitedMs)).toEqual([0, 0, 3_000, 3_000]);
  expect(runner.started.slice(4)).toEqual(['c', 'c']);
});

test('runs of one side alone go two at once', async () => {
  const { agent, runner } = await aProbe({ concurrency: 2 });
  for (const check of ['a', 'b', 'c']) agent.onVerifyNow(aPair(check, 1, [{ side: 'canary' }]));
  expect(runner.started).toEqual(['a', 'b']);
});

test('a pair that finds no place in time is invalid overload on each side, and is not run', async () => {
  const { agent, clock, runner, spooled, ended } = await aProbe();
  agent.onVerifyNow(aPair('a'));
  agent.onVerifyNow(aPair('b', 9));
  clock.advance(PAIR_WAIT_MS_MAX + 1);
  const runs = await spooled(2);
  expect(runs.map(({ check, outcome, failure, deploy }) => [check, outcome, failure?.class, deploy])).toEqual(
    (['canary', 'baseline'] as const).map((side) => [
      'b',
      'invalid',
      'overload',
      { service: 'portal', n: 7, pair: 9, side, apart: side === 'canary' },
    ]),
  );
  expect(runs[0]?.failure?.message).toContain('no place within 10.0 s beside other verifications');
  expect(runs[0]?.waitedMs).toBe(PAIR_WAIT_MS_MAX + 1);
  expect(runner.started).toEqual(['a', 'a']);
  expect(ended).toEqual([]);
});

test('a run apart is never said to be overdue and is no news of production; its baseline is both', async () => {
  const look = vi.fn<() => Promise<Control>>(() => Promise.resolve({ outcome: 'pass', durationMs: 9 }));
  const { agent, clock, runner, spooled, overdue, ended } = await aProbe({ control: { look } });
  agent.onVerifyNow(aPair('a', 1, [CANARY]));
  clock.advance(SOFT_UNKNOWN_MS + 1);
  expect([overdue, look.mock.calls]).toEqual([[], []]);
  runner.end('a', FAILED);
  expect((await spooled(1))[0]).toMatchObject({ outcome: 'fail', control: { outcome: 'pass' } });
  expect(ended).toEqual([]);
  agent.onVerifyNow(aPair('a', 2, [BASELINE]));
  clock.advance(SOFT_UNKNOWN_MS);
  expect(overdue).toHaveLength(1);
  runner.end('a', FAILED);
  await spooled(2);
  expect(ended.map(({ draft }) => draft.deploy?.side)).toEqual(['baseline']);
});

test("a pair's runs have the check's own timeout, whatever a burst wants of the check meanwhile", async () => {
  const { agent, runner, spooled } = await aProbe();
  agent.onVerifyNow(aPair('a'));
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'burst', deadlineMs: 6_000 });
  expect(runner.open.map(({ deadline }) => deadline?.limitMs)).toEqual([20_000, 20_000, 6_000]);
  runner.end('a');
  await spooled(1);
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'burst', deadlineMs: 4_000 });
  expect(runner.open.map(({ deadline }) => deadline?.limitMs)).toEqual([20_000, 4_000]);
});

test('a pair of an unknown check is left out with a word', async () => {
  const { agent, runner, events } = await aProbe();
  agent.onVerifyNow(aPair('stranger'));
  expect(runner.started).toEqual([]);
  expect(events.named('verify-now-of-unknown-check')).toEqual([
    { check: 'stranger', deploy: 'portal:7', pair: 1 },
  ]);
});

test('no word in the log holds the value of a selector', async () => {
  const { agent, runner, events, spooled } = await aProbe();
  agent.onVerifyNow(aPair('a', 1));
  agent.onVerifyNow(aPair('a', 2));
  agent.onVerifyNow(aPair('stranger'));
  runner.end('a');
  await spooled(1);
  expect(JSON.stringify(events.events)).not.toContain(SELECTOR.value);
});

test('a stop starts no waiting pair, takes no new one, and gives up what does not end', async () => {
  const { agent, clock, runner, events, spool } = await aProbe();
  agent.onVerifyNow(aPair('a'));
  agent.onVerifyNow(aPair('b'));
  const stopped = agent.stop(5_000);
  agent.onVerifyNow(aPair('c'));
  clock.advance(5_000);
  await stopped;
  clock.advance(60_000);
  expect(runner.started).toEqual(['a', 'a']);
  expect(events.named('verify-now-dropped').map(({ check }) => check)).toEqual(['b', 'c']);
  expect(events.named('run-given-up')).toHaveLength(2);
  expect(spool.stats().pending).toBe(0);
});

test('what is under way is told with the deploy it verifies', async () => {
  const { agent, underWayRuns } = await aProbe();
  agent.onVerifyNow(aPair('a', 3));
  expect(underWayRuns()).toEqual([
    expect.objectContaining({
      check: 'a',
      trigger: 'deploy',
      deploy: expect.objectContaining({ side: 'canary' }) as object,
    }),
    expect.objectContaining({
      check: 'a',
      trigger: 'deploy',
      deploy: expect.objectContaining({ side: 'baseline' }) as object,
    }),
  ]);
});
