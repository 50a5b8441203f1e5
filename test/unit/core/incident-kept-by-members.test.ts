import { describe, expect, it } from 'vitest';
import { aFailedRun } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const MEMBER = { check: 'crm', title: 'CRM', seq: 1, incidentUrl: 'https://latchkey.example/crm/1' };

/** Paged, with a member whose own outage goes on, and clean for ten minutes. */
function kept(): Story {
  const story = new Story().page();
  return story
    .apply({ type: 'members', nowMs: story.nowMs, seq: 1, checks: [MEMBER] })
    .passRounds(20)
    .tick();
}

describe('an incident that only the members of its page keep open', () => {
  it('does not swallow the next outage of its own check: that is a new page, and the members tell for themselves', () => {
    const story = kept();
    expect(story.told).toEqual(['trigger portal-login:1', 'update portal-login:1']);
    story.fail();
    expect(story.told.slice(2)).toEqual(['resolve portal-login:1', 'trigger portal-login:2']);
    expect(story.incident).toMatchObject({ seq: 2, status: 'open' });
  });

  it('is not ended, nor opened again, by a hiccup', () => {
    const story = kept();
    story.run(aFailedRun, 'us-east').passRounds(5);
    expect(story.told).toHaveLength(2);
    expect(story.incident).toMatchObject({ seq: 1, status: 'recovered' });
    story.apply({ type: 'members', nowMs: story.nowMs, seq: 1, checks: [] });
    expect(story.told.slice(2)).toEqual(['resolve portal-login:1']);
  });

  it('is still the same one inside its own hold', () => {
    const story = new Story().page();
    story.apply({ type: 'members', nowMs: story.nowMs, seq: 1, checks: [MEMBER] });
    story.passRounds(5).fail();
    expect(story.incident).toMatchObject({ seq: 1, status: 'open' });
    expect(story.told).toEqual(['trigger portal-login:1', 'update portal-login:1']);
  });
});
