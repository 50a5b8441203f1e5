import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ANSWER_MS_MAX, RUNS_PER_REPORT_MAX, type Report } from '#core/wire.ts';
import { HUB_TIMINGS } from '#probes/hub/hub-timings.ts';
import { ReportDelivery } from '#worker/objects/report-delivery.ts';
import { aRun } from '#test/fixtures/builders.ts';

type Checks = ConstructorParameters<typeof ReportDelivery>[1];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The checks' objects, of which only `sound` answers: no real object can be made to hang. */
function hangingExcept(sound: string): Checks {
  const ingest = (entries: { runJson: string }[]) => ({
    results: entries.map(({ runJson }) => ({
      id: (JSON.parse(runJson) as { id: string }).id,
      duplicate: false,
    })),
    bursting: false,
    nowMs: 0,
  });
  return {
    getByName: (id: string) => ({
      ingest: async (entries: { runJson: string }[]) =>
        id === sound ? ingest(entries) : new Promise<never>(() => undefined),
    }),
  };
}

it('checks that do not answer leave time to acknowledge the others before the probe gives up', async () => {
  const entries: Report['entries'] = Array.from({ length: RUNS_PER_REPORT_MAX }, (_, index) => ({
    ageMs: 0,
    run: aRun({ check: index === 5 ? 'sound' : `hangs-${index}`, seq: index + 1 }),
  }));
  const delivery = new ReportDelivery('us-east', hangingExcept('sound'));
  let answer: unknown;
  void delivery.deliver({ type: 'report', entries }).then((delivered) => (answer = delivered));
  await vi.advanceTimersByTimeAsync(ANSWER_MS_MAX);
  expect(answer).toEqual({ runs: [entries[5]?.run.id], starts: [] });
});

it('a probe waits longer than a hub takes to answer', () => {
  expect(Math.min(HUB_TIMINGS.ackMs, HUB_TIMINGS.requestMs)).toBeGreaterThan(ANSWER_MS_MAX);
});
