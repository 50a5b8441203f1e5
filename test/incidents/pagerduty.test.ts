import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Failure } from '#core/failure.ts';
import type { Delivery } from '#core/delivery.ts';
import { breakPager, mendPager, migrate } from '#test/worker/hub.ts';
import { MINUTE_MS, SECOND_MS, Story } from './story.ts';

const DOWN: Failure = {
  owner: 'target',
  class: 'http',
  httpStatus: 502,
  message: 'Bad Gateway',
  step: 'Sign in',
};

beforeAll(migrate);
afterEach(async () => {
  vi.useRealTimers();
  await mendPager();
});

/** The pager fails too. The outage begins in the tenth minute and does not end by itself. */
describe('PagerDuty', () => {
  const downMs = 10 * MINUTE_MS;
  const outage = (check: string): Story =>
    new Story(check, (atMs) => ({ durationMs: 800, failure: atMs >= downMs ? DOWN : undefined }));

  it('28 August 2025: rejects nearly all events for 38 minutes: another way wakes somebody in time', async () => {
    await breakPager({ fault: 'status', status: 502, path: 'pagerduty' });
    const story = outage('pager-down');
    await story.until(downMs + 2 * MINUTE_MS);
    const [incident] = await story.incidents();
    expect((incident?.acceptedMs ?? Infinity) - downMs).toBeLessThanOrEqual(120 * SECOND_MS);
    const decidedMs = incident?.decidedMs ?? 0;
    const fallback = find(await deliveries(story), 'phone', 'fallback');
    expect(fallback).toMatchObject({ state: 'accepted' });
    expect((fallback?.acceptedAtMs ?? 0) - story.originMs - decidedMs).toBeLessThanOrEqual(10 * SECOND_MS);
    expect(find(await deliveries(story), 'pager', 'page')?.state).toMatch(/pending|in-flight/);
    // What was broken is told where it is not, and the page is tried until it is taken.
    expect(find(await deliveries(story), 'phone', 'notice')?.page.reason).toBe('channel-broken');
    await mendPager();
    await story.until(downMs + 4 * MINUTE_MS);
    expect(find(await deliveries(story), 'pager', 'page')).toMatchObject({ state: 'accepted' });
  });

  it('a revoked integration key answers 400: the fallback does not wait', async () => {
    await breakPager({ fault: 'status', status: 400, path: 'pagerduty' });
    const story = outage('pager-refuses');
    await story.until(downMs + 90 * SECOND_MS);
    const all = await deliveries(story);
    expect(find(all, 'pager', 'page')).toMatchObject({ state: 'dead', refused: true, attempts: 1 });
    const [incident] = await story.incidents();
    const waitedMs =
      (find(all, 'phone', 'fallback')?.acceptedAtMs ?? Infinity) -
      story.originMs -
      (incident?.decidedMs ?? 0);
    expect(waitedMs).toBeLessThan(2 * SECOND_MS);
  });

  it('6 January 2023: accepts events and notifies nobody: unacknowledged for five minutes, it escalates', async () => {
    const story = outage('pager-mute');
    await story.until(downMs + 4 * MINUTE_MS);
    expect(find(await deliveries(story), 'pager', 'page')).toMatchObject({ state: 'accepted' });
    expect(find(await deliveries(story), 'phone', 'escalation')).toBeUndefined();
    await story.until(downMs + 7 * MINUTE_MS);
    expect(find(await deliveries(story), 'phone', 'escalation')).toMatchObject({ state: 'accepted' });
  });

  it('what somebody has acknowledged does not escalate, and is told to the pager', async () => {
    const story = outage('pager-answered');
    await story.until(downMs + 2 * MINUTE_MS);
    const check = env.CHECKS.getByName('pager-answered');
    expect(await check.acknowledge(1, 'Ada', 'operator')).toEqual({ state: 'acknowledged', by: 'Ada' });
    expect(await check.acknowledge(1, 'Grace', 'link')).toEqual({ state: 'already', by: 'Ada' });
    await story.until(downMs + 9 * MINUTE_MS);
    const all = await deliveries(story);
    expect(find(all, 'phone', 'escalation')).toBeUndefined();
    expect(all.find(({ event }) => event === 'acknowledge')).toMatchObject({
      channel: 'pager',
      state: 'accepted',
    });
  });
});

async function deliveries(story: Story): Promise<Delivery[]> {
  return (await story.view()).deliveries;
}

function find(all: readonly Delivery[], channel: string, role: Delivery['role']): Delivery | undefined {
  return all.find((delivery) => delivery.channel === channel && delivery.role === role);
}
