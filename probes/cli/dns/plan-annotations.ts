import type { FindingSeverity } from '#core/dns/findings/finding.ts';
import { problemText, RULES } from '#core/dns/zone/plan-problem.ts';
import type { Plan } from '#core/dns/zone/plan.ts';
import { workflowCommand } from '../workflow-command.ts';
import { planText, type PlanVerdict } from './plan-text.ts';

const COMMANDS = {
  critical: 'error',
  fail: 'error',
  warn: 'warning',
  info: 'notice',
} as const satisfies Record<FindingSeverity, string>;

/** Many more than GitHub shows, few enough for its log. */
const ANNOTATIONS_MAX = 100;

/**
 * A plan as workflow commands of GitHub Actions, which it shows at the lines of a pull request: ten a step, so the worst come
 * first. Behind them the text for the log.
 */
export function planAnnotations(plan: Plan, verdict: PlanVerdict, file: string): string {
  const commands = plan.problems.slice(0, ANNOTATIONS_MAX).map((problem) => {
    const { id, severity, details = [], file, line } = problem;
    const text = [problemText(problem), ...details].join('\n');
    const title = `${id}: ${RULES[id]}`;
    return workflowCommand(COMMANDS[severity], { file, line, title }, text);
  });
  // The text may hold what a zone file says: nothing in it is a command.
  const stop = 'latchkey-dns-plan-text';
  return [
    ...commands,
    `::stop-commands::${stop}`,
    planText(plan, verdict, { file, all: false }),
    `::${stop}::`,
  ].join('\n');
}
