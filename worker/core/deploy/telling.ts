import type { Deploy } from './deploy.ts';
import type { DeployPolicy } from './event.ts';
import type { ToldDeploy, ToldVerification } from './told-deploy.ts';

/** A deploy as pipelines and the operator's page are told of it. No selector's value is in it. */
export function tellDeploy(policy: DeployPolicy, deploy: Deploy, nowMs: number): ToldDeploy {
  throw new Error(`not told yet: ${policy.service.id} ${deploy.n} ${nowMs}`);
}

/** The deploy without its single runs: a line of a list. */
export function withoutPairs(told: ToldDeploy): ToldDeploy {
  const bare = (verification: ToldVerification | undefined): ToldVerification | undefined =>
    verification && { ...verification, pairs: [] };
  return { ...told, verification: bare(told.verification), again: bare(told.again) };
}
