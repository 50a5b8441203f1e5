import { describe, expect, it } from 'vitest';
import { aFailedRun, aRun } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const OTHERS = ['us-west', 'eu-west', 'ap-south'];

/** Rounds of 30 s in which `us-east` fails every third time and the others pass. */
function rounds(story: Story, count: number): Story {
  for (let round = 0; round < count; round++) {
    story.run(round % 3 === 0 ? aFailedRun : aRun, 'us-east');
    for (const region of OTHERS) story.run(aRun, region).wait(1_000);
    story.wait(27_000).tick();
  }
  return story;
}

describe('an incident after which one region fails now and then', () => {
  it('is over once the others have passed for the hold and five minutes more', () => {
    const story = rounds(new Story().page(), 60);
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
  });

  it('does not swallow the next outage', () => {
    const story = rounds(new Story().page(), 60);
    for (let count = 0; count < 3; count++) story.allFail();
    expect(story.told.at(-1)).toBe('trigger portal-login:2');
  });

  it('goes on while a region that failed says nothing: it may be failing still', () => {
    const story = new Story().page().alive('us-east', 'eu-west', 'ap-south');
    for (let round = 0; round < 60; round++) {
      story
        .run(round % 3 === 0 ? aFailedRun : aRun, 'us-east')
        .run(aRun, 'eu-west')
        .run(aRun, 'ap-south');
      story.wait(30_000).tick();
    }
    expect(story.told).toEqual(['trigger portal-login:1']);
  });

  it('goes on while the others have not passed for that long', () => {
    expect(rounds(new Story().page(), 19).told).toEqual(['trigger portal-login:1']);
  });
});
