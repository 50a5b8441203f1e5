import type { Check } from '#core/config.ts';
import { assignedProbe, hash32, nextStartInMs, phaseMs } from '#core/schedule.ts';
import type { NextStart, Plan } from '#core/wire.ts';
import { config } from '../settings.ts';

/** A timer that fired a little early must not start a check twice: starts nearer than this are left out. */
const NOT_BEFORE_MS = 1_000;

/** The checks of a region that this probe runs, of those live there, and when each starts next. */
export function planFor(
  region: string,
  probe: string,
  liveProbes: readonly string[],
  configHash: string,
  nowMs: number,
): Plan {
  const starts = config.checks
    .filter((check) => check.regions.includes(region) && assignedProbe(check.id, liveProbes) === probe)
    .map((check) => ({
      check: check.id,
      inMs: nextStartInMs(nowMs, check.intervalMs, phase(check, region)),
    }));
  return { type: 'plan', configHash, starts };
}

/** When a check starts next in this region: at its phase, or while a burst lasts after a short gap. */
export function nextStart(
  check: Check,
  region: string,
  bursting: boolean,
  nowMs: number,
): Pick<NextStart, 'check' | 'inMs'> {
  if (bursting) return { check: check.id, inMs: config.paging.burstGapMs };
  const notBeforeMs = Math.min(NOT_BEFORE_MS, check.intervalMs / 4);
  return {
    check: check.id,
    inMs: nextStartInMs(nowMs, check.intervalMs, phase(check, region), notBeforeMs),
  };
}

/** Tells sets of live probes apart: a probe whose plan was made for another set gets a new one. */
export function planKey(liveProbes: readonly string[]): number {
  return hash32(liveProbes.toSorted().join('\n'));
}

function phase(check: Check, region: string): number {
  return phaseMs(check.id, check.intervalMs, check.regions.indexOf(region), check.regions.length);
}
