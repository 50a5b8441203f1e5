import { describe, expect, it } from 'vitest';
import { FAILURES, soonestDecidableMs } from '#test/bench/canary/limit.ts';

type Told = Parameters<typeof soonestDecidableMs>[0];

/** A verification in which these runs of the canary failed: when their pairs were asked for, and how long they took. */
function verification(
  failed: Readonly<Record<string, readonly [askedAtMs: number, durationMs: number][]>>,
): Told {
  const checks = Object.keys(failed).map((check): Told['checks'][number] => ({
    check,
    title: check,
    outcome: 'roll-back',
    reason: '',
    warnings: [],
    canary: { runs: 0, failures: 0, invalid: 0 },
    evidence: 1,
    pending: 0,
    lost: 0,
    steps: [],
  }));
  const pairs = Object.entries(failed).flatMap(([check, runs]) =>
    runs.map(([askedAtMs, durationMs], index): Told['pairs'][number] => ({
      pair: index + 1,
      check,
      region: 'us-east',
      askedAtMs,
      state: 'in',
      canary: { runId: `p.1.${index}`, outcome: 'fail', durationMs },
      baseline: { runId: `p.2.${index}`, outcome: 'pass', durationMs: 9_999 },
    })),
  );
  return { checks, pairs };
}

describe('the soonest moment at which a deploy could be decided', () => {
  it('is the end of the third failed run, whatever their order', () => {
    expect(FAILURES).toBe(3);
    const told = verification({
      login: [
        [0, 900],
        [0, 300],
        [5_000, 100],
        [0, 700],
      ],
    });
    expect(soonestDecidableMs(told)).toBe(900);
  });

  it('is that of the journey where it is soonest', () => {
    const told = verification({
      login: [
        [0, 900],
        [0, 900],
        [0, 900],
      ],
      launch: [
        [0, 400],
        [0, 400],
        [100, 400],
      ],
    });
    expect(soonestDecidableMs(told)).toBe(500);
  });

  it('counts no run that passed, that was invalid, or that never came', () => {
    const told = verification({
      login: [
        [0, 100],
        [0, 100],
        [0, 100],
        [0, 100],
        [0, 800],
      ],
    });
    const [first, second, ...others] = told.pairs;
    if (!first?.canary || !second?.canary) throw new Error('expected pairs');
    const pairs = [
      { ...first, canary: { ...first.canary, outcome: 'pass' as const } },
      { ...second, canary: { ...second.canary, outcome: 'invalid' as const } },
      ...others,
      { ...first, canary: undefined },
    ];
    expect(soonestDecidableMs({ ...told, pairs })).toBe(800);
  });

  it('does not exist without three failures of one journey', () => {
    const told = verification({
      login: [
        [0, 100],
        [0, 100],
      ],
      launch: [[0, 100]],
    });
    expect(() => soonestDecidableMs(told)).toThrow(/expected 3 failed runs/u);
  });
});
