import { describe, expect, it } from 'vitest';
import { standingOf } from '#core/deploy/standing.ts';
import { BLAMED_WITHIN_MS, type DeployMark } from '#core/deploy/telling/mark.ts';
import type { DeployRef, Run } from '#core/run.ts';
import { aFailedRun, aMark, anInvalidRun, aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { START_MS, Story } from './story.ts';

function deployed(story: Story, over: Partial<DeployMark> = {}): Story {
  return story.apply({ type: 'deployed', nowMs: story.nowMs, mark: aMark({ atMs: story.nowMs, ...over }) });
}

/** A run that verifies a deploy, of the canary alone unless told otherwise. */
function verifying(over: Partial<DeployRef> = {}): Pick<Run, 'trigger' | 'deploy'> {
  return {
    trigger: 'deploy',
    deploy: { service: 'portal', n: 31, pair: 1, side: 'canary', apart: true, ...over },
  };
}

/** All regions alive and passing, a deploy, and 12 s later all of them failing. */
function brokenByDeploy(over: Partial<DeployMark> = {}): Story {
  const story = new Story().allPass().alive(...FOUR_REGIONS);
  // The first failed run began half a second before it was reported.
  return deployed(story.wait(10_000), over).wait(12_500).fail();
}

describe('a run that only a canary answered', () => {
  it('has no vote: however many fail, nobody is paged and no burst is asked for', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    const before = story.state;
    for (let pair = 1; pair <= 20; pair += 1)
      for (const region of FOUR_REGIONS) story.run(aFailedRun, region, verifying({ pair })).wait(100);
    expect(story.effects).toEqual([]);
    expect(story.incident).toBeUndefined();
    expect(story.state.suspicion).toBeUndefined();
    for (const region of FOUR_REGIONS) {
      const { heardAtMs, ...now } = story.state.regions[region] ?? { heardAtMs: 0 };
      const { heardAtMs: heardBeforeMs, ...then } = before.regions[region] ?? { heardAtMs: 0 };
      expect(now).toEqual(then);
      expect(heardAtMs).toBeGreaterThan(heardBeforeMs);
    }
  });

  it('that passes neither ends a streak of failures nor counts as a recovery', () => {
    const story = new Story().page().wait(10_000);
    const { incident } = story;
    for (let round = 0; round < 3; round += 1)
      for (const region of FOUR_REGIONS) story.run(aRun, region, verifying()).wait(1_000);
    expect(story.incident).toEqual(incident);
    expect(story.state.lastGoodAtMs).toBeLessThan(incident?.ledger.firstFailedStartMs ?? 0);
  });

  it('that was of no use does not make its region abstain, nor one whose control failed', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    story.run(anInvalidRun, 'us-east', verifying());
    story.run(aFailedRun, 'us-west', { ...verifying(), control: { outcome: 'fail', durationMs: 9 } });
    expect(story.state.regions['us-east']).toMatchObject({ abstains: false, recent: 'p' });
    expect(story.state.regions['us-west']?.controlFailedAtMs).toBeUndefined();
    expect(story.bursts).toBe(0);
  });

  it('advances the order of its probe: what began before it and comes after it is late', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    story.run(aRun, 'us-east', { ...verifying(), seq: 7 });
    expect(story.state.probes['probe-us-east']).toMatchObject({ seq: 7 });
    story.run(aFailedRun, 'us-east', { seq: 6 });
    expect(story.state.regions['us-east']?.vote?.outcome).toBe('pass');
  });

  it('takes no part in what is normally slow', () => {
    const story = new Story().allPass();
    const normal = story.state.regions['us-east']?.latestMs;
    for (let pair = 1; pair <= 9; pair += 1)
      story.run(aRun, 'us-east', { ...verifying({ pair }), agoMs: 9_000 }).wait(1_000);
    expect(story.state.regions['us-east']?.latestMs).toEqual(normal);
  });

  it.each<[string, Partial<DeployRef>]>([
    ['of the baseline beside it', { side: 'baseline', apart: false }],
    ['of what everybody gets, without a selector', { apart: false }],
  ])('votes as any other if it is one %s', (_what, ref) => {
    const story = new Story()
      .allPass()
      .alive(...FOUR_REGIONS)
      .wait(10_000);
    for (let round = 0; round < 2; round += 1)
      for (const region of FOUR_REGIONS) story.run(aFailedRun, region, verifying(ref)).wait(1_000);
    expect(story.told).toEqual(['trigger portal-login:1']);
  });
});

describe('an incident soon after a deploy', () => {
  it('names it: what, how long before, and how it is taken back', () => {
    const story = brokenByDeploy();
    expect(story.pages).toMatchObject([
      {
        event: 'trigger',
        summary: 'Portal login fails in 4 of 4 regions — http 502 at “Sign in”, 12 s after Portal 4.2.1',
        deploy: {
          title: 'Portal',
          version: '4.2.1',
          previousVersion: '4.2.0',
          afterMs: 12_000,
          rollback: 'kubectl rollout undo deployment/portal',
          deployUrl: 'https://latchkey.example/operator/deploys/portal/31',
        },
      },
    ]);
    expect(story.incident?.deploy).toMatchObject({ afterMs: 12_000, deploy: { n: 31 } });
  });

  it('counts from its first failure, not from when it was sure', () => {
    const { ledger, deploy } = brokenByDeploy().incident ?? {};
    expect(deploy?.afterMs).toBe((ledger?.firstFailedStartMs ?? 0) - (deploy?.deploy.atMs ?? 0));
    expect(ledger?.decidedMs).toBeGreaterThan(ledger?.firstFailedStartMs ?? Infinity);
  });

  it('says so when only a canary has it', () => {
    const [page] = brokenByDeploy({ isCanary: true }).pages;
    expect(page?.summary).toContain('12 s after Portal 4.2.1 went to a canary');
    expect(page?.deploy).toMatchObject({ isCanary: true });
  });

  it('names the latest one before it, of whatever service, and none that came after', () => {
    const story = new Story().allPass().alive(...FOUR_REGIONS);
    deployed(story, { service: 'gateway', title: 'Gateway', n: 4 });
    deployed(story.wait(5_000)).wait(10_500);
    story.allFail();
    deployed(story, { service: 'mail', title: 'Mail', n: 9 });
    story.allFail();
    expect(story.incident?.deploy).toMatchObject({ afterMs: 10_000, deploy: { service: 'portal' } });
  });

  it('names none that was long before', () => {
    const story = deployed(new Story()).wait(BLAMED_WITHIN_MS).page();
    expect(story.pages[0]?.summary).toBe('Portal login fails in 4 of 4 regions — http 502 at “Sign in”');
    expect(story.pages[0]).not.toHaveProperty('deploy');
    expect(story.incident).not.toHaveProperty('deploy');
  });

  it('learns what becomes of it: the resolve tells, and says nothing of it in its line', () => {
    const story = brokenByDeploy();
    deployed(story, { atMs: story.incident?.deploy?.deploy.atMs ?? 0, outcome: 'bad' });
    const rolledBackAtMs = story.nowMs;
    deployed(story, {
      atMs: story.incident?.deploy?.deploy.atMs ?? 0,
      outcome: 'bad',
      rolledBackAtMs,
    });
    expect(story.pages).toHaveLength(1);
    expect(story.incident?.deploy).toMatchObject({ afterMs: 12_000, deploy: { rolledBackAtMs } });
    story.wait(1_000).passRounds(12).tick();
    expect(story.pages.at(-1)).toMatchObject({
      event: 'resolve',
      deploy: { outcome: 'bad', rolledBackAtMs },
    });
    expect(story.pages.at(-1)?.summary).toMatch(/^Portal login works again after [^,]+$/);
  });

  it('is left as it was by another deploy, and once it is over', () => {
    const story = brokenByDeploy();
    const named = story.incident?.deploy;
    deployed(story.wait(1_000), { n: 32, version: '4.2.2' });
    expect(story.incident?.deploy).toBe(named);
    story.passRounds(12).tick();
    expect(story.incident).toBeUndefined();
    deployed(story, { atMs: named?.deploy.atMs ?? 0, outcome: 'bad' });
    expect(story.state.incident?.deploy).toBe(named);
  });

  it('names a deploy that the check is told of too late', () => {
    const story = new Story().page();
    expect(story.incident?.deploy).toBeUndefined();
    deployed(story, { atMs: (story.incident?.ledger.firstFailedStartMs ?? 0) - 3_000 });
    expect(story.incident?.deploy).toMatchObject({ afterMs: 3_000 });
  });

  it('names it too when it is one of slowness', () => {
    const story = new Story(aPolicy({ regions: [...FOUR_REGIONS] }));
    for (let round = 0; round < 30; round += 1)
      for (const region of FOUR_REGIONS) story.run(aRun, region, { agoMs: 500 }).wait(7_500);
    deployed(story);
    for (let round = 0; round < 10; round += 1)
      for (const region of FOUR_REGIONS) story.run(aRun, region, { agoMs: 7_000 }).wait(7_500);
    expect(story.pages[0]).toMatchObject({ reason: 'latency', deploy: { version: '4.2.1' } });
    expect(story.pages[0]?.summary).toMatch(/^Portal login is slow in .*, .* after Portal 4\.2\.1$/);
  });

  it('names it too when a probe has paged by itself', () => {
    const story = deployed(new Story().allPass()).wait(70_000);
    story.brokeGlass();
    expect(story.incident).toMatchObject({ rule: 'break-glass', deploy: { afterMs: 10_000 } });
  });
});

describe('how a check stands', () => {
  const standing = (story: Story) => standingOf(story.policy, story.state, story.nowMs);

  it('is well without an incident, and with one that is over', () => {
    expect(standing(new Story().allPass())).toEqual({ check: 'portal-login' });
    expect(standing(new Story().page().passRounds(12).tick())).toEqual({ check: 'portal-login' });
  });

  it('is what its page says while it fails', () => {
    expect(standing(new Story().page())).toEqual({
      check: 'portal-login',
      openIncident: { seq: 1, summary: 'Portal login fails in 4 of 4 regions — http 502 at “Sign in”' },
    });
  });

  it('is not well yet while it only begins to work again', () => {
    const story = new Story().page().wait(1_000).passRounds(2);
    expect(story.nowMs).toBeGreaterThan(START_MS);
    expect(standing(story).openIncident).toMatchObject({
      seq: 1,
      summary: expect.stringMatching(/^Portal login works again since .*, too short a time to be sure$/),
    });
  });
});
