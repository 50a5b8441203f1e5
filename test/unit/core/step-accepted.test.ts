import { describe, expect, it } from 'vitest';
import { briefing } from '#core/check-state.ts';
import { aFailedRun, aPolicy } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

describe('an acceptance', () => {
  it('by a chat is no page: nobody has been woken, and a probe that loses the hub now pages', () => {
    const story = new Story(aPolicy({ channels: ['chat', 'oncall'] })).page().accept(1, 'chat');
    expect(story.incident?.ledger.acceptedMs).toBeUndefined();
    expect(briefing(story.policy, story.state, story.nowMs).incident?.accepted).toBe(false);
    story.wait(20_000).accept(1, 'oncall');
    expect(story.incident?.ledger).toMatchObject({ acceptedBy: 'oncall', acceptedMs: story.nowMs });
    expect(briefing(story.policy, story.state, story.nowMs).incident?.accepted).toBe(true);
  });

  it('by a chat counts where there is nothing louder', () => {
    const story = new Story(aPolicy({ channels: ['chat'] })).page().accept(1, 'chat');
    expect(story.incident?.ledger.acceptedBy).toBe('chat');
  });
});

it('a probe’s own page for an incident that a window holds is resolved at the end, too', () => {
  const story = new Story().allPass().alive(...aPolicy().check.regions);
  const { nowMs } = story;
  story.policy.config.maintenance = [{ title: 'work', fromMs: nowMs, untilMs: nowMs + 60_000 }];
  story.fail();
  expect(story.incident?.held).toBe(true);
  story.brokeGlass({ seq: 1 }).run(aFailedRun, 'us-east');
  story.passRounds(14);
  expect(story.told).toEqual(['resolve portal-login:1']);
});
