import type { DnsSettings } from '../../checks/dns.ts';
import { formatMs, MS_PER_SECOND } from '../../units.ts';
import type { DnsEvidence } from '../findings/evidence.ts';
import type { Finding } from '../findings/finding.ts';
import type { DnsMemory, Noted } from './memory.ts';

type Look = { region: string; nowMs: number; evidence: DnsEvidence };

/** Servers that must have been heard for a run to tell that none differs. */
const SERVERS_MIN = 2;

/**
 * Since when a region has been given different records by the zone's servers, by what it is about. A run that heard fewer than
 * two of them does not end it.
 */
export function withDiffering(
  { differing }: DnsMemory,
  { region, nowMs, evidence }: Look,
): Noted<DnsMemory['differing']> {
  const before = differing?.[region] ?? {};
  const told = differencesIn(evidence);
  const isHeard = evidence.summary.serials.length >= SERVERS_MIN;
  const kept = isHeard ? {} : before;
  const now = {
    ...kept,
    ...Object.fromEntries(told.map(({ subject }) => [subject, before[subject] ?? nowMs])),
  };
  const isNews = Object.keys({ ...before, ...now }).some((subject) => before[subject] !== now[subject]);
  const { [region]: _own, ...others } = differing ?? {};
  return { part: Object.keys(now).length === 0 ? others : { ...others, [region]: now }, isNews };
}

/** D5: records that have differed for longer than a change takes to reach all servers, which a run by itself only warns of. */
export function differingFindings(
  { limits }: DnsSettings,
  { differing }: DnsMemory,
  { region, nowMs, evidence }: Look,
): Finding[] {
  const graceMs = limits.graceS * MS_PER_SECOND;
  return differencesIn(evidence).flatMap((finding): Finding[] => {
    const sinceMs = nowMs - (differing?.[region]?.[finding.subject] ?? nowMs);
    if (sinceMs <= graceMs) return [];
    return [
      {
        ...finding,
        severity: 'fail',
        message: `${finding.message} It has been so for ${formatMs(sinceMs)}; servers may differ for ${formatMs(graceMs)}.`,
        figures: { ...finding.figures, sinceMs },
      },
    ];
  });
}

function differencesIn({ findings }: DnsEvidence): Finding[] {
  return findings.filter(({ id, severity }) => id === 'D5' && severity === 'warn');
}
