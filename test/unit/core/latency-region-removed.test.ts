import { expect, it } from 'vitest';
import { aPolicy, aRun, FOUR_REGIONS } from '#test/fixtures/builders.ts';
import { Story } from './story.ts';

it('an incident of being slow ends though the configuration leaves its check with one region', () => {
  const paging = { clearAfterMs: 30_000, resolveAfterMs: 60_000 };
  const story = new Story(aPolicy({}, paging));
  const rounds = (count: number, durationMs: number): void => {
    for (let round = 0; round < count; round++) {
      for (const region of story.policy.check.regions) story.run(aRun, region, { durationMs });
      story.wait(30_000).tick();
    }
  };
  rounds(16, 800);
  story.alive(...FOUR_REGIONS);
  rounds(5, 5_000);
  expect(story.told).toEqual(['trigger portal-login:1']);
  story.policy = aPolicy({ regions: ['us-east'] }, paging);
  rounds(12, 800);
  expect(story.told).toEqual(['trigger portal-login:1', 'resolve portal-login:1']);
});
