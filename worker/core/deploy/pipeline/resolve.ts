import type { Check, Config } from '../../config.ts';
import type { Parsed, Problem } from '../../problem.ts';
import type { Announcement } from './announcement.ts';
import { checksNamed, DEPLOY_CHECKS_MAX, type Service } from '../service/service.ts';
import { addressProblem } from '../service/selector-address.ts';
import type { Selector } from '../service/selector.ts';

/** The journeys that verify an announced deploy: those it names, else the service's own. All problems at once. */
export function resolveChecks(
  config: Pick<Config, 'checks' | 'services'>,
  announcement: Pick<Announcement, 'service' | 'checks' | 'tags' | 'canary' | 'baseline'>,
): Parsed<string[]> {
  const service = config.services.find(({ id }) => id === announcement.service);
  const { checks, tags } = announcement;
  const problems: Problem[] = [];
  const journeys = config.checks.filter(({ kind }) => kind === 'journey');
  checks?.forEach((id, index) => {
    if (!journeys.some((check) => check.id === id))
      problems.push({
        path: `checks.${index}`,
        expected: `one of the journeys ${journeys.map((check) => check.id).join(', ')}`,
        received: JSON.stringify(id),
      });
  });
  tags?.forEach((tag, index) => {
    if (!journeys.some((check) => check.tags.includes(tag)))
      problems.push({
        path: `tags.${index}`,
        expected: `a tag of a journey: ${tagsOf(journeys).join(', ') || '(no journey has one)'}`,
        received: JSON.stringify(tag),
      });
  });
  if (problems.length > 0) return { ok: false, problems };
  const named =
    checks || tags
      ? checksNamed(config.checks, { checks: checks ?? [], tags: tags ?? [] })
      : (service?.checks ?? []);
  if (named.length === 0)
    problems.push({
      path: 'service',
      expected: `one that the configuration knows (${config.services.map(({ id }) => id).join(', ') || 'none'}), or checks or tags beside it`,
      received: JSON.stringify(announcement.service),
    });
  if (named.length > DEPLOY_CHECKS_MAX)
    problems.push({
      path: 'tags',
      expected: `at most ${DEPLOY_CHECKS_MAX} journeys`,
      received: String(named.length),
    });
  const own = config.checks.filter(({ id }) => named.includes(id));
  if (announcement.baseline && !announcement.canary && !service?.canary)
    problems.push({ path: 'baseline', expected: '`canary` beside it', received: announcement.baseline.kind });
  for (const [path, selector] of [
    ['canary', announcement.canary ?? service?.canary],
    ['baseline', announcement.baseline ?? service?.baseline],
  ] as const)
    problems.push(...(selector ? unreachable(path, selector, own, service) : []));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: named };
}

/**
 * Journeys that a selector cannot bring anywhere: it would replace, or set a cookie for, an address they do not have, or lead
 * them to strangers.
 */
function unreachable(
  path: string,
  selector: Selector,
  checks: readonly Check[],
  service: Service | undefined,
): Problem[] {
  return checks.flatMap((check): Problem[] => {
    const vars = check.kind === 'journey' ? check.vars : {};
    if (selector.kind === 'url' && !Object.hasOwn(vars, selector.var))
      return [
        {
          path: `${path}.var`,
          expected: `one of the vars of ${check.id} (${Object.keys(vars).join(', ') || 'none'})`,
          received: JSON.stringify(selector.var),
        },
      ];
    if (selector.kind === 'url') {
      const problem = addressProblem(selector, vars[selector.var], service);
      return problem ? [{ path: `${path}.url`, ...problem }] : [];
    }
    if (selector.kind === 'cookie' && addressesOf(vars).length === 0)
      return [
        {
          path,
          expected: `an address among the vars of ${check.id}, to set a cookie for`,
          received: Object.keys(vars).join(', ') || 'none',
        },
      ];
    return [];
  });
}

/** The values of a check's `vars` that are addresses: a cookie is set for the host of each. */
export function addressesOf(vars: Readonly<Record<string, string>>): string[] {
  return Object.values(vars).filter((value) => /^https?:\/\/[^/?#\s]+/i.test(value));
}

function tagsOf(checks: readonly Check[]): string[] {
  return [...new Set(checks.flatMap(({ tags }) => tags))];
}
