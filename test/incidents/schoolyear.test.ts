import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Failure } from '#core/failure.ts';
import { migrate } from '#test/worker/hub.ts';
import { MINUTE_MS, SECOND_MS, Story } from './story.ts';

const THROWN: Failure = {
  owner: 'target',
  class: 'http',
  httpStatus: 500,
  message: 'Internal Server Error',
  step: 'Launch the exam',
};
const REFUSED: Failure = {
  owner: 'target',
  class: 'connect',
  message: 'net::ERR_CONNECTION_REFUSED',
  step: 'Open the portal',
};

beforeAll(migrate);
afterEach(() => vi.useRealTimers());

/** Schoolyear: a faulty LTI integration crashed the server at every exam start. Minute 24 is 13:24. */
describe('Schoolyear, LTI launch', () => {
  const updateMs = 24 * MINUTE_MS;
  const restoredMs = 39 * MINUTE_MS;

  it('pages the LTI launch within two minutes of the update, before the first alert of that day', async () => {
    const story = new Story('exam-launch', (atMs) => ({
      durationMs: 2_400,
      failure: atMs >= updateMs && atMs < restoredMs ? THROWN : undefined,
    }));
    await story.until(updateMs + 2 * MINUTE_MS);
    const [incident] = await story.incidents();
    expect((incident?.acceptedMs ?? Infinity) - updateMs).toBeLessThanOrEqual(120 * SECOND_MS);

    await story.until(restoredMs + 8 * MINUTE_MS);
    // The timeline of that day, out of the ledger by itself.
    const [over, ...others] = await story.incidents();
    expect(others).toEqual([]);
    expect(over?.firstFailedStartMs).toBeGreaterThanOrEqual(updateMs);
    expect(over?.firstFailedStartMs).toBeLessThan(updateMs + 30 * SECOND_MS);
    expect(over?.decidedMs).toBeGreaterThan(over?.firstFailedStartMs ?? Infinity);
    expect(over?.acceptedMs).toBeGreaterThanOrEqual(over?.decidedMs ?? Infinity);
    expect(over?.resolvedAtMs).toBeGreaterThanOrEqual(restoredMs + 5 * MINUTE_MS);
  });

  it('pages the bursts in which the crashing server fails everybody, though most runs pass', async () => {
    const firstCrashMs = 26 * MINUTE_MS;
    // Each exam start crashes the server; the orchestrator has it back after 20 s, and the next start comes.
    const story = new Story('exam-portal', (atMs) => {
      const sinceCrashMs = (atMs - firstCrashMs) % (55 * SECOND_MS);
      const isDown = atMs >= firstCrashMs && atMs < restoredMs && sinceCrashMs < 20 * SECOND_MS;
      return isDown ? { durationMs: 300, failure: REFUSED } : { durationMs: 1_600 };
    });
    await story.until(firstCrashMs + 3 * MINUTE_MS);
    const [incident, ...others] = await story.incidents();
    expect(others).toEqual([]);
    expect((incident?.acceptedMs ?? Infinity) - firstCrashMs).toBeLessThanOrEqual(120 * SECOND_MS);
    // Not taken for over between two crashes.
    await story.until(restoredMs - MINUTE_MS);
    expect(await story.incidents()).toMatchObject([{ seq: 1, status: 'open' }]);
  });
});
