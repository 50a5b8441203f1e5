import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Failure } from '#core/failure.ts';
import { migrate } from '#test/worker/hub.ts';
import { MINUTE_MS, SECOND_MS, seeded, Story } from './story.ts';

const http = (httpStatus: number, message: string): Failure => ({
  owner: 'target',
  class: 'http',
  httpStatus,
  message,
  step: 'Sign in',
});
const BAD_GATEWAY = http(502, 'Bad Gateway');
const GATEWAY_TIMEOUT = http(504, 'Gateway Timeout');
/** A maintenance page answers 200: only the journey sees that it is not the registration. */
const MAINTENANCE_PAGE: Failure = {
  owner: 'target',
  class: 'assertion',
  message: 'expected “My courses”, saw “We will be right back”',
  step: 'See my courses',
};

beforeAll(migrate);
afterEach(() => vi.useRealTimers());

/** Civitas College Scheduler, 2 November 2020: registration day. */
describe('Civitas College Scheduler, 2020', () => {
  const spikeMs = 25 * MINUTE_MS;
  const maintenanceMs = 55 * MINUTE_MS;
  const liftedMs = maintenanceMs + 14 * MINUTE_MS;
  const relapseMs = liftedMs + 18 * MINUTE_MS;
  const endMs = relapseMs + 12 * MINUTE_MS;

  it('pages the collapse and the relapse, and takes neither the maintenance page nor a lull for recovery', async () => {
    const chance = seeded(2_11_2020);
    const collapsed = (): { durationMs: number; failure?: Failure } => {
      const kind = chance();
      if (kind < 0.4) return { durationMs: Number.POSITIVE_INFINITY };
      return kind < 0.7
        ? { durationMs: 900, failure: BAD_GATEWAY }
        : { durationMs: 6_000, failure: GATEWAY_TIMEOUT };
    };
    const story = new Story('college-login', (atMs) => {
      // Within 30 s of the spike logins time out.
      if (atMs >= spikeMs && atMs < maintenanceMs) return collapsed();
      if (atMs >= maintenanceMs && atMs < liftedMs) return { durationMs: 700, failure: MAINTENANCE_PAGE };
      if (atMs >= relapseMs && atMs < endMs) return collapsed();
      return { durationMs: 2_200 };
    });

    await story.until(spikeMs + 2 * MINUTE_MS);
    const [collapse] = await story.incidents();
    expect(collapse).toMatchObject({ seq: 1, status: 'open' });
    expect((collapse?.acceptedMs ?? Infinity) - spikeMs).toBeLessThanOrEqual(120 * SECOND_MS);
    const classes = new Set(
      Object.values((await story.view()).runs).flatMap((runs) =>
        runs.flatMap(({ failure }) =>
          failure?.owner === 'target' ? [`${failure.class} ${failure.httpStatus ?? ''}`.trim()] : [],
        ),
      ),
    );
    expect(classes).toEqual(new Set(['timeout', 'http 502', 'http 504']));

    await story.until(liftedMs - MINUTE_MS);
    expect(await story.incidents()).toMatchObject([{ seq: 1, status: 'open' }]);

    await story.until(relapseMs - MINUTE_MS);
    expect(await story.incidents()).toMatchObject([{ seq: 1, status: 'resolved' }]);

    await story.until(relapseMs + 2 * MINUTE_MS);
    const [, relapse] = await story.incidents();
    expect(relapse).toMatchObject({ seq: 2, status: 'open' });
    expect((relapse?.acceptedMs ?? Infinity) - relapseMs).toBeLessThanOrEqual(120 * SECOND_MS);

    await story.until(endMs + 8 * MINUTE_MS);
    expect(await story.incidents()).toMatchObject([
      { seq: 1, status: 'resolved' },
      { seq: 2, status: 'resolved' },
    ]);
  });
});
