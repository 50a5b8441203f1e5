import type { Run } from '../../run.ts';
import { dnsFailureOf } from '../findings/dns-failure.ts';
import { FINDING_SEVERITIES, FINDINGS_MAX, isBad, worstFirst, type Finding } from '../findings/finding.ts';

/**
 * The run with what the memory of others has found in it: a pass becomes a failure when that is bad. Where both tell of the
 * same assertion and subject, the memory knows better, unless the run knows worse. A run that says nothing of the target
 * stays so.
 */
export function withMemory(run: Run, findings: readonly Finding[]): Run {
  if (!run.dns || run.outcome === 'invalid' || findings.length === 0) return run;
  const told = new Map<string, number>();
  for (const finding of findings) {
    const key = keyOf(finding);
    told.set(key, Math.max(told.get(key) ?? -1, rankOf(finding)));
  }
  const own = run.dns.findings.filter((finding) => rankOf(finding) > (told.get(keyOf(finding)) ?? -1));
  const all = worstFirst([...findings, ...own]);
  const kept = all.slice(0, FINDINGS_MAX);
  const dropped = (run.dns.findingsDropped ?? 0) + all.length - kept.length;
  const judged: Run = {
    ...run,
    dns: { ...run.dns, findings: kept, ...(dropped === 0 ? {} : { findingsDropped: dropped }) },
  };
  const failure = run.outcome === 'pass' ? dnsFailureOf(findings) : undefined;
  return failure ? { ...judged, outcome: 'fail', failure } : judged;
}

/** The memory tells of addresses that stand alike together, with those that other regions are given: under another subject. */
function keyOf(finding: Finding): string {
  const { id, subject } = finding;
  return id === 'C3' && isBad(finding) ? id : `${id} ${subject}`;
}

function rankOf({ severity }: Finding): number {
  return FINDING_SEVERITIES.indexOf(severity);
}
