import { expect, test, vi } from 'vitest';
import type { Control } from '#core/run.ts';
import { PLAN_WAIT_MS_MAX } from '#probes/agent.ts';
import { SETTLE_GRACE_MS } from '#probes/runner-lease.ts';
import { aCheck } from '#test/fixtures/builders.ts';
import { aPlan, aProbe, SOFT_UNKNOWN_MS } from '#test/fixtures/scripted-probe.ts';

test('a run goes from the plan through the runner into the spool', async () => {
  const { agent, clock, runner, spooled } = await aProbe();
  agent.onPlan(aPlan({ a: 1_000 }));
  clock.advance(999);
  expect(runner.started).toEqual([]);
  clock.advance(1);
  expect(runner.started).toEqual(['a']);
  clock.advance(250);
  runner.end('a', { durationMs: 250 });
  const [run] = await spooled(1);
  expect(run).toMatchObject({
    id: 'probe-1.1700000000000.1',
    check: 'a',
    region: 'us-east',
    trigger: 'schedule',
    startedAtMs: 1_700_000_001_000,
    durationMs: 250,
    waitedMs: 0,
    outcome: 'pass',
  });
});

test('what is under way is told at every start and end', async () => {
  const { agent, clock, runner, spooled, underWay } = await aProbe();
  agent.onPlan(aPlan({ a: 0, b: 10 }));
  clock.advance(10);
  expect(underWay).toEqual(['a', 'a b']);
  runner.end('a');
  await spooled(1);
  expect(underWay).toEqual(['a', 'a b', 'b']);
});

test('the interval is kept without a word from the hub, and its next start replaces the own one', async () => {
  const { agent, clock, runner, spooled } = await aProbe();
  agent.onPlan(aPlan({ a: 0 }));
  clock.advance(0);
  runner.end('a');
  await spooled(1);
  clock.advance(30_000);
  expect(runner.started).toEqual(['a', 'a']);
  runner.end('a');
  await spooled(2);
  agent.onStarts([{ check: 'a', inMs: 1_000 }]);
  clock.advance(1_000);
  expect(runner.started).toEqual(['a', 'a', 'a']);
});

test('run-now starts a check at once, and is ignored while the check runs', async () => {
  const { agent, clock, runner, spooled } = await aProbe();
  agent.onPlan(aPlan({ a: 20_000 }));
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'burst' });
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'burst' });
  expect(runner.started).toEqual(['a']);
  runner.end('a');
  expect((await spooled(1))[0]?.trigger).toBe('burst');
  expect(runner.started).toEqual(['a']);
  clock.advance(20_000);
  expect(runner.started).toEqual(['a', 'a']);
});

test('a check that never ends is not started twice', async () => {
  const { agent, clock, runner } = await aProbe({
    checks: [aCheck({ id: 'a', intervalMs: 1_000, timeoutMs: 900 })],
  });
  agent.onPlan(aPlan({ a: 0 }));
  clock.advance(900 + SETTLE_GRACE_MS - 1);
  expect(runner.started).toEqual(['a']);
});

test('a start without a free place within a quarter of the interval is invalid overload, and is not run', async () => {
  const { agent, clock, runner, spooled } = await aProbe();
  agent.onPlan(aPlan({ a: 0, b: 0, c: 10, d: 20 }));
  clock.advance(7_000);
  expect(runner.started).toEqual(['a', 'b']);
  runner.end('a');
  await spooled(1);
  expect(runner.started).toEqual(['a', 'b', 'c']);
  clock.advance(600);
  const [, overload] = await spooled(2);
  expect(overload).toMatchObject({
    check: 'd',
    outcome: 'invalid',
    failure: { owner: 'probe', class: 'overload' },
  });
  expect(overload?.waitedMs).toBeGreaterThan(7_500);
  runner.end('c');
  const runs = await spooled(3);
  expect(runs[2]).toMatchObject({ check: 'c', outcome: 'pass' });
  expect(runs[2]?.waitedMs).toBe(6_990);
  expect(runner.started).toEqual(['a', 'b', 'c']);
});

test('a runner that does not end gives invalid probe-error and gets a successor; its other run ends in peace', async () => {
  const { agent, clock, runner, runners, spooled } = await aProbe();
  agent.onPlan(aPlan({ a: 0, b: 10_000 }));
  clock.advance(20_000 + SETTLE_GRACE_MS);
  expect((await spooled(1))[0]).toMatchObject({
    check: 'a',
    outcome: 'invalid',
    failure: {
      class: 'probe-error',
      message: expect.stringContaining(`${20_000 + SETTLE_GRACE_MS} ms`) as string,
    },
  });
  expect(runners).toHaveLength(2);
  expect(runner.closed).toBe(0);
  runner.end('b');
  expect((await spooled(2))[1]).toMatchObject({ check: 'b', outcome: 'pass' });
  expect(runner.closed).toBe(1);
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'manual' });
  expect(runners[1]?.started).toEqual(['a']);
  // The stuck run comes to life: it was answered for already.
  runner.end('a');
  runners[1]?.end('a', { durationMs: 7 });
  const runs = await spooled(3);
  expect(runs.map(({ check, outcome }) => `${check} ${outcome}`)).toEqual(['a invalid', 'b pass', 'a pass']);
});

test("a runner that rejects is the probe's fault", async () => {
  const { agent, clock, runner, spooled } = await aProbe();
  agent.onPlan(aPlan({ a: 0 }));
  clock.advance(0);
  runner.open[0]?.reject(new Error('boom'));
  expect((await spooled(1))[0]).toMatchObject({
    outcome: 'invalid',
    failure: { class: 'probe-error', message: 'the runner failed: boom' },
  });
});

test('a result no hub would take becomes invalid probe-error and says why', async () => {
  const { agent, clock, runner, spooled } = await aProbe();
  agent.onPlan(aPlan({ a: 0 }));
  clock.advance(0);
  runner.end('a', { outcome: 'fail' });
  const [run] = await spooled(1);
  expect(run).toMatchObject({ outcome: 'invalid', failure: { class: 'probe-error' } });
  expect(run?.failure?.message).toContain('outcome fail expects a failure owned by the target');
});

test('without any plan the probe measures by phases of its own, until a plan comes', async () => {
  const { agent, clock, runner, events, spooled } = await aProbe({ concurrency: 4 });
  agent.start();
  clock.advance(PLAN_WAIT_MS_MAX - 1);
  expect(events.named('no-plan-from-hub')).toHaveLength(0);
  clock.advance(1);
  expect(events.named('no-plan-from-hub')).toHaveLength(1);
  for (let second = 0; second < 31; second += 1) {
    clock.advance(1_000);
    for (let run = runner.open[0]; run !== undefined; run = runner.open[0]) run.end();
    await Promise.resolve();
  }
  expect(new Set(runner.started)).toEqual(new Set(['a', 'b', 'c', 'd']));
  await spooled(runner.started.length);
  const before = runner.started.length;
  agent.onPlan(aPlan({ b: 2_000 }));
  clock.advance(2_000);
  expect(runner.started.slice(before)).toEqual(['b']);
});

test("a hub's plan that came in time leaves no phases of one's own", async () => {
  const { agent, clock, runner } = await aProbe();
  agent.start();
  agent.onPlan(aPlan({}));
  clock.advance(120_000);
  expect(runner.started).toEqual([]);
});

test('a plan of another configuration is followed as far as it is known, and both are told', async () => {
  const { agent, clock, runner, events } = await aProbe();
  agent.onPlan({ ...aPlan({ a: 0, stranger: 0 }), configHash: 'fff' });
  clock.advance(0);
  expect(runner.started).toEqual(['a']);
  expect(events.named('config-differs')).toEqual([
    expect.objectContaining({ probe: 'abc123abc123', hub: 'fff' }),
  ]);
  expect(events.named('plan-of-unknown-checks')).toEqual([{ checks: 'stranger' }]);
  agent.onRunNow({ type: 'run-now', check: 'stranger', trigger: 'burst' });
  expect(events.named('run-now-of-unknown-check')).toHaveLength(1);
});

test('a stop starts nothing more, waits for runs, and reports nothing of one that does not end', async () => {
  const { agent, clock, runner, runners, events, spooled, spool } = await aProbe();
  agent.onPlan(aPlan({ a: 0, b: 0, c: 100 }));
  clock.advance(50);
  const stopped = agent.stop(5_000);
  clock.advance(100);
  runner.end('a');
  await spooled(1);
  expect(runner.started).toEqual(['a', 'b']);
  clock.advance(5_000);
  await stopped;
  runner.end('b', {
    outcome: 'invalid',
    failure: { owner: 'probe', class: 'browser-crash', message: 'closed' },
  });
  await agent.close();
  expect(runners.map(({ closed }) => closed)).toEqual([1]);
  expect(events.named('run-given-up')).toEqual([expect.objectContaining({ check: 'b' })]);
  expect(spool.stats().pending).toBe(1);
});

const FAILED = {
  outcome: 'fail',
  failure: { owner: 'target', class: 'timeout', message: 'no answer' },
} as const;

test("a run that lasts longer than the hub's soft deadline is said to be overdue once, while it goes on", async () => {
  const { agent, clock, runner, spooled, overdue } = await aProbe();
  agent.onPlan({ ...aPlan({}), starts: [{ check: 'a', inMs: 0, softDeadlineMs: 3_000 }] });
  clock.advance(2_999);
  expect(overdue).toEqual([]);
  clock.advance(1);
  expect(overdue).toEqual([{ type: 'overdue', check: 'a', probe: 'probe-1', ageMs: 3_000 }]);
  clock.advance(10_000);
  runner.end('a');
  await spooled(1);
  expect(overdue).toHaveLength(1);
});

test('a soft deadline that was said once stays, until another is said', async () => {
  const { agent, clock, runner, spooled, overdue } = await aProbe();
  agent.onPlan({ ...aPlan({}), starts: [{ check: 'a', inMs: 50_000, softDeadlineMs: 3_000 }] });
  agent.onPlan(aPlan({ a: 0 }));
  clock.advance(3_000);
  expect(overdue).toHaveLength(1);
  runner.end('a');
  await spooled(1);
  agent.onStarts([{ check: 'a', inMs: 0, softDeadlineMs: 5_000 }]);
  clock.advance(4_999);
  expect(overdue).toHaveLength(1);
  clock.advance(1);
  expect(overdue).toHaveLength(2);
});

test('as long as nothing is known the ceiling counts, and only from when the own time of the check begins', async () => {
  const { agent, clock, runner, overdue } = await aProbe();
  runner.prepares = true;
  agent.onPlan(aPlan({ a: 0 }));
  clock.advance(3_000);
  runner.open[0]?.deadline?.begin();
  clock.advance(SOFT_UNKNOWN_MS - 1);
  expect(overdue).toEqual([]);
  clock.advance(1);
  expect(overdue).toEqual([expect.objectContaining({ check: 'a', ageMs: 3_000 + SOFT_UNKNOWN_MS })]);
});

test('a run that ends in time is not overdue, and a stopped probe says nothing more', async () => {
  const { agent, clock, runner, spooled, overdue } = await aProbe();
  agent.onPlan(aPlan({ a: 0, b: 0 }));
  clock.advance(SOFT_UNKNOWN_MS - 1);
  runner.end('a');
  await spooled(1);
  const stopped = agent.stop(0);
  clock.advance(0);
  await stopped;
  clock.advance(60_000);
  expect(overdue).toEqual([]);
});

test('the deadline of a next start is for that run alone, and is told with it', async () => {
  const { agent, clock, runner, spooled } = await aProbe();
  agent.onPlan({ ...aPlan({}), starts: [{ check: 'a', inMs: 0, deadlineMs: 6_000 }] });
  clock.advance(0);
  expect(runner.open[0]?.deadline?.limitMs).toBe(6_000);
  runner.end('a');
  await spooled(1);
  clock.advance(30_000);
  expect(runner.open[0]?.deadline?.limitMs).toBe(20_000);
  runner.end('a');
  expect((await spooled(2)).map(({ deadlineMs }) => deadlineMs)).toEqual([6_000, undefined]);
});

test("a deadline longer than the check's timeout changes nothing", async () => {
  const { agent, runner, spooled } = await aProbe();
  agent.onPlan(aPlan({ a: 5_000 }));
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'burst', deadlineMs: 50_000 });
  expect(runner.open[0]?.deadline?.limitMs).toBe(20_000);
  runner.end('a');
  expect((await spooled(1))[0]?.deadlineMs).toBeUndefined();
});

test('a run-now for a check that runs shortens its deadline, never below what has passed already', async () => {
  const { agent, clock, runner, spooled } = await aProbe();
  agent.onPlan(aPlan({ a: 0, b: 0 }));
  clock.advance(4_000);
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'burst', deadlineMs: 6_000 });
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'burst', deadlineMs: 9_000 });
  agent.onRunNow({ type: 'run-now', check: 'b', trigger: 'burst', deadlineMs: 1_000 });
  expect(runner.open.map(({ deadline }) => deadline?.limitMs)).toEqual([6_000, 4_250]);
  expect(runner.started).toEqual(['a', 'b']);
  runner.end('a');
  expect((await spooled(1))[0]?.deadlineMs).toBe(6_000);
});

test('a runner that ignores a shortened deadline is stuck that much earlier', async () => {
  const { agent, clock, events } = await aProbe();
  agent.onPlan(aPlan({ a: 0 }));
  clock.advance(1_000);
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'burst', deadlineMs: 6_000 });
  clock.advance(5_000 + SETTLE_GRACE_MS - 1);
  expect(events.named('runner-stuck')).toEqual([]);
  clock.advance(1);
  expect(events.named('runner-stuck')).toHaveLength(1);
});

test('a run that has failed carries what the control target answered, others carry nothing', async () => {
  const look = vi.fn<() => Promise<Control>>(() =>
    Promise.resolve({ outcome: 'fail', durationMs: 9, error: 'no way' }),
  );
  const { agent, clock, runner, spooled, ended } = await aProbe({ control: { look } });
  agent.onPlan(aPlan({ a: 0, b: 0 }));
  clock.advance(0);
  runner.end('b');
  await spooled(1);
  expect(look).not.toHaveBeenCalled();
  runner.end('a', FAILED);
  const [pass, fail] = await spooled(2);
  expect(pass?.control).toBeUndefined();
  expect(fail).toMatchObject({ outcome: 'fail', control: { outcome: 'fail', error: 'no way' } });
  expect(ended.map(({ draft }) => draft.control?.outcome)).toEqual([undefined, 'fail']);
});

test('the control target is asked when a run becomes overdue already', async () => {
  const look = vi.fn<() => Promise<Control>>(() => Promise.resolve({ outcome: 'pass', durationMs: 9 }));
  const { agent, clock } = await aProbe({ control: { look } });
  agent.onPlan(aPlan({ a: 0 }));
  clock.advance(SOFT_UNKNOWN_MS);
  expect(look).toHaveBeenCalledTimes(1);
});

test('a check does not run again, nor is told of out of order, before its control target has answered', async () => {
  let answer: ((control: Control) => void) | undefined;
  const look = (): Promise<Control> => new Promise((resolve) => (answer = resolve));
  const { agent, clock, runner, spooled } = await aProbe({ control: { look } });
  agent.onPlan(aPlan({ a: 0 }));
  clock.advance(0);
  runner.end('a', FAILED);
  await vi.waitFor(() => expect(answer).toBeDefined());
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'burst' });
  expect(runner.started).toEqual(['a']);
  answer?.({ outcome: 'pass', durationMs: 1 });
  expect((await spooled(1))[0]).toMatchObject({ outcome: 'fail', control: { outcome: 'pass' } });
  agent.onRunNow({ type: 'run-now', check: 'a', trigger: 'burst' });
  expect(runner.started).toEqual(['a', 'a']);
});
