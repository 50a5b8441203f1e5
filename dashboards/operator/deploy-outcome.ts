import { DEPLOY_OUTCOMES, type DeployOutcome } from '#core/deploy/deploy.ts';

const WORDS: Record<DeployOutcome, string> = {
  good: 'good',
  bad: 'bad',
  'both-failing': 'both versions fail',
  'cannot-tell': 'cannot tell',
  blocked: 'checklist not met',
  superseded: 'superseded',
  marked: 'only marked',
};

/** What a deploy's outcome is called. A mark keeps it as text: one of another version is shown as it is. */
export function outcomeWord(outcome: string): string {
  const known = DEPLOY_OUTCOMES.find((one) => one === outcome);
  return known === undefined ? outcome : WORDS[known];
}
