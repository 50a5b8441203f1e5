import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Run } from '#core/run.ts';
import { ANSWER_MS_MAX, RUNS_PER_REPORT_MAX, type Report } from '#core/wire.ts';
import { HUB_TIMINGS } from '#probes/hub/hub-timings.ts';
import { ReportDelivery } from '#worker/objects/report-delivery.ts';
import { aRun } from '#test/fixtures/builders.ts';

type Stores = ConstructorParameters<typeof ReportDelivery>[1];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Objects of which only those answer: no real one can be made to hang. A service's gives the ids it was given. */
function hangingExcept(...sound: string[]): Stores {
  const hang = () => new Promise<never>(() => undefined);
  const idOf = (runJson: string) => (JSON.parse(runJson) as { id: string }).id;
  return {
    CHECKS: {
      getByName: (id: string) => ({
        ingest: async (entries: { runJson: string }[]) =>
          sound.includes(id)
            ? {
                results: entries.map(({ runJson }) => ({ id: idOf(runJson), duplicate: false })),
                bursting: false,
                nowMs: 0,
              }
            : hang(),
      }),
    },
    DEPLOYS: {
      getByName: (id: string) => ({
        ingest: async (runJsons: string[]) => (sound.includes(id) ? runJsons.map(idOf) : hang()),
      }),
    },
  };
}

const verifying = (service: string): Pick<Run, 'trigger' | 'deploy'> => ({
  trigger: 'deploy',
  deploy: { service, n: 1, pair: 1, side: 'canary', apart: true },
});

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

it('a run that verifies a deploy is acknowledged when its check and its service both have it, and holds up no other', async () => {
  const runs = [
    aRun({ check: 'login', seq: 1, ...verifying('portal') }),
    aRun({ check: 'login', seq: 2, ...verifying('hanging-service') }),
    aRun({ check: 'hanging-check', seq: 3, ...verifying('portal') }),
    aRun({ check: 'login', seq: 4 }),
  ];
  const delivery = new ReportDelivery('us-east', hangingExcept('login', 'portal'));
  let answer: unknown;
  void delivery
    .deliver({ type: 'report', entries: runs.map((run) => ({ ageMs: 0, run })) })
    .then((delivered) => (answer = delivered));
  await vi.advanceTimersByTimeAsync(ANSWER_MS_MAX);
  expect(answer).toEqual({ runs: [runs[0]?.id, runs[3]?.id], starts: [] });
});

it('a probe waits longer than a hub takes to answer', () => {
  expect(Math.min(HUB_TIMINGS.ackMs, HUB_TIMINGS.requestMs)).toBeGreaterThan(ANSWER_MS_MAX);
});
