import { expect, it } from 'vitest';
import {
  decideGlass,
  EMPTY_GLASS,
  withHubLost,
  withLocalRun,
  withWord,
  type GlassDecision,
} from '#core/break-glass.ts';
import { briefing } from '#core/check-state.ts';
import { aCheck, aFailedRun, aPolicy, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

it('an outage that began in a window is paged by the probes at its end, should the hub be gone by then', () => {
  const story = new Story().allPass().alive(...FOUR_REGIONS);
  const { nowMs } = story;
  const untilMs = nowMs + 600_000;
  const maintenance = [{ title: 'work', fromMs: nowMs, untilMs }];
  story.policy.config.maintenance = maintenance;
  story.fail();
  expect(story.incident?.held).toBe(true);
  const { incident } = briefing(story.policy, story.state, story.nowMs);
  if (!incident) throw new Error('the probe is told nothing');

  const check = aCheck();
  let state = withHubLost(withWord(EMPTY_GLASS, check.id, incident), story.nowMs);
  const { outcome, failure } = aFailedRun();
  const fail = (atMs: number): void => {
    const run = { check: check.id, outcome, failure, startedAtMs: atMs - 500, endedAtMs: atMs };
    state = withLocalRun(state, run, 1_000);
  };
  const policy = { ...aPolicy().config.paging, checks: [check], maintenance };
  const at = (atMs: number): GlassDecision => decideGlass(state, policy, atMs, atMs);
  fail(untilMs - 60_000);
  fail(untilMs - 30_000);
  expect(at(untilMs - 1)).toMatchObject({ pages: [], wakeAtMs: untilMs });
  expect(at(untilMs).pages).toMatchObject([{ seq: 1 }]);
});
