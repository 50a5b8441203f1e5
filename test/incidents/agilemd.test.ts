import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Failure } from '#core/failure.ts';
import { migrate } from '#test/worker/hub.ts';
import { MINUTE_MS, SECOND_MS, seeded, Story, type Told } from './story.ts';

const NOT_PRIMED: Failure = {
  owner: 'target',
  class: 'http',
  httpStatus: 503,
  message: 'Service Unavailable',
  step: 'Open the chart',
};

beforeAll(migrate);
afterEach(() => vi.useRealTimers());

/** AgileMD, 25 March 2014: a cache that was not primed answered 503 to 20–50 % of requests. Minute 0 is 11:00. */
describe('AgileMD, 2014', () => {
  const updatesMs = 30 * MINUTE_MS;
  const stableMs = 105 * MINUTE_MS;

  it('pages while the share of failing requests grows from 20 to 50 %, and takes it for one incident', async () => {
    const chance = seeded(25_3_2014);
    const story = new Story('release-storm', (atMs) => {
      const progress = (atMs - updatesMs) / (30 * MINUTE_MS);
      const share = atMs < updatesMs || atMs >= stableMs ? 0 : Math.min(0.5, 0.2 + 0.3 * progress);
      return chance() < share ? { durationMs: 400, failure: NOT_PRIMED } : { durationMs: 1_800 };
    });
    await story.until(stableMs + 8 * MINUTE_MS);
    const [incident, ...others] = await story.incidents();
    expect(others).toEqual([] satisfies Told[]);
    expect(incident).toMatchObject({ rule: 'partial', errorClass: 'http', status: 'resolved' });
    // A fifth of requests failing has to be told from chance: minutes, not the hour it took that day.
    expect((incident?.acceptedMs ?? Infinity) - updatesMs).toBeLessThanOrEqual(6 * MINUTE_MS);
    expect(incident?.resolvedAtMs).toBeGreaterThanOrEqual(stableMs);
  });

  it('pages half of the requests failing within two minutes', async () => {
    const chance = seeded(50_25_3);
    const story = new Story('release-half', (atMs) =>
      atMs >= updatesMs && chance() < 0.5 ? { durationMs: 400, failure: NOT_PRIMED } : { durationMs: 1_800 },
    );
    await story.until(updatesMs + 2 * MINUTE_MS);
    const [incident] = await story.incidents();
    expect((incident?.acceptedMs ?? Infinity) - updatesMs).toBeLessThanOrEqual(120 * SECOND_MS);
  });

  it('holds the release back until every region has it in its cache, and somebody has seen to capacity', async () => {
    let primedIn = ['us-east', 'us-west'];
    const story = new Story('release-gated', () => ({ durationMs: 1_800 }), {
      shelf: (_atMs, region) => ({
        status: 200,
        headers: { 'cf-cache-status': primedIn.includes(region) ? 'HIT' : 'MISS' },
      }),
    });
    await story.until(2 * MINUTE_MS);
    const release = { service: 'app', version: '2.0.0', previousVersion: '1.9.4' };
    await story.announce(release);
    await story.until(3 * MINUTE_MS);
    const held = await story.deploy();
    expect(held).toMatchObject({ phase: 'ended', outcome: 'blocked' });
    expect(held.checklist.map(({ id, state }) => [id, state])).toEqual([
      ['latchkey.no-freeze', 'passed'],
      ['latchkey.no-incident', 'passed'],
      ['updates', 'failed'],
      ['capacity', 'failed'],
    ]);
    const updates = held.checklist.find(({ id }) => id === 'updates')?.evidence.join('\n') ?? '';
    expect(updates).toMatch(/^eu-west: .*MISS/m);
    expect(updates).toMatch(/^us-east: .*HIT/m);
    expect(held.verification).toBeUndefined();

    primedIn = ['us-east', 'us-west', 'eu-west', 'ap-south'];
    await story.announce({
      ...release,
      confirmations: { capacity: '50 % more servers are up: ticket 1245' },
    });
    await story.until(6 * MINUTE_MS);
    expect(await story.deploy()).toMatchObject({ n: 2, outcome: 'good' });
  });
});
