import { describe, expect, it } from 'vitest';
import { NO_ATTEMPTS, realAttemptsOf, restarted, withReport } from '#core/deploy/attempt-counts.ts';
import { AttemptsReport, SOURCES_MAX } from '#core/deploy/pipeline/attempts.ts';

type Counter = [side: 'canary' | 'baseline', attempts: number, failures: number];

function report(source: string, ...counters: Counter[]): AttemptsReport {
  return AttemptsReport.parse({
    service: 'portal',
    source,
    counters: counters.map(([side, attempts, failures]) => ({ side, attempts, failures })),
  });
}

describe('real attempts since the deploy', () => {
  it('are nobody’s as long as nobody counts', () => {
    expect(realAttemptsOf(NO_ATTEMPTS)).toBeUndefined();
  });

  it('are summed over the sources, and a report twice changes nothing', () => {
    let counts = withReport(NO_ATTEMPTS, report('web-1', ['baseline', 5_000, 50]));
    counts = restarted(counts);
    for (let times = 0; times < 2; times++) {
      counts = withReport(counts, report('web-1', ['baseline', 5_300, 53]));
      counts = withReport(counts, report('web-2', ['canary', 40, 4]));
    }
    expect(realAttemptsOf(counts)).toEqual({
      canary: { attempts: 40, failures: 4 },
      baseline: { attempts: 300, failures: 3 },
    });
  });

  it('of a source that is new: all of the canary, and of the baseline what comes from then on', () => {
    let counts = withReport(
      restarted(NO_ATTEMPTS),
      report('web-9', ['canary', 70, 7], ['baseline', 9_000, 90]),
    );
    expect(realAttemptsOf(counts)).toEqual({
      canary: { attempts: 70, failures: 7 },
      baseline: { attempts: 0, failures: 0 },
    });
    counts = withReport(counts, report('web-9', ['canary', 80, 8], ['baseline', 9_010, 91]));
    expect(realAttemptsOf(counts)).toEqual({
      canary: { attempts: 80, failures: 8 },
      baseline: { attempts: 10, failures: 1 },
    });
  });

  it('keep what a process had counted before it began anew', () => {
    let counts = withReport(NO_ATTEMPTS, report('web-1', ['canary', 100, 10]));
    counts = withReport(counts, report('web-1', ['canary', 5, 1]));
    expect(realAttemptsOf(counts)?.canary).toEqual({ attempts: 105, failures: 11 });
    counts = withReport(counts, report('web-1', ['canary', 6, 1]));
    expect(realAttemptsOf(counts)?.canary).toEqual({ attempts: 106, failures: 11 });
  });

  it('are never more failures than attempts, though one from before the deploy fails after it', () => {
    let counts = restarted(withReport(NO_ATTEMPTS, report('web-1', ['baseline', 1_000, 10])));
    counts = withReport(counts, report('web-1', ['baseline', 1_001, 13]));
    expect(realAttemptsOf(counts)?.baseline).toEqual({ attempts: 1, failures: 1 });
  });

  it('begin anew with a deploy', () => {
    const counts = restarted(withReport(NO_ATTEMPTS, report('web-1', ['canary', 100, 10])));
    expect(realAttemptsOf(counts)?.canary).toEqual({ attempts: 0, failures: 0 });
  });

  it('are bounded by the sources heard of last', () => {
    let counts = NO_ATTEMPTS;
    for (let n = 0; n < SOURCES_MAX + 5; n++)
      counts = withReport(counts, report(`web-${n}`, ['canary', 1, 0]));
    expect(counts.sources).toHaveLength(SOURCES_MAX);
    expect(realAttemptsOf(counts)?.canary.attempts).toBe(SOURCES_MAX);
  });

  it('are refused with more failures than attempts', () => {
    expect(() => report('web-1', ['canary', 1, 2])).toThrow('expected at most the attempts (1)');
  });
});
