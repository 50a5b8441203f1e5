import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Failure } from '#core/failure.ts';
import { migrate } from '#test/worker/hub.ts';
import { rollbacksOf } from './rollbacks.ts';
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

  it('is rolled back within two minutes of the update when the pipeline announces it, and the incident tells it as it was', async () => {
    // Minute 24 is 13:24. What was asked for at 13:34 that day is called by itself, and takes effect twenty seconds later.
    let restoredMs = Number.POSITIVE_INFINITY;
    const story = new Story('exam-release', (atMs) => ({
      durationMs: 2_400,
      failure: atMs >= updateMs && atMs < restoredMs ? THROWN : undefined,
    }));
    await story.until(updateMs);
    const { n, announcedAtMs } = await story.announce({
      service: 'exams',
      version: '7.4.0',
      previousVersion: '7.3.9',
      commit: 'f00dcafe',
    });
    while ((await story.deploy()).rollback?.calledAtMs === undefined && story.atMs < updateMs + 2 * MINUTE_MS)
      await story.until(story.atMs + SECOND_MS);
    const calledAtMs = (await story.deploy()).rollback?.calledAtMs ?? Number.POSITIVE_INFINITY;
    expect(calledAtMs - announcedAtMs).toBeLessThan(30 * SECOND_MS);
    expect(await rollbacksOf('exams')).toMatchObject([
      {
        id: `exams.${n}.${announcedAtMs}`,
        times: 1,
        body: { type: 'deploy.rollback', data: { version: '7.4.0', previousVersion: '7.3.9' } },
      },
    ]);
    restoredMs = calledAtMs - story.originMs + 20 * SECOND_MS;
    await story.until(restoredMs + 8 * MINUTE_MS);

    const deploy = await story.deploy();
    expect(deploy).toMatchObject({ phase: 'ended', outcome: 'bad', rollback: { via: 'setting' } });
    expect(deploy.reason).toContain('Rolled back: 7.3.9 is healthy');
    expect(deploy.healthyAgainAtMs).toBeGreaterThan(story.originMs + restoredMs);

    const [incident, ...others] = (await story.view()).incidents;
    expect(others).toEqual([]);
    expect(incident).toMatchObject({
      status: 'resolved',
      deploy: {
        deploy: { service: 'exams', version: '7.4.0', outcome: 'bad', rolledBackAtMs: calledAtMs },
      },
    });
    // Update, first crash, decision, page, rollback, restored: in the order and at the times at which they happened.
    const { ledger, cleanSinceMs } = incident ?? {};
    const told = [
      incident?.deploy?.deploy.atMs,
      ledger?.firstFailedStartMs,
      incident?.deploy?.deploy.decidedAtMs,
      ledger?.acceptedMs,
      cleanSinceMs,
      incident?.resolvedAtMs,
    ].map((timeMs) => (timeMs ?? Number.NaN) - story.originMs);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told[0]).toBe(updateMs);
    expect((ledger?.acceptedMs ?? Infinity) - story.originMs - updateMs).toBeLessThan(120 * SECOND_MS);
    expect((cleanSinceMs ?? 0) - story.originMs).toBeGreaterThanOrEqual(restoredMs);
    expect((cleanSinceMs ?? Infinity) - story.originMs).toBeLessThan(restoredMs + 15 * SECOND_MS);
  });

  it('would have been taken back in beta, the day before, with nobody woken and no exam lost', async () => {
    let takenBackMs = Number.POSITIVE_INFINITY;
    const story = new Story('exam-beta', (atMs, _region, aim) => {
      const isBeta = aim?.service === 'exams-beta' && aim.side === 'canary' && aim.selector !== undefined;
      return { durationMs: 2_400, failure: isBeta && atMs < takenBackMs ? THROWN : undefined };
    });
    await story.until(2 * MINUTE_MS);
    await story.announce({ service: 'exams-beta', version: '7.4.0', previousVersion: '7.3.9' });
    await story.until(3 * MINUTE_MS);
    takenBackMs = story.atMs;
    await story.until(6 * MINUTE_MS);
    const deploy = await story.deploy();
    expect(deploy).toMatchObject({ phase: 'ended', outcome: 'bad' });
    expect((deploy.rollback?.calledAtMs ?? Infinity) - deploy.announcedAtMs).toBeLessThan(15 * SECOND_MS);
    expect(deploy.verification?.checks[0]).toMatchObject({ baseline: { failures: 0 } });
    expect(await rollbacksOf('exams-beta')).toHaveLength(1);
    expect(await story.incidents()).toEqual([]);
  });
});
