import { describe, expect, it } from 'vitest';
import type { GroupedCheck } from '#core/page.ts';
import { aPolicy, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { START_MS, Story } from './story.ts';

function member(check: string, seq = 1): GroupedCheck {
  return {
    check,
    title: `Check ${check}`,
    seq,
    incidentUrl: `https://latchkey.example/operator/checks/${check}/incidents/${seq}`,
  };
}

function withMembers(story: Story, checks: GroupedCheck[], seq = 1): Story {
  return story.apply({ type: 'members', nowMs: story.nowMs, seq, checks });
}

describe('an incident whose page speaks for others', () => {
  it('says so in an update: how many more, and which', () => {
    const story = withMembers(new Story().page(), [member('crm'), member('wiki')]);
    expect(story.told).toEqual(['trigger portal-login:1', 'update portal-login:1']);
    expect(story.pages[1]).toMatchObject({
      summary: 'Portal login and 2 more fail in 4 of 4 regions — http 502 at “Sign in”',
      checks: [member('crm'), member('wiki')],
    });
  });

  it('says more only when one joins, not when one leaves or all stay', () => {
    const story = withMembers(new Story().page(), [member('crm'), member('wiki')]);
    withMembers(story, [member('wiki'), member('crm')]);
    withMembers(story, [member('wiki')]);
    expect(story.told).toHaveLength(2);
    withMembers(story, [member('wiki'), member('mail')]);
    expect(story.told).toHaveLength(3);
  });

  it('says more when the same check has joined with another incident', () => {
    const story = withMembers(new Story().page(), [member('crm')]);
    withMembers(story, [member('crm', 2)]);
    expect(story.told).toHaveLength(3);
  });

  it('is not over before they are, and then at once', () => {
    const story = withMembers(new Story().page(), [member('crm')])
      .passRounds(20)
      .tick();
    expect(story.incident?.status).toBe('recovered');
    expect(story.told.at(-1)).toBe('update portal-login:1');
    withMembers(story, []);
    expect(story.told.at(-1)).toBe('resolve portal-login:1');
  });

  it('does not make the state wake for what only the others can end', () => {
    const story = withMembers(new Story().page(), [member('crm')])
      .passRounds(20)
      .tick();
    expect(story.wakeInMs).toBeUndefined();
  });

  it('says nothing while a window holds it', () => {
    const maintenance = [{ title: 'Move', fromMs: START_MS, untilMs: START_MS + 3_600_000 }];
    const story = withMembers(new Story(aPolicy({}, {}, { maintenance })).page(), [member('crm')]);
    expect(story.pages).toEqual([]);
    expect(story.incident?.checks).toEqual([member('crm')]);
  });

  it('is not one that is over, nor another one', () => {
    const story = new Story().page().passRounds(12).tick();
    withMembers(story, [member('crm')]);
    withMembers(story, [member('crm')], 9);
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
  });
});

describe('an incident that another page speaks for', () => {
  it('knows whose, until it is told otherwise', () => {
    const story = new Story().page();
    story.apply({ type: 'grouped', nowMs: story.nowMs, seq: 1, lead: 'crm:4' });
    expect(story.incident?.lead).toBe('crm:4');
    story.apply({ type: 'grouped', nowMs: story.nowMs, seq: 1 });
    expect(story.incident?.lead).toBeUndefined();
  });

  it('goes on, and is over, by itself', () => {
    const story = new Story().page();
    story.apply({ type: 'grouped', nowMs: story.nowMs, seq: 1, lead: 'crm:4' });
    story
      .alive(...FOUR_REGIONS)
      .passRounds(12)
      .tick();
    expect(story.told.at(-1)).toBe('resolve portal-login:1');
  });
});
