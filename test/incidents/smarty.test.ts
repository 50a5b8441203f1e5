import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { migrate } from '#test/worker/hub.ts';
import { MINUTE_MS, seeded, Story, type Told } from './story.ts';

beforeAll(migrate);
afterEach(() => vi.useRealTimers());

/** Smarty, 13 November 2018: latency from outside rose from about 100 ms to over a second, nothing inside showed it. */
describe('Smarty, 2018', () => {
  const shiftMs = 30 * MINUTE_MS;
  const mendedMs = 50 * MINUTE_MS;

  it('pages a shift of latency that most regions see, and says when it is over', async () => {
    const chance = seeded(13_11_2018);
    const story = new Story('api-shift', (atMs) => {
      const isSlow = atMs >= shiftMs && atMs < mendedMs;
      return { durationMs: isSlow ? 1_100 + chance() * 900 : 90 + chance() * 40 };
    });
    await story.until(shiftMs);
    expect(await slow(story)).toBeUndefined();
    await story.until(shiftMs + 5 * MINUTE_MS);
    const view = await story.view();
    expect(view.state.slow).toMatchObject({ status: 'open', rule: 'latency', seq: 1 });
    expect(view.state.slow?.ledger.acceptedMs).toBeDefined();
    expect(view.verdict).toBe('up');
    await story.until(mendedMs + 12 * MINUTE_MS);
    expect((await story.view()).state.slow).toMatchObject({ status: 'resolved', seq: 1 });
  });

  it('does not page for one far region that is ten times slower than it was', async () => {
    const chance = seeded(14_11_2018);
    const story = new Story('api-outlier', (atMs, region) => {
      const isSlow = atMs >= shiftMs && atMs < mendedMs && region === 'ap-south';
      return { durationMs: isSlow ? 1_500 + chance() * 2_000 : 90 + chance() * 40 };
    });
    await story.until(mendedMs);
    expect(await slow(story)).toBeUndefined();
    expect(await story.incidents()).toEqual([] satisfies Told[]);
  });
});

async function slow(story: Story) {
  return (await story.view()).state.slow;
}
