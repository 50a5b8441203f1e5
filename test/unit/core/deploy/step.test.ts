import { describe, expect, it } from 'vitest';
import type { DeployEvent } from '#core/deploy/event.ts';
import { tellDeploy, withoutPairs } from '#core/deploy/telling/telling.ts';
import { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import {
  aDeployPolicy,
  BOTH_FINE,
  DeployStory,
  FAIL,
  MINUTE,
  PASS,
  SECOND,
  T0,
  type World,
} from '#test/fixtures/deploy-story.ts';

const WEBHOOK = {
  kind: 'webhook',
  url: 'https://ci.example/rollback',
  signingSecret: { secret: 'ROLLBACK_SECRET' },
} as const;
const UNATTENDED = { rollback: { ...WEBHOOK, unattended: true } };
const BY_COMMAND = { rollback: { kind: 'command' as const, command: ['./rollback.sh'], unattended: true } };
const ATTENDED = { rollback: WEBHOOK };

/** The canary fails until the rollback, everybody else is fine. */
const DEAD_CANARY: World = { run: (side) => (side === 'canary' ? FAIL : PASS) };

/** After the rollback there is no canary any more: what is asked then is what everybody gets. */
function rolledBack(story: DeployStory): World {
  return { run: (side) => (side === 'canary' && story.deploy.phase === 'verifying' ? FAIL : PASS) };
}

describe('a good deploy', () => {
  it.each([
    [['us-east', 'us-west', 'eu-west', 'ap-south'], 90],
    [['us-east', 'us-west'], 130],
  ])('is said to be good after 49 clean runs, with %s within %d s', (regions, withinS) => {
    const story = new DeployStory(aDeployPolicy({}, regions), BOTH_FINE);
    story.announce();
    expect(story.untilEnded()).toBeLessThan(withinS * SECOND);
    expect(story.deploy).toMatchObject({ outcome: 'good', reason: 'All 49 canary runs passed.' });
    expect(story.pages('trigger')).toEqual([]);
    expect(story.pages('notice')).toEqual([]);
  });

  it('is shown as a change once, and its checks are told of it and of its outcome', () => {
    const story = new DeployStory(aDeployPolicy(), BOTH_FINE);
    story.announce();
    story.untilEnded();
    expect(story.pages('change').map(({ page }) => page.summary)).toEqual([
      'Portal 4.2.1 deployed to a canary (was 4.2.0)',
    ]);
    expect(story.of('mark').map(({ effect }) => effect.mark.outcome)).toEqual([undefined, 'good']);
  });

  it('takes all of its journeys', () => {
    const policy = aDeployPolicy({ checks: ['portal-login', 'lti-launch'] });
    const story = new DeployStory(policy, {
      run: (side, _atMs, _region, check) => (check === 'lti-launch' && side === 'canary' ? FAIL : PASS),
    });
    story.announce();
    story.until(MINUTE);
    expect(story.deploy).toMatchObject({ outcome: 'bad' });
    expect(story.deploy.reason).toMatch(/^LTI launch: 3 of 3 canary runs failed/);
  });
});

describe('pairs', () => {
  it('are asked of every live region at once, and the sides take turns in each', () => {
    const story = new DeployStory(aDeployPolicy(), BOTH_FINE);
    story.announce();
    story.until(21 * SECOND);
    const asked = story.of('verify');
    expect(asked.filter(({ atMs }) => atMs < SECOND).map(({ effect }) => effect.region)).toEqual([
      'us-east',
      'us-west',
      'eu-west',
      'ap-south',
    ]);
    const firsts = asked
      .filter(({ effect }) => effect.region === 'us-west')
      .map(({ effect }) => effect.sides.map(({ side }) => side).join(' '));
    expect(firsts).toEqual([
      'baseline canary',
      'canary baseline',
      'baseline canary',
      'canary baseline',
      'baseline canary',
    ]);
    // Only the canary's side is brought there.
    for (const { effect } of asked)
      for (const { side, selector } of effect.sides)
        expect(selector?.kind).toBe(side === 'canary' ? 'header' : undefined);
  });

  it('of one journey never overlap in a region, however long they take', () => {
    const story = new DeployStory(aDeployPolicy(), {
      run: () => ({ outcome: 'pass', durationMs: 18_000 }),
    });
    story.announce();
    story.until(40 * SECOND);
    const inEast = story.of('verify').filter(({ effect }) => effect.region === 'us-east');
    expect(inEast.map(({ atMs }) => Math.round(atMs / SECOND))).toEqual([0, 18, 36]);
  });

  it('go on in a region whose object did not answer, and in one that comes back', () => {
    const story = new DeployStory(aDeployPolicy(), {
      run: () => PASS,
      isLive: (region, atMs) => region !== 'eu-west' || atMs > 30 * SECOND,
    });
    story.announce();
    expect(story.untilEnded()).toBeLessThan(2 * MINUTE);
    expect(story.deploy.outcome).toBe('good');
    const inWest = story.deploy.verification?.pairs.filter(({ region }) => region === 'eu-west') ?? [];
    expect(new Set(inWest.map(({ state }) => state))).toEqual(new Set(['lost', 'in']));
  });
});

describe('a dead canary', () => {
  it('is rolled back by the setting after the first round, and the version before is seen healthy', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    story.world = rolledBack(story);
    story.announce();
    story.untilEnded();
    const [call, ...others] = story.of('roll-back');
    expect(others).toEqual([]);
    // One round of runs: a second of the canary, two of the baseline beside it.
    expect(call?.atMs).toBeLessThan(3 * SECOND);
    expect(call?.effect).toMatchObject({ n: 1, key: `portal.1.${story.deploy.announcedAtMs}`, attempt: 1 });
    expect(story.deploy).toMatchObject({ outcome: 'bad', rollback: { state: 'called', via: 'setting' } });
    expect(story.deploy.healthyAgainAtMs).toBeDefined();
    expect(story.deploy.reason).toContain('Rolled back: 4.2.0 is healthy');
    expect(story.pages('trigger')).toEqual([]);
    expect(story.pages('notice').map(({ page }) => page.summary)).toEqual([
      expect.stringContaining('Portal 4.2.1 is bad: 3 of 3 canary runs failed'),
      'Portal 4.2.1 was bad and is rolled back: 4.2.0 is healthy again',
    ]);
    // What is looked at then is the place where the new version was.
    const after = story.of('verify').filter(({ atMs }) => atMs > (call?.atMs ?? 0) + SECOND);
    expect(after.length).toBeGreaterThan(40);
    for (const { effect } of after)
      expect(effect.sides).toEqual([
        { side: 'canary', selector: expect.objectContaining({ kind: 'header' }) },
      ]);
  });

  it('that stays where it was though its rollback was called is no healthy version before: people are paged', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    story.announce();
    story.until(6 * MINUTE);
    expect(story.deploy).toMatchObject({ phase: 'verifying-again', rollback: { state: 'called' } });
    expect(story.pages('trigger').map(({ page }) => page.summary)).toEqual([
      expect.stringContaining('was rolled back, and 4.2.0 is not seen healthy'),
    ]);
  });

  it('at an address of its own is not looked for there once it is taken back: the address may be gone with it', () => {
    const canary = { kind: 'url', url: 'https://portal.example:8443' } as const;
    const story = new DeployStory(aDeployPolicy({ ...UNATTENDED, canary }), DEAD_CANARY);
    story.world = rolledBack(story);
    story.announce();
    story.untilEnded();
    expect(story.deploy.healthyAgainAtMs).toBeDefined();
    const [call] = story.of('roll-back');
    const after = story.of('verify').filter(({ atMs }) => atMs > (call?.atMs ?? 0) + SECOND);
    for (const { effect } of after) expect(effect.sides).toEqual([{ side: 'canary' }]);
  });

  it('is not rolled back without the setting: the pipeline asks, and nobody is woken', () => {
    const story = new DeployStory(aDeployPolicy(ATTENDED), DEAD_CANARY);
    story.world = rolledBack(story);
    story.announce();
    story.until(5 * SECOND);
    expect(story.deploy).toMatchObject({ phase: 'rolling-back', rollback: { state: 'offered' } });
    expect(story.of('roll-back')).toEqual([]);
    const wish = { n: 1, by: 'pipeline portal', via: 'pipeline' } as const;
    story.tell({ type: 'rollback-wanted', nowMs: T0 + story.atMs, ...wish });
    story.tell({ type: 'rollback-wanted', nowMs: T0 + story.atMs, ...wish });
    expect(story.of('roll-back')).toHaveLength(1);
    story.untilEnded();
    expect(story.deploy.rollback).toMatchObject({ state: 'called', askedBy: 'pipeline portal' });
    expect(story.pages('trigger')).toEqual([]);
  });

  it('that nobody rolls back pages people within 25 s, and no later deploy leaves that page open', () => {
    const story = new DeployStory(aDeployPolicy(ATTENDED), DEAD_CANARY);
    story.announce();
    story.until(30 * SECOND);
    const [page, ...others] = story.pages('trigger');
    expect(others).toEqual([]);
    expect(page?.atMs).toBeLessThan(25 * SECOND);
    expect(page?.page).toMatchObject({
      dedupKey: 'deploy.portal:1',
      check: 'deploy.portal',
      reason: 'deploy',
      severity: 'critical',
      incidentUrl: 'https://hub.example/operator/deploys/portal/1',
    });
    expect(page?.page.summary).toContain('Portal 4.2.1 is bad and still there');
    story.world = BOTH_FINE;
    story.announce({ version: '4.2.2' });
    expect(story.pages('resolve').map(({ page: { dedupKey } }) => dedupKey)).toEqual(['deploy.portal:1']);
    expect(story.of('retire').map(({ effect }) => effect.deploy)).toMatchObject([{ n: 1, outcome: 'bad' }]);
    story.untilEnded();
    expect(story.deploy).toMatchObject({ n: 2, outcome: 'good' });
  });

  it('does not page again what its checks have paged', () => {
    const story = new DeployStory(aDeployPolicy(ATTENDED), {
      ...DEAD_CANARY,
      standings: (checks, atMs) =>
        checks.map((check) => ({
          check,
          ...(atMs > SECOND ? { openIncident: { seq: 7, summary: 'Portal login fails' } } : {}),
        })),
    });
    story.announce();
    story.until(40 * SECOND);
    expect(story.pages('trigger')).toEqual([]);
    expect(story.deploy.timeline.at(-1)?.text).toBe('not paged again: portal-login:7 is open');
  });

  it('waits an hour for somebody, then ends as bad', () => {
    const story = new DeployStory(aDeployPolicy(ATTENDED), DEAD_CANARY);
    story.announce();
    expect(story.untilEnded()).toBeGreaterThan(59 * MINUTE);
    expect(story.deploy).toMatchObject({ outcome: 'bad', rollback: { state: 'offered' } });
  });
});

describe('a bad version that everybody gets', () => {
  it('is judged without a baseline, and left to the checks to page', () => {
    const story = new DeployStory(aDeployPolicy({ ...ATTENDED, canary: undefined }), { run: () => FAIL });
    story.announce();
    story.until(2 * MINUTE);
    expect(story.deploy).toMatchObject({ outcome: 'bad', phase: 'rolling-back' });
    expect(story.deploy.reason).toContain('there is no baseline to compare them with');
    for (const { effect } of story.of('verify')) expect(effect.sides).toEqual([{ side: 'canary' }]);
    expect(story.pages('trigger')).toEqual([]);
    expect(story.pages('notice')).toHaveLength(1);
  });
});

describe('an outage in the middle of a verification', () => {
  const outage: World = { run: () => FAIL };

  it('is nobody’s deploy: people are paged, nothing is rolled back, and deploys are frozen until somebody lifts it', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), outage);
    story.announce();
    story.until(40 * SECOND);
    expect(story.deploy).toMatchObject({ phase: 'ended', outcome: 'both-failing' });
    expect(story.of('roll-back')).toEqual([]);
    expect(story.pages('trigger').map(({ page }) => page.summary)).toEqual([
      expect.stringMatching(/^Outage while Portal 4\.2\.1 was verified: .*both versions fail/),
    ]);

    story.world = BOTH_FINE;
    story.announce({ version: '4.2.2' });
    story.until(story.atMs + 5 * SECOND);
    // Nor is that page closed by one that is not deployed.
    expect(story.deploy.n).toBe(1);
    expect(story.pages('resolve')).toEqual([]);
    expect(story.of('retire').map(({ effect }) => effect.deploy)).toMatchObject([
      { n: 2, outcome: 'blocked', reason: expect.stringContaining('No freeze') },
    ]);
    story.announce({ version: '4.2.3', duringIncident: true });
    story.until(story.atMs + 5 * SECOND);
    expect(story.deploy).toMatchObject({ n: 3, phase: 'verifying' });

    story.tell({ type: 'freeze-lifted', nowMs: T0 + story.atMs, by: 'ada' });
    story.announce({ version: '4.2.4' });
    story.until(story.atMs + 5 * SECOND);
    expect(story.deploy).toMatchObject({ n: 4, phase: 'verifying' });
  });

  it('is paged although the pipeline tries again at once', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), outage);
    story.announce({ key: 'run-1' });
    story.until(10 * SECOND);
    expect(story.deploy.outcome).toBe('both-failing');
    story.announce({ key: 'run-2' });
    story.until(MINUTE);
    expect(story.pages('trigger').map(({ page }) => page.dedupKey)).toEqual(['deploy.portal:1']);
  });

  it('that is over does not close the page of a later deploy, which is of something else', () => {
    const story = new DeployStory(aDeployPolicy(ATTENDED), outage);
    story.announce();
    story.until(MINUTE);
    story.world = DEAD_CANARY;
    story.announce({ version: '4.2.2', duringIncident: true });
    story.until(2 * MINUTE);
    expect(story.pages('trigger').map(({ page }) => page.dedupKey)).toEqual([
      'deploy.portal:1',
      'deploy.portal:2',
    ]);
    story.tell({ type: 'freeze-lifted', nowMs: T0 + story.atMs, by: 'ada' });
    expect(story.pages('resolve').map(({ page }) => page.dedupKey)).toEqual(['deploy.portal:1']);
  });

  it('is a notice when the checks have paged it', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), {
      ...outage,
      standings: (checks, atMs) =>
        checks.map((check) => ({
          check,
          ...(atMs > SECOND ? { openIncident: { seq: 1, summary: 'Portal login fails' } } : {}),
        })),
    });
    story.announce();
    story.until(MINUTE);
    expect(story.pages('trigger')).toEqual([]);
    expect(story.pages('notice')).toHaveLength(1);
  });
});

describe('silence', () => {
  it('is no promotion: without a live region it cannot tell, at the deadline it was given', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), { run: () => PASS, isLive: () => false });
    story.announce({ timeout: '180s' });
    expect(story.untilEnded()).toBe(180 * SECOND + 20);
    expect(story.deploy).toMatchObject({ outcome: 'cannot-tell' });
    expect(story.deploy.reason).toContain('silence is not health');
  });

  it.each<[string, World]>([
    ['runs that are the probes’ own fault', { run: () => ({ outcome: 'invalid', durationMs: 100 }) }],
    ['runs that never come', { run: () => 'lost' }],
    [
      'canary runs that never come, beside a healthy baseline',
      { run: (side) => (side === 'canary' ? 'lost' : PASS) },
    ],
  ])('of %s is no verdict either', (_name, world) => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), world);
    story.announce({ timeout: '180s' });
    story.untilEnded();
    expect(story.deploy.outcome).toBe('cannot-tell');
    expect(story.of('roll-back')).toEqual([]);
  });

  it('of the baseline does not hide that the canary fails', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), {
      run: (side) => (side === 'canary' ? FAIL : 'lost'),
    });
    story.announce();
    story.until(90 * SECOND);
    expect(story.deploy.outcome).toBe('bad');
    expect(story.of('roll-back')).not.toEqual([]);
  });
});

describe('a rollback', () => {
  it('is called again while it is not taken, always by the same key', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    story.world = {
      ...rolledBack(story),
      rollBack: (attempt) =>
        attempt < 4 ? { ok: false, refused: false, error: 'http 503' } : { ok: true, refused: false },
    };
    story.announce();
    story.untilEnded();
    const calls = story.of('roll-back');
    const key = `portal.1.${story.deploy.announcedAtMs}`;
    expect(calls.map(({ effect }) => [effect.attempt, effect.key])).toEqual([
      [1, key],
      [2, key],
      [3, key],
      [4, key],
    ]);
    expect(story.deploy.healthyAgainAtMs).toBeDefined();
  });

  it('that was lost in a crash is called again once its lease has run out', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    story.world = {
      ...rolledBack(story),
      rollBack: (attempt) => (attempt === 1 ? undefined : { ok: true, refused: false }),
    };
    story.announce();
    story.untilEnded();
    const [first, second, ...others] = story.of('roll-back').map(({ atMs }) => atMs);
    expect(others).toEqual([]);
    expect((second ?? 0) - (first ?? 0)).toBe(15 * SECOND);
  });

  it('that is refused pages people at once, and can be asked for again by hand', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    story.world = { ...rolledBack(story), rollBack: () => ({ ok: false, refused: true, error: 'http 401' }) };
    story.announce();
    story.until(10 * SECOND);
    const [page] = story.pages('trigger');
    expect(page?.page.summary).toContain('Rollback of Portal 4.2.1 failed: http 401');
    story.world = rolledBack(story);
    story.tell({ type: 'rollback-wanted', nowMs: T0 + story.atMs, n: 1, by: 'ada', via: 'operator' });
    story.untilEnded();
    expect(story.deploy).toMatchObject({ rollback: { state: 'called', askedBy: 'ada' } });
    // Whoever calls must know that it is not the first call.
    expect(story.of('roll-back').map(({ effect }) => effect.attempt)).toEqual([1, 2]);
    expect(story.pages('resolve')).toHaveLength(1);
  });

  it('that nobody takes until its deadline pages people', () => {
    const story = new DeployStory(aDeployPolicy({ rollback: { ...UNATTENDED.rollback, deadline: '60s' } }), {
      ...DEAD_CANARY,
      rollBack: () => ({ ok: false, refused: false, error: 'http 503' }),
    });
    story.announce();
    story.until(2 * MINUTE);
    const [page, ...others] = story.pages('trigger');
    expect(others).toEqual([]);
    expect(page?.atMs).toBeLessThan(65 * SECOND);
  });

  it('that takes a while to take effect is no news until its deadline', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    story.world = { run: (side, atMs) => (side === 'canary' && atMs < 2 * MINUTE ? FAIL : PASS) };
    story.announce();
    story.untilEnded();
    expect(story.pages('trigger')).toEqual([]);
    expect(story.deploy.healthyAgainAtMs).toBeDefined();
    // Failing at once, it is not asked for without end.
    const before = story.of('verify').filter(({ atMs }) => atMs < 2 * MINUTE);
    expect(before.length).toBeLessThan(4 * 30);
  });

  it('after which all goes well wakes nobody because there were too few runs by its deadline', () => {
    const rollback = { ...UNATTENDED.rollback, deadline: '30s' };
    const story = new DeployStory(aDeployPolicy({ rollback }, ['us-east', 'us-west']), DEAD_CANARY);
    story.world = rolledBack(story);
    story.announce();
    expect(story.untilEnded()).toBeGreaterThan(2 * MINUTE);
    expect(story.deploy.healthyAgainAtMs).toBeDefined();
    expect(story.pages('trigger')).toEqual([]);
  });

  it('after which nothing more is heard, or a run fails, pages people nevertheless', () => {
    const rollback = { ...UNATTENDED.rollback, deadline: '30s' };
    const silent = new DeployStory(aDeployPolicy({ rollback }, ['us-east']), DEAD_CANARY);
    silent.world = { ...rolledBack(silent), isLive: (_region, atMs) => atMs < MINUTE };
    const failing = new DeployStory(aDeployPolicy({ rollback }, ['us-east']), DEAD_CANARY);
    failing.world = {
      run: (side, atMs) =>
        side === 'canary' && (failing.deploy.phase === 'verifying' || atMs > MINUTE) ? FAIL : PASS,
    };
    for (const [story, withinMs] of [
      [silent, 16 * MINUTE],
      [failing, 2 * MINUTE],
    ] as const) {
      story.announce();
      story.until(withinMs);
      expect(story.pages('trigger')).toHaveLength(1);
    }
  });

  it('after which nothing gets better pages people at its deadline, and is over once it does', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    story.world = { run: (side, atMs) => (side === 'canary' && atMs < 10 * MINUTE ? FAIL : PASS) };
    story.announce();
    story.until(8 * MINUTE);
    const [page, ...others] = story.pages('trigger');
    expect(others).toEqual([]);
    expect(page?.page.summary).toContain('was rolled back, and 4.2.0 is not seen healthy');
    expect(page?.atMs).toBeGreaterThan(4.9 * MINUTE);
    story.untilEnded();
    expect(story.pages('resolve')).toHaveLength(1);
    expect(story.deploy.healthyAgainAtMs).toBeDefined();
  });

  it('that is asked for after almost an hour is looked at as long as any other, without asking for time at every moment', () => {
    const story = new DeployStory(aDeployPolicy(ATTENDED), DEAD_CANARY);
    story.announce();
    story.until(58 * MINUTE);
    story.world = { run: (side, atMs) => (side === 'canary' && atMs < 70 * MINUTE ? FAIL : PASS) };
    story.tell({ type: 'rollback-wanted', nowMs: T0 + story.atMs, n: 1, by: 'ada', via: 'operator' });
    expect(story.untilEnded()).toBeGreaterThan(70 * MINUTE);
    expect(story.deploy.healthyAgainAtMs).toBeDefined();
  });

  it('with the longest deadline pages people all the same when nobody takes it', () => {
    const story = new DeployStory(aDeployPolicy({ rollback: { ...UNATTENDED.rollback, deadline: '60m' } }), {
      ...DEAD_CANARY,
      rollBack: () => undefined,
    });
    story.announce();
    story.until(61 * MINUTE);
    expect(story.pages('trigger')).toHaveLength(1);
  });

  it('by command is the pipeline’s to run and to tell of; no page of ours can ask for it', () => {
    const story = new DeployStory(aDeployPolicy(BY_COMMAND), DEAD_CANARY);
    story.world = rolledBack(story);
    story.announce();
    story.until(5 * SECOND);
    expect(story.of('roll-back')).toEqual([]);
    expect(tellDeploy(story.policy, story.deploy, T0 + story.atMs).command).toEqual(['./rollback.sh']);
    story.tell({ type: 'rollback-called', nowMs: T0 + story.atMs, n: 1, ok: true, refused: false });
    story.untilEnded();
    expect(story.deploy.healthyAgainAtMs).toBeDefined();
  });

  it('by command that fails, or that nobody runs, pages people', () => {
    const failing = new DeployStory(aDeployPolicy(BY_COMMAND), DEAD_CANARY);
    failing.announce();
    failing.until(5 * SECOND);
    const error = 'exit status 3';
    failing.tell({
      type: 'rollback-called',
      nowMs: T0 + failing.atMs,
      n: 1,
      ok: false,
      refused: true,
      error,
    });
    expect(failing.pages('trigger').map(({ page }) => page.summary)).toEqual([
      expect.stringContaining('exit status 3'),
    ]);
    const before = failing.state;
    const nowMs = T0 + failing.atMs + SECOND;
    failing.tell({ type: 'rollback-called', nowMs, n: 1, ok: false, refused: true, error });
    expect(failing.state).toEqual(before);
    failing.untilEnded();
    expect(failing.deploy.reason).toMatch(/ Its rollback failed\.$/);
    const forgotten = new DeployStory(aDeployPolicy(BY_COMMAND), DEAD_CANARY);
    forgotten.announce();
    forgotten.until(6 * MINUTE);
    expect(forgotten.pages('trigger').map(({ page }) => page.summary)).toEqual([
      expect.stringContaining('nobody has taken the order in time'),
    ]);
  });
});

describe('twice', () => {
  it('the same announcement is one deploy: by its key, or while it goes on by version and commit', () => {
    const story = new DeployStory(aDeployPolicy(), BOTH_FINE);
    story.announce({ key: 'run-1' });
    story.until(5 * SECOND);
    story.announce({ key: 'run-1' });
    expect(story.deploy.n).toBe(1);
    story.untilEnded();
    story.announce({ key: 'run-1' });
    expect(story.deploy.n).toBe(1);
    story.announce({ key: 'run-2' });
    expect(story.deploy.n).toBe(2);

    const keyless = new DeployStory(aDeployPolicy(), BOTH_FINE);
    keyless.announce();
    keyless.announce();
    expect(keyless.deploy.n).toBe(1);
    keyless.untilEnded();
    keyless.announce();
    expect(keyless.deploy.n).toBe(2);
  });

  it('an event of a deploy that is over changes nothing', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), BOTH_FINE);
    story.announce();
    story.untilEnded();
    const before = story.state;
    const nowMs = T0 + story.atMs;
    const events: DeployEvent[] = [
      { type: 'rollback-wanted', nowMs, n: 1, by: 'ada', via: 'operator' },
      { type: 'rollback-called', nowMs, n: 1, ok: true, refused: false },
      { type: 'asked', nowMs, n: 1, pair: 9_999, isLive: true },
      { type: 'standings', nowMs, n: 1, standings: [{ check: 'portal-login' }] },
      { type: 'tick', nowMs },
    ];
    for (const event of events) story.tell(event);
    expect(story.state).toEqual(before);
  });

  it('every event tells the same story as once', () => {
    const once = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    const twice = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    once.world = rolledBack(once);
    twice.world = rolledBack(twice);
    const tell = twice.tell.bind(twice);
    twice.tell = (event) => {
      tell(event);
      const { state, effects } = twice;
      const known = effects.length;
      tell(event);
      // The repeat had nothing to ask for.
      expect(effects.length).toBe(known);
      expect(twice.state).toEqual(state);
    };
    for (const story of [once, twice]) {
      story.announce({ key: 'a' });
      story.untilEnded();
    }
    expect(twice.deploy.timeline).toEqual(once.deploy.timeline);
  });
});

describe('a later deploy', () => {
  it('takes the place of one that goes on', () => {
    const story = new DeployStory(aDeployPolicy(), BOTH_FINE);
    story.announce();
    story.until(5 * SECOND);
    story.announce({ version: '4.2.2' });
    expect(story.of('retire').map(({ effect }) => effect.deploy)).toMatchObject([
      { n: 1, phase: 'ended', outcome: 'superseded' },
    ]);
    story.untilEnded();
    expect(story.deploy).toMatchObject({ n: 2, outcome: 'good' });
    // What comes late of the first one counts for neither.
    expect(story.deploy.verification?.checks[0]?.canary.pairs).toHaveLength(52);
  });

  it('leaves what the one before was found to be', () => {
    const story = new DeployStory(aDeployPolicy(ATTENDED), DEAD_CANARY);
    story.announce();
    story.until(5 * SECOND);
    story.announce({ version: '4.2.2' });
    const [over] = story.of('retire').map(({ effect }) => effect.deploy);
    expect(over).toMatchObject({ outcome: 'bad' });
    expect(over?.reason).toMatch(/^3 of 3 canary runs failed.*A later deploy took its place\.$/);
  });

  it('that is blocked after a while does not let a bad one before be forgotten', () => {
    const story = new DeployStory(aDeployPolicy(ATTENDED), DEAD_CANARY);
    story.announce();
    story.until(5 * SECOND);
    story.world = {
      ...BOTH_FINE,
      standings: (checks, atMs) => (atMs > 6 * SECOND ? checks.map((check) => ({ check })) : []),
    };
    story.announce({ version: '4.2.2' });
    story.until(MINUTE);
    expect(story.deploy).toMatchObject({ n: 2, outcome: 'blocked' });
    expect(story.pages('trigger').map(({ page }) => page.summary)).toEqual([
      expect.stringMatching(/^Portal 4\.2\.1 is bad and still there: .* 4\.2\.2 is blocked\.$/),
    ]);
  });

  it('that is blocked by what it says itself leaves the one before as it is', () => {
    const confirmed = { kind: 'confirmed' as const, id: 'told', title: 'Support is told' };
    const story = new DeployStory(aDeployPolicy({ ...UNATTENDED, checklist: [confirmed] }), DEAD_CANARY);
    story.world = rolledBack(story);
    story.announce({ confirmations: { told: 'yes' } });
    story.until(5 * SECOND);
    expect(story.deploy.phase).toBe('verifying-again');
    story.announce({ version: '4.2.2' });
    story.untilEnded();
    expect(story.deploy).toMatchObject({ n: 1, outcome: 'bad' });
    expect(story.deploy.healthyAgainAtMs).toBeDefined();
    expect(story.state.lastN).toBe(2);
  });
});

describe('only marking', () => {
  it('runs nothing', () => {
    const story = new DeployStory(aDeployPolicy(), BOTH_FINE);
    story.announce({ markOnly: true });
    story.until(MINUTE);
    expect(story.deploy).toMatchObject({ phase: 'ended', outcome: 'marked' });
    expect(story.of('verify')).toEqual([]);
    // Everybody has it, as far as is known.
    expect(story.pages('change').map(({ page }) => page.summary)).toEqual([
      'Portal 4.2.1 deployed (was 4.2.0)',
    ]);
    expect(story.of('mark').map(({ effect }) => effect.mark.isCanary)).toEqual([false]);
  });
});

describe('only marking beside a deploy that goes on', () => {
  it('takes nothing of it: it is rolled back, and the version before is seen healthy', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    story.world = rolledBack(story);
    story.announce({ key: 'a' });
    story.announce({ key: 'b', version: '4.3.0', markOnly: true });
    story.until(5 * SECOND);
    story.announce({ key: 'b', version: '4.3.0', markOnly: true });
    story.announce({ key: 'c', version: '4.2.0', markOnly: true });
    story.untilEnded();
    expect(story.deploy).toMatchObject({ n: 1, outcome: 'bad' });
    expect(story.deploy.healthyAgainAtMs).toBeDefined();
    expect(story.of('retire').map(({ effect }) => effect.deploy)).toMatchObject([
      { n: 2, outcome: 'marked' },
      { n: 3, outcome: 'marked' },
    ]);
    expect(story.pages('change')).toHaveLength(3);
    expect(story.of('mark').map(({ effect }) => effect.mark.n)).toEqual(expect.arrayContaining([1, 2, 3]));
    story.announce({ key: 'd', version: '4.2.2' });
    expect(story.deploy.n).toBe(4);
  });
});

describe('real attempts', () => {
  it('roll back what synthetic runs do not see', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), BOTH_FINE);
    story.announce();
    story.until(10 * SECOND);
    story.tell({
      type: 'attempts',
      nowMs: T0 + story.atMs,
      realAttempts: {
        canary: { attempts: 4_000, failures: 600 },
        baseline: { attempts: 40_000, failures: 400 },
      },
    });
    expect(story.deploy).toMatchObject({
      outcome: 'bad',
      reason: 'Of real attempts 15.0 % fail on the canary and 1.0 % on the baseline.',
    });
    expect(story.of('roll-back')).toHaveLength(1);
  });
});

describe('what is told of a deploy', () => {
  it('is what the schema says, at every moment, and never a selector’s value', () => {
    const story = new DeployStory(aDeployPolicy(UNATTENDED), DEAD_CANARY);
    story.world = rolledBack(story);
    story.announce({ baseline: { kind: 'cookie', name: 'lane', value: 'shut-sesame' } });
    const phases = new Set<string>();
    for (let atMs = 0; story.deploy.phase !== 'ended'; atMs += 500) {
      story.until(atMs);
      const told = tellDeploy(story.policy, story.deploy, T0 + atMs);
      expect(ToldDeploy.parse(JSON.parse(JSON.stringify(told)))).toEqual(JSON.parse(JSON.stringify(told)));
      expect(JSON.stringify(told)).not.toContain('sesame');
      phases.add(told.phase);
    }
    expect([...phases]).toEqual(expect.arrayContaining(['verifying', 'verifying-again', 'ended']));
    const told = tellDeploy(story.policy, story.deploy, T0 + story.atMs);
    expect(told).toMatchObject({ canary: 'header x-lane', baseline: 'cookie lane' });
    expect(told.verification?.pairs.length).toBeGreaterThan(0);
    expect(withoutPairs(told).verification?.pairs).toEqual([]);
    for (const { effect } of story.effects)
      if (effect.type !== 'verify' && effect.type !== 'retire')
        expect(JSON.stringify(effect)).not.toContain('sesame');
  });
});
