import { expect, it } from 'vitest';
import type { AskedPair } from '#core/deploy/deploy.ts';
import { tellDeploy } from '#core/deploy/telling/telling.ts';
import { aDeployPolicy, BOTH_FINE, DeployStory, SECOND } from '#test/fixtures/deploy-story.ts';

it('the largest deploy is told in a size that a pipeline can ask for each second, with its newest pairs', () => {
  const policy = aDeployPolicy({});
  const story = new DeployStory(policy, BOTH_FINE);
  story.announce({});
  story.until(20 * SECOND);
  const { verification } = story.deploy;
  const last = verification?.pairs.findLast(({ state }) => state === 'in');
  if (!verification || !last) throw new Error('no pair has come in');
  const pairs = Array.from({ length: 16_000 }, (_, index): AskedPair => ({ ...last, pair: index + 1 }));
  const told = tellDeploy(policy, { ...story.deploy, verification: { ...verification, pairs } }, story.atMs);
  expect(told.verification?.pairs.map(({ pair }) => pair).at(-1)).toBe(16_000);
  expect(JSON.stringify(told).length).toBeLessThan(512 * 1024);
});
