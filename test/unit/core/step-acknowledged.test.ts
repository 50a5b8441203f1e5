import { describe, expect, it } from 'vitest';
import { Story } from './story.ts';

describe('an acknowledgement', () => {
  it('is noted with who, when and by what way', () => {
    const story = new Story().page().wait(30_000).acknowledge(1, 'Ada', 'link');
    expect(story.incident?.acknowledged).toEqual({ atMs: story.nowMs, by: 'Ada', via: 'link' });
    expect(story.incident?.ledger).toMatchObject({ acknowledgedMs: story.nowMs, acknowledgedBy: 'Ada' });
  });

  it('is the first one, whoever comes later', () => {
    const story = new Story().page().acknowledge(1, 'Ada');
    const before = story.state;
    story.wait(1_000).acknowledge(1, 'Ben', 'oncall');
    expect(story.state).toEqual(before);
  });

  it('comes too late when the incident is over', () => {
    const story = new Story().page().passRounds(12).tick().acknowledge(1, 'Ada');
    expect(story.state.incident?.acknowledged).toBeUndefined();
  });

  it('still counts while it recovers', () => {
    const story = new Story().page().passRounds(6);
    expect(story.incident?.status).toBe('recovered');
    story.acknowledge(1, 'Ada');
    expect(story.incident?.acknowledged?.by).toBe('Ada');
  });

  it('says nothing of another incident, older or unheard of', () => {
    const story = new Story().page().passRounds(12).fail();
    story.acknowledge(1, 'Ada').acknowledge(3, 'Ada');
    expect(story.incident).toMatchObject({ seq: 2 });
    expect(story.incident?.acknowledged).toBeUndefined();
  });

  it('stays when the incident fails again inside the hold, and is none of the next one', () => {
    const story = new Story().page().acknowledge(1, 'Ada').passRounds(6).fail();
    expect(story.incident).toMatchObject({ seq: 1, acknowledged: { by: 'Ada' } });
    story.passRounds(12).fail();
    expect(story.incident?.seq).toBe(2);
    expect(story.incident?.acknowledged).toBeUndefined();
  });

  it('neither ends the incident nor tells anything by itself', () => {
    const story = new Story().page();
    const { length } = story.effects;
    story.acknowledge(1, 'Ada');
    expect(story.effects).toHaveLength(length);
    expect(story.incident?.status).toBe('open');
  });
});
