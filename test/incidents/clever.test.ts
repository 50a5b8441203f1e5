import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Failure } from '#core/failure.ts';
import { migrate } from '#test/worker/hub.ts';
import { rollbacksOf } from './rollbacks.ts';
import { MINUTE_MS, seeded, SECOND_MS, Story } from './story.ts';

/** Clever, 2018: single sign-on for schools (clever's post-mortem of 30 May, and its practice of paging within 2 minutes). */
const APP_DOWN: Failure = {
  owner: 'target',
  class: 'http',
  httpStatus: 503,
  message: 'Service Unavailable',
  step: 'Open the learning app',
};

beforeAll(migrate);
afterEach(() => vi.useRealTimers());

describe('Clever, 2018', () => {
  it('pages a faulty deploy of the app behind the portal within two minutes, and once', async () => {
    const deployMs = 10 * MINUTE_MS + 11 * SECOND_MS;
    const revertMs = 24 * MINUTE_MS;
    const story = new Story('clever-deploy', (atMs) => ({
      durationMs: 1_900,
      failure: atMs >= deployMs && atMs < revertMs ? APP_DOWN : undefined,
    }));
    await story.until(deployMs + 2 * MINUTE_MS);
    const [incident] = await story.incidents();
    expect(incident).toMatchObject({ seq: 1, rule: 'unanimous', errorClass: 'http', status: 'open' });
    expect((incident?.acceptedMs ?? Infinity) - deployMs).toBeLessThanOrEqual(120 * SECOND_MS);
    await story.until(40 * MINUTE_MS);
    const incidents = await story.incidents();
    expect(incidents).toHaveLength(1);
    expect(incidents[0]?.resolvedAtMs).toBeGreaterThanOrEqual(revertMs + 5 * MINUTE_MS);
  });

  it('does not wake anybody for 75 minutes of sporadic errors under 3 %, with one minute of 8 %', async () => {
    const chance = seeded(30_5_2018);
    const fromMs = 5 * MINUTE_MS;
    const untilMs = fromMs + 75 * MINUTE_MS;
    const worstMs = fromMs + 40 * MINUTE_MS;
    let failed = 0;
    const story = new Story('clever-sporadic', (atMs) => {
      const share =
        atMs < fromMs || atMs >= untilMs ? 0 : atMs >= worstMs && atMs < worstMs + MINUTE_MS ? 0.08 : 0.03;
      const fails = chance() < share;
      if (fails) failed += 1;
      return { durationMs: 1_500, failure: fails ? APP_DOWN : undefined };
    });
    await story.until(untilMs + 5 * MINUTE_MS);
    // The disruption was there to be seen.
    expect(failed).toBeGreaterThan(10);
    expect(await story.incidents()).toEqual([]);
  });

  it.each([
    ['fails every login', 'clever-canary', 1],
    ['fails a third of the logins', 'clever-canary', 0.33],
  ])(
    'rolls back the faulty deploy of June at its canary, which %s: not one down minute',
    async (_how, check, share) => {
      const chance = seeded(Math.round(share * 6_2018));
      let takenBackMs = Number.POSITIVE_INFINITY;
      const story = new Story(check, (atMs, _region, aim) => {
        const isFaulty = aim?.side === 'canary' && aim.selector !== undefined && atMs < takenBackMs;
        return { durationMs: 1_900, failure: isFaulty && chance() < share ? APP_DOWN : undefined };
      });
      const before = await rollbacksOf('sso');
      await story.until(3 * MINUTE_MS);
      const { announcedAtMs, n } = await story.announce({ service: 'sso', version: `6.${share}` });
      await story.until(5 * MINUTE_MS);
      takenBackMs = story.atMs;
      await story.until(8 * MINUTE_MS);
      const deploy = await story.deploy();
      expect(deploy).toMatchObject({ phase: 'ended', outcome: 'bad' });
      expect((deploy.rollback?.calledAtMs ?? Infinity) - announcedAtMs).toBeLessThan(120 * SECOND_MS);
      expect(deploy.healthyAgainAtMs).toBeDefined();
      expect((await rollbacksOf('sso')).slice(before.length)).toMatchObject([
        { id: `sso.${n}.${announcedAtMs}`, times: 1 },
      ]);
      // Everybody else logged in all the while.
      expect(await story.incidents()).toEqual([]);
    },
  );

  it('lets the other deploys of June through within two minutes, though a login fails now and then on both sides', async () => {
    const chance = seeded(99_997);
    const story = new Story('clever-healthy', () => ({
      durationMs: 1_900,
      failure: chance() < 0.005 ? APP_DOWN : undefined,
    }));
    await story.until(3 * MINUTE_MS);
    const { announcedAtMs } = await story.announce({ service: 'sso-healthy', version: '6.1.0' });
    await story.until(6 * MINUTE_MS);
    const deploy = await story.deploy();
    expect(deploy).toMatchObject({ phase: 'ended', outcome: 'good' });
    expect((deploy.decidedAtMs ?? Infinity) - announcedAtMs).toBeLessThan(120 * SECOND_MS);
    expect(await rollbacksOf('sso-healthy')).toEqual([]);
  });
});
