import { deployPath } from '../pipeline/path.ts';
import type { ToldDeploy } from './told-deploy.ts';

/**
 * A deploy as lines for a shell without a JSON parser. The first one is a single word: the outcome, or `running`. The others are
 * `name: value`, in this order; lines are added, never renamed. What there is nothing to say of is absent.
 */
export function plainDeploy(told: ToldDeploy): string {
  const { service, n, outcome, phase, version, previousVersion, reason, rollback, healthyAgainAtMs } = told;
  const lines: [name: string, value: string | undefined][] = [
    ['deploy', deployPath(service, n)],
    ['version', version],
    ['previous-version', previousVersion],
    ['phase', phase],
    ['rollback', rollback?.state],
    ['rollback-kind', rollback?.kind],
    ['rollback-reference', rollback?.reference],
    ['healthy-again', rollback && (healthyAgainAtMs === undefined ? 'no' : 'yes')],
    ['reason', reason],
    ['page', told.operatorUrl],
  ];
  const said = lines.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value.replaceAll(/\s+/g, ' ').trim()}`],
  );
  return [outcome ?? 'running', ...said, ''].join('\n');
}
