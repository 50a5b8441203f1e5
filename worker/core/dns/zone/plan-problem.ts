import type { Name } from '../codec/name.ts';
import {
  ASSERTIONS,
  FINDING_SEVERITIES,
  type AssertionId,
  type FindingSeverity,
} from '../findings/finding.ts';
import type { ZonePlace } from './master-file.ts';
import { ZONE_RULES, type ZoneRule } from './zone-rules.ts';

/** What a problem is a case of: an assertion of the catalogue, or a rule for zones. */
export type RuleId = AssertionId | ZoneRule;

/** Every rule by its id, with the name people read. */
export const RULES: Readonly<Record<RuleId, string>> = { ...ASSERTIONS, ...ZONE_RULES };

/** Something to know before the zone is published, where it stands in the file. */
export type PlanProblem = ZonePlace & {
  id: RuleId;
  severity: FindingSeverity;
  /** The name it is about, and its type where it is about a set. */
  name: Name;
  type?: number | undefined;
  /** A sentence. */
  message: string;
  /** Aliases of the name that have the same problem. */
  alsoFor?: Name[] | undefined;
  /** What belongs to it, a line each. */
  details?: string[] | undefined;
  figures?: Record<string, number> | undefined;
};

/** The problem as people read it, without its details. */
export function problemText({ name, type, message, alsoFor = [] }: PlanProblem): string {
  const more = alsoFor.length > ALIASES_SHOWN ? ` and ${alsoFor.length - ALIASES_SHOWN} more` : '';
  const aliases =
    alsoFor.length === 0
      ? ''
      : ` The same for its alias ${alsoFor.slice(0, ALIASES_SHOWN).join(', ')}${more}.`;
  return `${type === undefined ? '' : `${name === '.' ? 'the root' : name} `}${message}${aliases}`;
}

/** Aliases named in one sentence. */
const ALIASES_SHOWN = 3;

/** Worst first; then zone rules, then by the catalogue, then by place. */
export function worstProblemsFirst(problems: readonly PlanProblem[]): PlanProblem[] {
  const rank = ({ severity }: PlanProblem): number => FINDING_SEVERITIES.indexOf(severity);
  const ids = [...Object.keys(ZONE_RULES), ...Object.keys(ASSERTIONS)];
  const order = ({ id }: PlanProblem): number => ids.indexOf(id);
  return problems.toSorted((a, b) => rank(b) - rank(a) || order(a) - order(b) || a.line - b.line);
}
