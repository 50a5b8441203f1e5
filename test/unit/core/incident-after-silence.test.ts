import { describe, expect, it } from 'vitest';
import { aFailedRun, aPolicy } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const ONE = aPolicy({ regions: ['us-east'] });

describe('an incident that nobody was heard of for longer than its hold', () => {
  /** Paged, clean for a minute, and then silent for long enough to be over. */
  const silent = (): Story =>
    new Story(ONE).page().allFail(['us-east']).passRounds(3, ['us-east']).wait(600_000);

  it('is not over by a late run: what was said before the silence says nothing of now', () => {
    const story = silent().run(aFailedRun, 'us-east', { agoMs: 120_000 });
    expect(story.told).toEqual(['trigger portal-login:1']);
    story.run(aFailedRun, 'us-east');
    expect(story.told).toEqual(['trigger portal-login:1']);
    expect(story.incident?.status).toBe('open');
  });

  it('is over when the region passes again', () => {
    expect(silent().passRounds(2, ['us-east']).told).toEqual([
      'trigger portal-login:1',
      'resolve portal-login:1',
    ]);
  });
});
