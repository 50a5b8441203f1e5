import { typeName } from '#core/dns/codec/registry.ts';
import { isBad, type FindingSeverity } from '#core/dns/findings/finding.ts';
import { countText } from '#core/dns/findings/telling.ts';
import type { SetDifference } from '#core/dns/zone/plan-difference.ts';
import { problemText, type PlanProblem } from '#core/dns/zone/plan-problem.ts';
import type { Plan } from '#core/dns/zone/plan.ts';
import type { PlannedSet } from '#core/dns/zone/planned-set.ts';
import { firstSentence, named, roomText } from './words.ts';

/** `unknown`: a part of the file could not be read, and the rest is fine. */
export type PlanVerdict = 'fine' | 'bad' | 'unknown';

/** What is shown of each kind unless all is asked for. */
const PROBLEMS_SHOWN = 20;
const SETS_SHOWN = 5;
const DIFFERENCES_SHOWN = 10;
const DATA_SHOWN = 4;
/** Before the message of a problem: its severity and the assertion's id. */
const SEVERITY_COLUMNS = 9;

/** A plan for people: the answer first, then what is wrong, worst first, then what changes and what is fullest. */
export function planText(
  plan: Plan,
  verdict: PlanVerdict,
  { file, all }: { file: string; all: boolean },
): string {
  const { problems, differences, sets } = plan;
  // Not worth a line in the night: what is only to be known.
  const told = all ? problems : problems.filter(({ severity }) => severity !== 'info');
  const shown = all ? told : told.slice(0, PROBLEMS_SHOWN);
  const left = problems.length - shown.length;
  return [
    headline(plan, verdict, file),
    ...(shown.length > 0 ? ['', ...shown.flatMap((problem) => problemLines(problem, all))] : []),
    ...(left > 0 ? [`  … and ${left} more: --all`] : []),
    ...(differences ? ['', ...differenceLines(differences, all)] : []),
    '',
    ...fullestLines(sets, all),
  ].join('\n');
}

function headline(
  { zone, problems, sets, records, unreadLines }: Plan,
  verdict: PlanVerdict,
  file: string,
): string {
  const count = (severity: FindingSeverity, word: string): string[] => {
    const number = problems.filter(
      (problem) => problem.severity === severity && problem.id !== 'zone-text',
    ).length;
    return number > 0 ? [`${number} ${word}`] : [];
  };
  const unread = unreadLines > 0 ? [`${countText(unreadLines, 'line')} not understood`] : [];
  const counts = [
    ...count('critical', 'critical'),
    ...count('fail', 'failing'),
    ...count('warn', 'to be warned of'),
    ...unread,
  ];
  const of = `${file} (zone ${zone}, ${countText(records, 'record')}, ${countText(sets.length, 'answer')})`;
  switch (verdict) {
    case 'bad':
      return `✗ Do not publish ${of}: ${counts.join(', ')}.`;
    case 'unknown':
      return `? Cannot tell whether to publish ${of}: ${counts.join(', ')}.`;
    case 'fine':
      return `✓ Nothing bad in ${of}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}.`;
  }
}

function problemLines(problem: PlanProblem, all: boolean): string[] {
  const { severity, id, file, line, details = [] } = problem;
  const word = (id === 'zone-text' && severity === 'fail' ? 'unread' : severity).toUpperCase();
  return [
    `${word.padEnd(SEVERITY_COLUMNS)}${file}:${line}: ${problemText(problem)} [${id}]`,
    // Of a failure everybody wants to know for whom.
    ...(all || isBad(problem)
      ? details.map((detail) => `${' '.repeat(SEVERITY_COLUMNS)}- ${all ? detail : firstSentence(detail)}`)
      : []),
  ];
}

function differenceLines(differences: readonly SetDifference[], all: boolean): string[] {
  if (differences.length === 0) return ['The same as the base.'];
  const shown = all ? differences : differences.slice(0, DIFFERENCES_SHOWN);
  const left = differences.length - shown.length;
  return [
    `Against the base ${differences.length} ${differences.length === 1 ? 'set changes' : 'sets change'}:`,
    ...shown.map(({ name, type, added, removed, ttl }) => {
      const parts = [
        ...(removed.length > 0 ? [`${removed.length} removed (${someOf(removed, all)})`] : []),
        ...(added.length > 0 ? [`${added.length} added (${someOf(added, all)})`] : []),
        ...(ttl ? [`TTL ${ttl.beforeS} s → ${ttl.afterS} s`] : []),
      ];
      return `  ${named(name)} ${typeName(type)}: ${parts.join(', ')}`;
    }),
    ...(left > 0 ? [`  … and ${left} more: --all`] : []),
  ];
}

/** Those that have the least room, as a table. */
function fullestLines(sets: readonly PlannedSet[], all: boolean): string[] {
  const fullest = sets.toSorted((a, b) => b.floorBytes - a.floorBytes);
  const shown = all ? fullest : fullest.slice(0, SETS_SHOWN);
  const rows = shown.map(({ name, type, records, floorBytes, plainRoom, ednsRoom }) => [
    `${named(name)} ${typeName(type)}`,
    String(records),
    String(floorBytes),
    roomText(plainRoom, type),
    roomText(ednsRoom, type),
  ]);
  const head = ['Fullest answers', 'records', 'octets', 'room under 512', 'under 1232 with EDNS'];
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function someOf(texts: readonly string[], all: boolean): string {
  const shown = all ? texts : texts.slice(0, DATA_SHOWN);
  return `${shown.join(', ')}${texts.length > shown.length ? ', …' : ''}`;
}
