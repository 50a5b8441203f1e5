import type { DnsSettings } from '../../checks/dns.ts';
import { MS_PER_MINUTE } from '../../units.ts';
import type { DnsEvidence } from '../findings/evidence.ts';
import { bounded, worstFirst, type Finding } from '../findings/finding.ts';
import { allowFindings } from './allow-findings.ts';
import { baselineFindings, withBaseline, withPresent } from './baseline.ts';
import { withConfigured } from './configured.ts';
import { differingFindings, withDiffering } from './differing.ts';
import { failureCachingFindings, withOutage } from './failure-caching.ts';
import { fileFindings, withLooks } from './file.ts';
import { emptyMemory, withRegion, type DnsMemory } from './memory.ts';
import { answersOf, withAnswers } from './pool.ts';
import { rotationFindings } from './rotation-findings.ts';
import { serialFindings, withSerials } from './serials.ts';
import { splitFindings, withSplit } from './split.ts';

/** A run as far as a memory is concerned. `nowMs`: the hub's clock, epoch ms. */
export type RememberedRun = {
  region: string;
  /** All that run the check; whoever else did once is forgotten. Those that are remembered when absent. */
  regions?: readonly string[] | undefined;
  nowMs: number;
  evidence: DnsEvidence;
};

/** `isWorthStoring`: something has changed that must not be lost, or nothing has been stored for ten minutes. */
export type Remembered = { memory: DnsMemory; findings: Finding[]; isWorthStoring: boolean };

/** What is lost with a process that ends without storing: when things were last seen, and some answers that were counted. */
const STORED_EVERY_MS = 10 * MS_PER_MINUTE;
/** Findings of the memory in one run, the worst first: a pool that has moved altogether is told by a few of it. */
const FINDINGS_MAX = 20;

/**
 * Takes a run in, and finds what only the runs before tell: C2, C3, C4 and C8, B15, D1, D5 and E5, E3 (reference: dns, section
 * 1.3). Pure; a memory of another name is begun anew.
 */
export function remember(
  settings: DnsSettings,
  stored: DnsMemory | undefined,
  run: RememberedRun,
): Remembered {
  const { region, nowMs, evidence } = run;
  const { summary } = evidence;
  const look = { region, nowMs, summary };
  const isKnown = stored?.name === settings.name;
  const known = isKnown ? stored : emptyMemory(settings.name, nowMs);
  const before = run.regions ? withConfigured(settings, known, run.regions) : known;
  const regions = withRegion(before.regions, region, answersOf(summary), nowMs);
  const outage = withOutage(before.regions[region]?.outage, summary, nowMs);
  const own = regions[region];
  if (own) regions[region] = { ...own, outage: outage.part };
  const heard = { ...before, regions };
  const pool = withAnswers(settings, heard, look);
  const pooled = { ...heard, pool: pool.part };
  const split = withSplit(settings, pooled, nowMs);
  const file = withLooks(settings, before.file, look);
  const serials = withSerials(settings, pooled, look);
  const differing = withDiffering(before, run);
  const present = withPresent(settings, before.present, run);
  const baselines = withBaseline(settings, before.baselines, run);
  const memory: DnsMemory = {
    ...pooled,
    split: split.part,
    file: file.part,
    serials: serials.part,
    differing: differing.part,
    present: present.part,
    baselines: baselines.part,
  };
  const findings = [
    ...rotationFindings(settings, memory, nowMs),
    ...allowFindings(settings, memory, look),
    ...fileFindings(settings, memory.file, look),
    ...splitFindings(settings, memory, nowMs),
    ...serialFindings(settings, before.serials, memory.serials, summary.serials, nowMs),
    ...differingFindings(settings, memory, run),
    ...failureCachingFindings(outage.part, region, nowMs),
    ...baselineFindings(settings, before.baselines, memory.baselines, region, summary.measured),
  ];
  const parts = [outage, pool, split, file, serials, differing, present, baselines];
  const isWorthStoring =
    !isKnown ||
    before !== known ||
    parts.some(({ isNews }) => isNews) ||
    // Stored in the future: the clock has been set back.
    Math.abs(nowMs - before.storedMs) >= STORED_EVERY_MS;
  return {
    memory: isWorthStoring ? { ...memory, storedMs: nowMs } : memory,
    findings: worstFirst(findings).slice(0, FINDINGS_MAX).map(bounded),
    isWorthStoring,
  };
}
