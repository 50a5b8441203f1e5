import { z } from 'zod';
import { truncate } from '../../units.ts';
import { OUTCOME_CLASSES } from '../asking/outcome.ts';

/** The assertions by their ids in the catalogue (reference: dns, section 1.3), with the name people read. */
export const ASSERTIONS = {
  A1: 'resolvability',
  A2: 'transport reachability',
  A3: 'NXDOMAIN/NODATA coherence',
  A4: 'extended DNS error',
  A5: 'cold/warm agreement',
  A6: 'resolver quorum',
  A7: 'address-family completeness',
  A8: 'answer rewriting',
  A9: 'instrument control',
  B1: 'RRset cardinality',
  B2: 'answer floor',
  B3: 'wire size',
  B4: 'uncompressed size',
  B5: 'headroom',
  B6: 'truncation',
  B7: 'TCP fallback',
  B8: 'TCP behaviour',
  B9: 'UDP size honoured',
  B10: 'EDNS compliance',
  B11: 'size with DNSSEC',
  B12: 'referral size',
  B13: 'CNAME chain length',
  B14: 'TXT and SPF size',
  B15: 'regression',
  B16: 'client profiles',
  C1: 'expected RRset',
  C2: 'rotation union',
  C3: 'allow-list contract',
  C4: 'range file health',
  C5: 'answer is usable',
  C6: 'special or duplicate address',
  C7: 'HTTPS/SVCB coherence',
  C8: 'split answers by region',
  C9: 'CAA, MX, TXT exactness',
  D1: 'SOA serial consistency',
  D2: 'NS set consistency',
  D3: 'lame delegation',
  D4: 'authoritative answer',
  D5: 'cross-server RRset equality',
  D6: 'redundancy',
  D7: 'glue',
  D8: 'open recursion',
  D9: 'instance identity',
  D10: 'source address',
  E1: 'TTL',
  E2: 'negative TTL',
  E3: 'failure caching',
  E4: 'serve-stale',
  E5: 'convergence',
  E6: 'latency',
  E7: 'RRSIG validity',
  E8: 'chain of trust',
  E9: 'validation status',
  E10: 'TTL beyond signature',
  F1: 'DoT authentication',
  F2: 'DoH semantics',
  F3: 'same answer on every transport',
  F4: 'DNS error reporting',
} as const;
export type AssertionId = keyof typeof ASSERTIONS;

/** `info` is told and changes nothing; `warn` is seen and pages nobody; `fail` and `critical` make the run fail. */
export const FINDING_SEVERITIES = ['info', 'warn', 'fail', 'critical'] as const;
export type FindingSeverity = (typeof FINDING_SEVERITIES)[number];

/** Findings kept of one run: the worst first. */
export const FINDINGS_MAX = 100;

/** Characters of what a finding is about, and of its sentence. */
export const SUBJECT_CHARS_MAX = 300;
export const SENTENCE_CHARS_MAX = 500;

/** One thing found, in a sentence a person can act on. */
export const Finding = z.strictObject({
  id: z.enum(Object.keys(ASSERTIONS) as [AssertionId, ...AssertionId[]]),
  severity: z.enum(FINDING_SEVERITIES),
  /** What it is about: a server's URL, a type, a profile's or an address's name. */
  subject: z.string().max(SUBJECT_CHARS_MAX),
  message: z.string().min(1).max(SENTENCE_CHARS_MAX),
  outcome: z.enum(OUTCOME_CLASSES).optional(),
  /** Figures by name, units last: `{ floorBytes: 674, limitBytes: 512 }`. */
  figures: z.record(z.string().max(40), z.number()).optional(),
});
export type Finding = z.infer<typeof Finding>;

/** The finding as any hub takes it: one with a text too long, or a figure that is no number, would lose the whole run. */
export function bounded(finding: Finding): Finding {
  const { figures } = finding;
  return {
    ...finding,
    subject: truncate(finding.subject, SUBJECT_CHARS_MAX),
    message: truncate(finding.message, SENTENCE_CHARS_MAX),
    ...(figures
      ? { figures: Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value))) }
      : {}),
  };
}

/** Whether it makes a run fail. */
export function isBad({ severity }: Pick<Finding, 'severity'>): boolean {
  return severity === 'fail' || severity === 'critical';
}

/**
 * What by itself keeps a name from resolving, the deeper cause first: somebody who is woken must read it before what it leads
 * to (a name that does not resolve, a truncated answer, a server that seems lame).
 */
const CAUSES = ['E8', 'E7', 'D7', 'B13', 'D2', 'D3', 'A2', 'B7'] as const;
const ORDER: readonly string[] = [...new Set([...CAUSES, ...Object.keys(ASSERTIONS)])];

/** Worst first; among equals causes before what they lead to, and else in the order of the catalogue. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  const rank = (severity: FindingSeverity) => FINDING_SEVERITIES.indexOf(severity);
  return findings.toSorted(
    (a, b) => rank(b.severity) - rank(a.severity) || ORDER.indexOf(a.id) - ORDER.indexOf(b.id),
  );
}
