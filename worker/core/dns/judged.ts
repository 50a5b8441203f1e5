import type { TargetFailure } from '../failure.ts';
import type { Run } from '../run.ts';
import { ASSERTIONS, FINDINGS_MAX, isBad, worstFirst, type Finding } from './finding.ts';

/**
 * The run with what the memory of others has found in it: a pass becomes a failure when that is bad. Where both tell of the
 * same assertion and subject, the memory knows better. A run that says nothing of the target stays so.
 */
export function withMemory(run: Run, findings: readonly Finding[]): Run {
  if (!run.dns || run.outcome === 'invalid' || findings.length === 0) return run;
  const told = new Set(findings.map(keyOf));
  const all = worstFirst([...findings, ...run.dns.findings.filter((finding) => !told.has(keyOf(finding)))]);
  const kept = all.slice(0, FINDINGS_MAX);
  const dropped = (run.dns.findingsDropped ?? 0) + all.length - kept.length;
  const judged: Run = {
    ...run,
    dns: { ...run.dns, findings: kept, ...(dropped === 0 ? {} : { findingsDropped: dropped }) },
  };
  const failure = run.outcome === 'pass' ? failureOf(worstFirst(findings)) : undefined;
  return failure ? { ...judged, outcome: 'fail', failure } : judged;
}

function keyOf({ id, subject }: Finding): string {
  return `${id} ${subject}`;
}

function failureOf(findings: readonly Finding[]): TargetFailure | undefined {
  const bad = findings.filter(isBad);
  const [worst] = bad;
  if (!worst) return undefined;
  const others = bad.length === 1 ? '' : ` (and ${bad.length - 1} more)`;
  return {
    owner: 'target',
    class: 'dns',
    message: `${worst.id} ${ASSERTIONS[worst.id]}: ${worst.subject}: ${worst.message}${others}`,
  };
}
