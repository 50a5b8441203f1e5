import { describe, expect, it } from 'vitest';
import { aFailedRun, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

const OTHERS = ['us-west', 'eu-west', 'ap-south'];

/** Rounds of 30 s in which `us-east` goes on failing and the others do as told. */
function rounds(story: Story, count: number, others = aRun): Story {
  for (let round = 0; round < count; round++) {
    story.run(aFailedRun, 'us-east');
    for (const region of OTHERS) story.run(others, region).wait(1_000);
    story.wait(27_000).tick();
  }
  return story;
}

describe('an incident of which one region alone goes on failing', () => {
  it('does not stay open for ever: the region is told of after five minutes, and left out', () => {
    const story = rounds(new Story().page(), 9);
    expect(story.notices).toEqual([]);
    rounds(story, 3);
    expect(story.notices).toMatchObject([{ reason: 'one-region', severity: 'warning' }]);
    rounds(story, 12);
    expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
  });

  it('does not swallow the next outage', () => {
    const story = rounds(new Story().page(), 240);
    story.allFail(OTHERS).allFail(OTHERS);
    expect(story.told).toEqual([
      'trigger portal-login:1',
      'resolve portal-login:1',
      'trigger portal-login:2',
    ]);
  });

  it('asks to be woken for the notice at its very moment', () => {
    const story = rounds(new Story().page(), 9);
    const inMs = story.wakeInMs ?? 0;
    expect(story.wait(inMs - 1).tick().notices).toEqual([]);
    expect(story.wait(1).tick().notices).toHaveLength(1);
  });

  it('goes on while a second region fails, or nobody else can say', () => {
    const two = new Story().page();
    for (let round = 0; round < 30; round++)
      two.allFail(['us-east', 'us-west']).allPass(['eu-west', 'ap-south']).wait(26_000).tick();
    expect(two.told).toEqual(['trigger portal-login:1']);
    const lone = new Story().page().alive('us-east');
    for (let round = 0; round < 30; round++) lone.run(aFailedRun, 'us-east').wait(30_000).tick();
    expect(lone.pages.map(({ event }) => event)).toEqual(['trigger']);
    expect(FOUR_REGIONS).toContain('us-east');
  });
});
