import { expect, test } from 'vitest';
import {
  awoken,
  decide,
  EMPTY_SCHEDULE,
  ownStarts,
  waitMsMax,
  withDemand,
  withoutRun,
  withPlan,
  withStarts,
  type Decision,
  type Schedule,
} from '#core/agenda.ts';

const INTERVAL_MS = 30_000;

function at(nowMs: number, schedule: Schedule, concurrency = 2): Decision {
  return decide(schedule, { nowMs, concurrency, intervalMsOf: () => INTERVAL_MS });
}

const names = (starts: readonly { check: string }[]) => starts.map(({ check }) => check);

test('a check starts when it is due, not before, and next an interval later', () => {
  const plan = withPlan(EMPTY_SCHEDULE, [{ check: 'a', inMs: 500 }], 1_000);
  const before = at(1_499, plan);
  expect(before).toMatchObject({ start: [], wakeInMs: 1 });
  const due = at(1_503, plan);
  expect(due.start).toEqual([{ check: 'a', trigger: 'schedule', dueMs: 1_500 }]);
  // From when it was due, so that the cadence does not drift with each timer's lateness.
  expect(due.schedule.pending.get('a')).toBe(31_500);
  expect(due.wakeInMs).toBe(29_997);
});

test("the hub's next start replaces the pending one; a check that is not in the plan is none of ours", () => {
  const plan = withPlan(EMPTY_SCHEDULE, [{ check: 'a', inMs: 500 }], 0);
  const moved = withStarts(
    plan,
    [
      { check: 'a', inMs: 9_000 },
      { check: 'b', inMs: 1 },
    ],
    100,
  );
  expect([...moved.pending]).toEqual([['a', 9_100]]);
});

test('a new plan drops what it no longer names, but leaves runs alone', () => {
  const first = at(
    0,
    withPlan(
      EMPTY_SCHEDULE,
      ['a', 'b', 'c'].map((check) => ({ check, inMs: 0 })),
      0,
    ),
    1,
  ).schedule;
  expect([...first.running]).toEqual(['a']);
  const next = withPlan(first, [{ check: 'c', inMs: 5_000 }], 10);
  expect([...next.running]).toEqual(['a']);
  expect(names(next.queue)).toEqual(['c']);
  expect([...next.pending.keys()]).toEqual(['c']);
});

test('a check that is running does not start again; its next start is an interval after the one left out', () => {
  const running = at(0, withPlan(EMPTY_SCHEDULE, [{ check: 'a', inMs: 0 }], 0)).schedule;
  const due = at(30_000, running);
  expect(due.start).toEqual([]);
  expect(due.schedule.queue).toEqual([]);
  expect(due.schedule.pending.get('a')).toBe(60_000);
});

test('after a pause longer than an interval a check starts once, and is back in step', () => {
  const plan = withPlan(EMPTY_SCHEDULE, [{ check: 'a', inMs: 1_000 }], 0);
  const late = at(95_000, plan);
  expect([...late.start, ...late.missed]).toHaveLength(1);
  expect(late.schedule.pending.get('a')).toBe(121_000);
});

test('at most as many runs at once as allowed; the rest waits in the order it came due', () => {
  const starts = ['c', 'a', 'b', 'd'].map((check, index) => ({ check, inMs: index }));
  const first = at(10, withPlan(EMPTY_SCHEDULE, starts, 0));
  expect(names(first.start)).toEqual(['c', 'a']);
  expect(names(first.schedule.queue)).toEqual(['b', 'd']);
  const second = at(20, withoutRun(first.schedule, 'c'));
  expect(names(second.start)).toEqual(['b']);
});

test('bursts start ahead of the schedule, in the order they were asked for', () => {
  const full = at(
    0,
    withPlan(
      EMPTY_SCHEDULE,
      ['a', 'b', 'c', 'd'].map((check) => ({ check, inMs: 0 })),
      0,
    ),
  ).schedule;
  const first = withDemand(full, { check: 'e', trigger: 'burst' }, 50);
  const second = withDemand(first, { check: 'd', trigger: 'manual' }, 60);
  expect(second.queue).toEqual([
    { check: 'e', trigger: 'burst', dueMs: 50 },
    // It has waited since it was due by the schedule, and that is what counts.
    { check: 'd', trigger: 'manual', dueMs: 0 },
    { check: 'c', trigger: 'schedule', dueMs: 0 },
  ]);
  expect(withDemand(second, { check: 'e', trigger: 'burst' }, 70)).toEqual(second);
});

test('a start out of turn of a check that is running changes nothing, and neither moves the schedule', () => {
  const running = at(0, withPlan(EMPTY_SCHEDULE, [{ check: 'a', inMs: 0 }], 0)).schedule;
  expect(withDemand(running, { check: 'a', trigger: 'burst' }, 10)).toBe(running);
  const idle = withoutRun(running, 'a');
  const again = at(10, withDemand(idle, { check: 'a', trigger: 'burst' }, 10));
  expect(again.start).toEqual([{ check: 'a', trigger: 'burst', dueMs: 10 }]);
  expect(again.schedule.pending.get('a')).toBe(30_000);
});

test('a start that waited over a quarter of its interval is missed, at once and not only when a place is free', () => {
  expect(waitMsMax(30_000)).toBe(7_500);
  expect(waitMsMax(2_000)).toBe(1_000);
  const plan = withPlan(
    EMPTY_SCHEDULE,
    ['a', 'b', 'c'].map((check) => ({ check, inMs: 0 })),
    0,
  );
  const full = at(0, plan);
  expect(full.wakeInMs).toBe(7_501);
  const waiting = at(7_500, full.schedule);
  expect([waiting.start, waiting.missed]).toEqual([[], []]);
  const over = at(7_501, full.schedule);
  expect(names(over.missed)).toEqual(['c']);
  expect(over.schedule.queue).toEqual([]);
});

test("without a hub the starts have the hub's own phases", () => {
  const check = { id: 'a', intervalMs: 40_000, regions: ['r1', 'r2', 'r3', 'r4'] };
  const inMs = check.regions.map((region) => ownStarts([check], region, 1_000_000)[0]?.inMs ?? -1);
  for (const [index, wait] of inMs.entries()) {
    expect(wait).toBeGreaterThan(0);
    expect(((wait - (inMs[0] ?? 0) + 80_000) % 40_000) - index * 10_000).toBe(0);
  }
  expect(ownStarts([check], 'elsewhere', 0)).toEqual([]);
});

test("a start's own deadline holds for that start; the next one, and one that is left out, has none", () => {
  const plan = withPlan(EMPTY_SCHEDULE, [{ check: 'a', inMs: 0, deadlineMs: 6_000 }], 0);
  const first = at(0, plan);
  expect(first.start).toEqual([{ check: 'a', trigger: 'schedule', dueMs: 0, deadlineMs: 6_000 }]);
  const moved = withStarts(first.schedule, [{ check: 'a', inMs: 10, deadlineMs: 5_000 }], 0);
  expect(at(10, moved).start).toEqual([]);
  const next = at(40_000, withoutRun(at(10, moved).schedule, 'a'));
  expect(next.start[0]?.deadlineMs).toBeUndefined();
});

test('a new next start takes back the deadline of the one before', () => {
  const plan = withPlan(EMPTY_SCHEDULE, [{ check: 'a', inMs: 0, deadlineMs: 6_000 }], 0);
  const moved = withStarts(plan, [{ check: 'a', inMs: 5 }], 0);
  expect(at(5, moved).start[0]?.deadlineMs).toBeUndefined();
});

test('of two demands for a check that waits, the shorter deadline counts', () => {
  const asked = (schedule: Schedule, deadlineMs?: number) =>
    withDemand(schedule, { check: 'a', trigger: 'burst', deadlineMs }, 50);
  const waiting = { ...EMPTY_SCHEDULE, queue: [{ check: 'a', trigger: 'schedule', dueMs: 0 }] } as const;
  const first = asked(waiting, 6_000);
  expect(first.queue).toEqual([{ check: 'a', trigger: 'burst', dueMs: 0, deadlineMs: 6_000 }]);
  expect(asked(first)).toBe(first);
  expect(asked(first, 9_000)).toBe(first);
  expect(asked(first, 5_000).queue[0]?.deadlineMs).toBe(5_000);
});

test('who has slept starts at once what came due meanwhile, and makes up for nothing after an absence', () => {
  const plan = withPlan(
    EMPTY_SCHEDULE,
    [
      { check: 'ahead', inMs: 40_000 },
      { check: 'just', inMs: 25_000 },
      { check: 'late', inMs: 5_000 },
      { check: 'long-ago', inMs: 0 },
    ],
    0,
  );
  expect(at(30_000, plan, 9).missed.map(({ check }) => check)).toEqual(['long-ago', 'late']);
  const awake = awoken(plan, 30_000, () => INTERVAL_MS);
  expect(awake.pending).toEqual(
    new Map([
      ['ahead', 40_000],
      ['just', 25_000],
      ['late', 30_000],
      ['long-ago', 60_000],
    ]),
  );
  const { start, missed, schedule } = at(30_000, awake);
  expect([names(start), missed]).toEqual([['just', 'late'], []]);
  expect(schedule.pending.get('late')).toBe(60_000);
  expect(awoken(schedule, 30_001, () => INTERVAL_MS).pending).toEqual(schedule.pending);
});
