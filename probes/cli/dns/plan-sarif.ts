import type { Log, ReportingDescriptor, Result } from 'sarif';
import { typeName } from '#core/dns/codec/registry.ts';
import type { FindingSeverity } from '#core/dns/findings/finding.ts';
import { problemText, RULES, type PlanProblem, type RuleId } from '#core/dns/zone/plan-problem.ts';
import type { Plan } from '#core/dns/zone/plan.ts';

const LEVELS = {
  critical: 'error',
  fail: 'error',
  warn: 'warning',
  info: 'note',
} as const satisfies Record<FindingSeverity, Result['level']>;

/** GitHub's code scanning shows so many of a run; the worst come first. */
const RESULTS_MAX = 5_000;

/** A plan as SARIF 2.1.0, the form in which code hosts take what a tool has found: a rule for each assertion it names. */
export function planSarif(plan: Plan): Log {
  const problems = plan.problems.slice(0, RESULTS_MAX);
  const ids = [...new Set(problems.map(({ id }) => id))];
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'latchkey dns plan', rules: ids.map(ruleOf) } },
        results: problems.map((problem) => resultOf(problem, ids)),
        columnKind: 'utf16CodeUnits',
      },
    ],
  };
}

function ruleOf(id: RuleId): ReportingDescriptor {
  const title = RULES[id];
  return { id, name: title, shortDescription: { text: title } };
}

function resultOf(problem: PlanProblem, ids: readonly RuleId[]): Result {
  const { id, severity, name, type, details = [], figures, file, line } = problem;
  const subject = type === undefined ? name : `${name} ${typeName(type)}`;
  return {
    ruleId: id,
    ruleIndex: ids.indexOf(id),
    level: LEVELS[severity],
    message: { text: [problemText(problem), ...details].join('\n') },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line } },
        logicalLocations: [{ fullyQualifiedName: subject }],
      },
    ],
    // The same problem stays the same when lines above it come and go.
    partialFingerprints: { 'subject/v1': `${id} ${subject}` },
    properties: { severity, ...figures },
  };
}

/** A path from the root of the repository as a URI reference; a whole one as a `file:` URI. */
function uriOf(path: string): string {
  const uri = path.split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${uri}` : uri;
}
