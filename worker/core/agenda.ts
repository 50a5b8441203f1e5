import { nextStartInMs, phaseMs } from './schedule.ts';
import type { Check } from './config.ts';
import type { Run } from './run.ts';
import type { NextStart } from './wire.ts';

/** A start that is due, and since when. All times here are milliseconds by the probe's monotonic clock. */
export type Start = {
  check: string;
  trigger: Run['trigger'];
  dueMs: number;
  /** How long the run may take, when that is less than the check's timeout. */
  deadlineMs?: number | undefined;
};

/** When each check of the plan starts next, what waits for a free place, and what runs. */
export type Schedule = {
  pending: ReadonlyMap<string, number>;
  /** Deadlines of pending starts that have one of their own. */
  deadlines: ReadonlyMap<string, number>;
  queue: readonly Start[];
  running: ReadonlySet<string>;
};

export type Decision = {
  schedule: Schedule;
  /** To start now. */
  start: Start[];
  /** Waited too long for a place: to report as `invalid` `overload`, not to run. */
  missed: Start[];
  /** When to decide again, unless something happens before. */
  wakeInMs: number | undefined;
};

export const EMPTY_SCHEDULE: Schedule = {
  pending: new Map(),
  deadlines: new Map(),
  queue: [],
  running: new Set(),
};

/** A run that starts later than a quarter of its interval (but at least this) after it was due is not the schedule's. */
const WAIT_MS_MIN = 1_000;

/** How long a start may wait for a free place on the probe, milliseconds. */
export function waitMsMax(intervalMs: number): number {
  return Math.max(WAIT_MS_MIN, intervalMs / 4);
}

/** A new plan: it replaces the one before; waiting starts of checks that left it are dropped, runs go on. */
export function withPlan(schedule: Schedule, starts: readonly NextStart[], nowMs: number): Schedule {
  const pending = new Map(starts.map(({ check, inMs }) => [check, nowMs + inMs]));
  const queue = schedule.queue.filter(({ check, trigger }) => trigger !== 'schedule' || pending.has(check));
  return { ...schedule, pending, deadlines: deadlinesOf(starts), queue };
}

/** New next starts of checks of the plan; those of other checks are ignored. */
export function withStarts(schedule: Schedule, starts: readonly NextStart[], nowMs: number): Schedule {
  const known = starts.filter(({ check }) => schedule.pending.has(check));
  const changes = known.map(({ check, inMs }): [string, number] => [check, nowMs + inMs]);
  const others = [...schedule.deadlines].filter(([check]) => !known.some((start) => start.check === check));
  return {
    ...schedule,
    pending: new Map([...schedule.pending, ...changes]),
    deadlines: new Map([...others, ...deadlinesOf(known)]),
  };
}

function deadlinesOf(starts: readonly NextStart[]): Map<string, number> {
  return new Map(
    starts.flatMap(({ check, deadlineMs }): [string, number][] =>
      deadlineMs === undefined ? [] : [[check, deadlineMs]],
    ),
  );
}

/**
 * A start out of turn: ahead of the schedule's, behind earlier ones of its kind. Running already → nothing changes: the
 * answer to that run says what comes next. Waiting already → it moves ahead, keeps its due time, and has the shorter one
 * of the deadlines.
 */
export function withDemand(
  schedule: Schedule,
  demand: { check: string; trigger: 'burst' | 'manual'; deadlineMs?: number | undefined },
  nowMs: number,
): Schedule {
  if (schedule.running.has(demand.check)) return schedule;
  const waiting = schedule.queue.find(({ check }) => check === demand.check);
  const deadlineMs = shorter(waiting?.deadlineMs, demand.deadlineMs);
  if (waiting !== undefined && waiting.trigger !== 'schedule') {
    if (deadlineMs === waiting.deadlineMs) return schedule;
    const queue = schedule.queue.map((start) => (start === waiting ? { ...start, deadlineMs } : start));
    return { ...schedule, queue };
  }
  const others = schedule.queue.filter((start) => start !== waiting);
  const ahead = others.filter(({ trigger }) => trigger !== 'schedule');
  const behind = others.filter(({ trigger }) => trigger === 'schedule');
  const { check, trigger } = demand;
  const start: Start = { check, trigger, dueMs: waiting?.dueMs ?? nowMs, deadlineMs };
  return { ...schedule, queue: [...ahead, start, ...behind] };
}

function shorter(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.min(one, other ?? one);
}

/** A run has ended: its place is free. */
export function withoutRun(schedule: Schedule, check: string): Schedule {
  return { ...schedule, running: new Set([...schedule.running].filter((running) => running !== check)) };
}

/**
 * A schedule that nobody looked at for a while, as of an object that an alarm wakes, which may come a minute late: what came
 * due meanwhile is due now, for it has waited for no place. What is late by its interval or more belongs to an absence, and
 * goes on by its cadence: all checks at once would only keep each other waiting.
 */
export function awoken(schedule: Schedule, nowMs: number, intervalMsOf: (check: string) => number): Schedule {
  const pending = new Map(schedule.pending);
  for (const [check, dueMs] of schedule.pending) {
    const intervalMs = intervalMsOf(check);
    const lateMs = nowMs - dueMs;
    if (lateMs >= intervalMs) pending.set(check, dueMs + intervalMs * (Math.floor(lateMs / intervalMs) + 1));
    else if (lateMs > waitMsMax(intervalMs)) pending.set(check, nowMs);
  }
  return { ...schedule, pending };
}

/**
 * What starts now. A check never runs twice at once: a start that comes due meanwhile is left out, and the next one is an
 * interval later. So the cadence holds without a hub; a hub's answer replaces it.
 */
export function decide(
  schedule: Schedule,
  given: { nowMs: number; concurrency: number; intervalMsOf: (check: string) => number },
): Decision {
  const { nowMs, concurrency, intervalMsOf } = given;
  const pending = new Map(schedule.pending);
  const deadlines = new Map(schedule.deadlines);
  const running = new Set(schedule.running);
  let queue = [...schedule.queue];
  for (const [check, dueMs] of [...pending].toSorted(([, a], [, b]) => a - b)) {
    if (dueMs > nowMs) break;
    const intervalMs = intervalMsOf(check);
    pending.set(check, dueMs + intervalMs * (Math.floor((nowMs - dueMs) / intervalMs) + 1));
    const deadlineMs = deadlines.get(check);
    deadlines.delete(check);
    if (running.has(check) || queue.some((start) => start.check === check)) continue;
    queue.push({ check, trigger: 'schedule', dueMs, deadlineMs });
  }
  const expiresMs = ({ check, dueMs }: Start): number => dueMs + waitMsMax(intervalMsOf(check));
  const missed = queue.filter((start) => nowMs > expiresMs(start));
  queue = queue.filter((start) => nowMs <= expiresMs(start));
  const start = queue.splice(0, Math.max(0, concurrency - running.size));
  for (const { check } of start) running.add(check);
  const momentsMs = [...pending.values(), ...queue.map((waiting) => expiresMs(waiting) + 1)];
  return {
    schedule: { pending, deadlines, queue, running },
    start,
    missed,
    wakeInMs: momentsMs.length === 0 ? undefined : Math.max(0, Math.min(...momentsMs) - nowMs),
  };
}

/**
 * The starts of a region's checks without a hub's plan: the same phases the hub would give, by the wall clock.
 * `nowWallMs` is epoch ms.
 */
export function ownStarts(
  checks: readonly Pick<Check, 'id' | 'intervalMs' | 'regions'>[],
  region: string,
  nowWallMs: number,
): NextStart[] {
  return checks
    .filter(({ regions }) => regions.includes(region))
    .map(({ id, intervalMs, regions }) => {
      const phase = phaseMs(id, intervalMs, regions.indexOf(region), regions.length);
      return { check: id, inMs: nextStartInMs(nowWallMs, intervalMs, phase) };
    });
}
