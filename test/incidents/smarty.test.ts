import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { migrate } from '#test/worker/hub.ts';
import { API_NAME, API_POOL } from './latchkey.config.ts';
import { visitOf } from './modelled-name.ts';
import { MINUTE_MS, seeded, Story, type Told } from './story.ts';

beforeAll(migrate);
afterEach(() => vi.useRealTimers());

/** Of the modelled answers; nothing in them depends on it. */
const NOW_MS = Date.UTC(2018, 10, 13);

/**
 * Smarty, 13 November 2018: latency from outside rose from about 100 ms to over a second, nothing inside showed it. Twice
 * as many addresses under one name followed, which many resolvers deny; then a split answer, outside the promised ranges.
 */
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

  it('pages forty addresses under one name within two minutes, and is clear when they are fewer again', async () => {
    const few = await visitOf(API_NAME, { addresses: addressesOf(1, 16) }, NOW_MS);
    const many = await visitOf(API_NAME, { addresses: addressesOf(1, 40) }, NOW_MS);
    const doubledMs = 20 * MINUTE_MS;
    const reducedMs = 50 * MINUTE_MS;
    const story = new Story('api-name', (atMs) => (atMs >= doubledMs && atMs < reducedMs ? many : few));
    await story.until(doubledMs);
    expect(await story.incidents()).toEqual([] satisfies Told[]);
    await story.until(doubledMs + 2 * MINUTE_MS);
    const [paged] = await story.incidents();
    expect(paged).toMatchObject({ seq: 1, status: 'open', errorClass: 'dns' });
    expect(paged?.acceptedMs).toBeLessThan(doubledMs + 2 * MINUTE_MS);
    const said = (await story.view()).state.incident?.cause?.failure.message;
    expect(said).toContain('A: 40 records in one set');
    await story.until(reducedMs + 10 * MINUTE_MS);
    expect((await story.incidents()).map(({ seq, status }) => [seq, status])).toEqual([[1, 'resolved']]);
  });

  it('pages the first answer with an address outside the published ranges, not the next morning', async () => {
    const promised = ['198.51.100.0/27'];
    const before = await visitOf(API_POOL, { addresses: addressesOf(1, 8), ranges: promised }, NOW_MS);
    const after = await visitOf(API_POOL, { addresses: addressesOf(33, 40), ranges: promised }, NOW_MS);
    const splitMs = 20 * MINUTE_MS;
    const story = new Story('api-pool', (atMs) => (atMs >= splitMs ? after : before));
    await story.until(splitMs);
    expect(await story.incidents()).toEqual([] satisfies Told[]);
    await story.until(splitMs + 2 * MINUTE_MS);
    const [paged] = await story.incidents();
    expect(paged).toMatchObject({ seq: 1, status: 'open', errorClass: 'dns' });
    expect((await story.view()).state.incident?.cause?.failure.step).toContain('C3 allow-list contract');
  });

  it('pages an address whose range was published with it: customers were promised fourteen days', async () => {
    const promised = ['198.51.100.0/27'];
    const before = await visitOf(API_POOL, { addresses: addressesOf(1, 8), ranges: promised }, NOW_MS);
    const ranges = [...promised, '198.51.100.32/27'];
    const after = await visitOf(API_POOL, { addresses: addressesOf(33, 40), ranges }, NOW_MS);
    const splitMs = 20 * MINUTE_MS;
    const story = new Story('api-promised', (atMs) => (atMs >= splitMs ? after : before));
    await story.until(splitMs + 2 * MINUTE_MS);
    const [paged] = await story.incidents();
    expect(paged).toMatchObject({ seq: 1, status: 'open', errorClass: 'dns' });
    const { failure } = (await story.view()).state.incident?.cause ?? {};
    expect(failure?.step).toContain('C3 allow-list contract');
    expect(failure?.message).toMatch(/14 d/);
  });
});

/** Addresses `198.51.100.FROM` to `198.51.100.TO`. */
function addressesOf(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, n) => `198.51.100.${from + n}`);
}

async function slow(story: Story) {
  return (await story.view()).state.slow;
}
