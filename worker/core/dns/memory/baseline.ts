import type { DnsSettings } from '../../checks/dns.ts';
import { typeName } from '../codec/registry.ts';
import type { DnsEvidence, Measured } from '../findings/evidence.ts';
import type { Finding } from '../findings/finding.ts';
import { countText } from '../findings/telling.ts';
import { OPT_BYTES, PLAIN_UDP_BYTES } from '../measure/size.ts';
import { EVERYWHERE, type Baseline, type DnsMemory, type Noted, type Present } from './memory.ts';

/** Counts beyond which some clients and servers get into trouble (reference: dns, section 1.3, B1 and B15). */
const RECORD_CLIFFS = [8, 20, 100];
/** Octets of a floor: plain UDP, and what DNS Flag Day 2020 left of EDNS beside its OPT record. */
const FLOOR_CLIFFS = [PLAIN_UDP_BYTES, 1_232 - OPT_BYTES];

/** Where a run's figures are compared with others. */
function scopeOf({ differsByRegion }: DnsSettings, region: string): string {
  return differsByRegion ? region : EVERYWHERE;
}

/** The present figures after a run. That a resolver's TTL counts down is no news. */
export function withPresent(
  settings: DnsSettings,
  before: DnsMemory['present'],
  { region, nowMs, evidence }: { region: string; nowMs: number; evidence: DnsEvidence },
): Noted<DnsMemory['present']> {
  const { measured } = evidence.summary;
  if (measured.length === 0) return { part: before, isNews: false };
  const scope = scopeOf(settings, region);
  const known = before[scope]?.measured ?? [];
  const isNews = measured.some((now) => {
    const was = known.find(({ type }) => type === now.type);
    return !was || now.outcome !== was.outcome || grownOf(settings, was, now).length > 0 || isLess(now, was);
  });
  const present: Present = { atMs: nowMs, region, measured: merged(known, measured) };
  return { part: { ...before, [scope]: present }, isNews };
}

/**
 * The baselines after a run: types that have none yet take the figures of the first run that has got an answer to every type
 * that must have one.
 */
export function withBaseline(
  settings: DnsSettings,
  before: DnsMemory['baselines'],
  { region, nowMs, evidence }: { region: string; nowMs: number; evidence: DnsEvidence },
): Noted<DnsMemory['baselines']> {
  const { measured } = evidence.summary;
  const isComplete = settings.types.every((type) =>
    measured.some((one) => one.type === type && one.outcome === 'ANSWER'),
  );
  const scope = scopeOf(settings, region);
  const known = before[scope];
  const fresh = measured.filter(({ type }) => !known?.measured.some((one) => one.type === type));
  if (!isComplete || fresh.length === 0) return { part: before, isNews: false };
  const baseline: Baseline = {
    ...(known ?? { atMs: nowMs }),
    measured: [...(known?.measured ?? []), ...fresh],
  };
  return { part: { ...before, [scope]: baseline }, isNews: true };
}

/** The memory once somebody has called its present figures right; `undefined` when there are none. */
export function accepted(memory: DnsMemory, by: string, nowMs: number): DnsMemory | undefined {
  const present = Object.entries(memory.present);
  if (present.length === 0) return undefined;
  const baselines = present.map(([scope, { measured }]): [string, Baseline] => [
    scope,
    { atMs: nowMs, by, measured: merged(memory.baselines[scope]?.measured ?? [], measured) },
  ]);
  return {
    ...memory,
    storedMs: nowMs,
    baselines: { ...memory.baselines, ...Object.fromEntries(baselines) },
  };
}

/** B15: what has changed against the baseline, type by type; and which run has just become it. */
export function baselineFindings(
  settings: DnsSettings,
  before: DnsMemory['baselines'],
  after: DnsMemory['baselines'],
  region: string,
  measured: readonly Measured[],
): Finding[] {
  const scope = scopeOf(settings, region);
  return measured.flatMap((now): Finding[] => {
    const subject = typeName(now.type);
    const was = before[scope]?.measured.find(({ type }) => type === now.type);
    if (was) {
      const grown = differences(settings, was, now);
      if (grown.length === 0) return [];
      return [
        {
          id: 'B15',
          severity: 'warn',
          subject,
          message: `${subject} has changed since the accepted baseline: ${grown.join('; ')}. Accept it with latchkey dns accept, if it is meant.`,
          figures: figuresOf(now),
        },
      ];
    }
    if (!after[scope]?.measured.some(({ type }) => type === now.type)) return [];
    return [
      {
        id: 'B15',
        severity: 'info',
        subject,
        message: `The first complete run is the baseline: ${countText(now.records, 'record')}, answer floor ${now.floorBytes} octets, aliases: ${now.chain}.`,
        figures: figuresOf(now),
      },
    ];
  });
}

/** In words, what is worse than the baseline; the outcome's class also when it is better. */
export function differences(settings: DnsSettings, was: Measured, now: Measured): string[] {
  const outcome = was.outcome === now.outcome ? [] : [`${now.outcome} instead of ${was.outcome}`];
  const { growthWarn } = settings.limits;
  const ttl =
    was.minTtlS !== undefined && now.minTtlS !== undefined && hasGrown(was.minTtlS, now.minTtlS, growthWarn)
      ? [`TTL ${was.minTtlS} s → ${now.minTtlS} s`]
      : [];
  return [...outcome, ...grownOf(settings, was, now), ...ttl];
}

function grownOf({ limits }: DnsSettings, was: Measured, now: Measured): string[] {
  const compared = [
    { name: 'records', was: was.records, now: now.records, cliffs: RECORD_CLIFFS, unit: '' },
    {
      name: 'answer floor',
      was: was.floorBytes,
      now: now.floorBytes,
      cliffs: FLOOR_CLIFFS,
      unit: ' octets',
    },
    { name: 'aliases', was: was.chain, now: now.chain, cliffs: [], unit: '' },
  ];
  return compared.flatMap(({ name, was: before, now: after, cliffs, unit }) => {
    const crossed = cliffs.filter((cliff) => before <= cliff && after > cliff);
    if (crossed.length === 0 && !hasGrown(before, after, limits.growthWarn)) return [];
    const over = crossed.length === 0 ? '' : `, past ${crossed.join(' and ')}`;
    return [`${name} ${before} → ${after}${unit}${over}`];
  });
}

function hasGrown(before: number, after: number, share: number): boolean {
  return after > before && after >= before * (1 + share);
}

function isLess(now: Measured, was: Measured): boolean {
  return now.records < was.records || now.floorBytes < was.floorBytes || now.chain < was.chain;
}

function merged(known: readonly Measured[], fresh: readonly Measured[]): Measured[] {
  return [...known.filter(({ type }) => !fresh.some((one) => one.type === type)), ...fresh];
}

function figuresOf({ records, floorBytes, wireBytes, chain, minTtlS }: Measured): Record<string, number> {
  return { records, floorBytes, wireBytes, chain, ...(minTtlS === undefined ? {} : { minTtlS }) };
}
