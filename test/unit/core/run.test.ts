import { describe, expect, it } from 'vitest';
import { parseWith } from '#core/problem.ts';
import { Run, STEP_DEPTH_MAX, STEPS_MAX, type Step } from '#core/run.ts';
import { formatMs, parseDurationMs, truncate } from '#core/units.ts';
import { aFailedRun, anInvalidRun, aRun } from '#test/fixtures/builders.ts';

function pathsOf(value: unknown): string[] {
  const parsed = parseWith(Run, value);
  return parsed.ok ? [] : parsed.problems.map((problem) => problem.path);
}

function nested(depth: number): Step {
  return { title: 'step', startMs: 0, durationMs: 1, steps: depth > 1 ? [nested(depth - 1)] : [] };
}

describe('Run', () => {
  it('takes a pass, a failure of the target and a fault of our own', () => {
    for (const run of [aRun(), aFailedRun(), anInvalidRun()]) expect(pathsOf(run)).toEqual([]);
  });
  it('refuses an outcome whose failure belongs to the other side', () => {
    expect(pathsOf({ ...aFailedRun(), outcome: 'pass' })).toEqual(['failure']);
    expect(pathsOf({ ...aFailedRun(), outcome: 'invalid' })).toEqual(['failure']);
    expect(pathsOf({ ...aRun(), outcome: 'fail' })).toEqual(['failure']);
  });
  it('refuses an id that is not its own', () => {
    expect(pathsOf({ ...aRun(), id: 'another.1.1' })).toEqual(['id']);
  });
  it('bounds steps in number and depth', () => {
    const flat = Array.from({ length: STEPS_MAX / 2 + 1 }, () => nested(2));
    expect(pathsOf(aRun({ steps: flat }))).toEqual(['steps']);
    expect(pathsOf(aRun({ steps: [nested(STEP_DEPTH_MAX + 1)] }))).toEqual(['steps']);
    expect(pathsOf(aRun({ steps: [nested(STEP_DEPTH_MAX)] }))).toEqual([]);
  });
  it('refuses the one id that every object has as a key already', () => {
    expect(Run.safeParse(aRun({ probe: 'constructor' })).success).toBe(false);
    expect(Run.safeParse(aRun({ probe: 'constructor-1' })).success).toBe(true);
  });
  it('refuses unknown keys', () => {
    expect(pathsOf({ ...aRun(), extra: 1 })).toEqual(['extra']);
  });
});

describe('units', () => {
  it('parses durations and nothing else', () => {
    expect(['500ms', '30s', '1.5m', '2h', '14d'].map(parseDurationMs)).toEqual([
      500, 30_000, 90_000, 7_200_000, 1_209_600_000,
    ]);
    expect(['', '30', 's', '-1s', '1 s', '1e3s', '30S'].map(parseDurationMs)).toEqual(
      Array(7).fill(undefined),
    );
  });
  it('shows durations to people', () => {
    expect([0, 850, 12_340, 245_000, 60_000, 7_380_000, 180_000_000].map(formatMs)).toEqual([
      '0 ms',
      '850 ms',
      '12.3 s',
      '4 min 5 s',
      '1 min',
      '2 h 3 min',
      '2 d 2 h',
    ]);
  });
  it('cuts text without splitting a character', () => {
    expect(truncate('abcdef', 4)).toBe('abc…');
    expect(truncate('ab😀def', 4)).toBe('ab…');
    expect(truncate('abc', 3)).toBe('abc');
  });
});
