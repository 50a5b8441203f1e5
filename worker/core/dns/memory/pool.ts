import type { DnsSettings } from '../../checks/dns.ts';
import { MS_PER_HOUR } from '../../units.ts';
import { canonicalAddress } from '../contract/ip.ts';
import { answersToSeeOne } from '../contract/rotation.ts';
import { ADDRESSES_MAX, type DnsSummary } from '../findings/evidence.ts';
import { isFresh, type DnsMemory, type Noted, type Pool, type SeenAddress } from './memory.ts';

/** Over which a pool is looked at when no rotation is declared: what its settings have for a default. */
const WINDOW_MS_DEFAULT = MS_PER_HOUR;
/** Steps in which answers are counted over a window. */
const COUNTS_PER_WINDOW = 12;
/**
 * An address has left a region's answers when as many have come without it as would have shown it with this probability: over
 * a hundred addresses, one in a hundred looks goes wrong, and the next answer that has it sets it right.
 */
const GONE_P = 0.9999;

export function windowOf({ rotation }: DnsSettings): number {
  return rotation?.windowMs ?? WINDOW_MS_DEFAULT;
}

/** Answers of a run that count as looks at the pool: where all came out of caches, one. */
export function answersOf({ addresses, samples }: DnsSummary): number {
  return addresses.length === 0 ? 0 : Math.max(1, samples);
}

/** The pool after a run. Addresses are forgotten once they are of no more account for any promise. */
export function withAnswers(
  settings: DnsSettings,
  memory: DnsMemory,
  { region, nowMs, summary }: { region: string; nowMs: number; summary: DnsSummary },
): Noted<Pool> {
  const { pool } = memory;
  const answers = answersOf(summary);
  if (answers === 0) return { part: pool, isNews: false };
  const windowMs = windowOf(settings);
  const count = memory.regions[region]?.answers ?? answers;
  const known = new Map(pool.addresses.map((seen) => [seen.address, seen]));
  let isNews = false;
  for (const { address: text } of summary.addresses) {
    const address = canonicalAddress(text);
    const before = known.get(address);
    isNews ||= before === undefined;
    known.set(address, {
      address,
      firstMs: before?.firstMs ?? nowMs,
      lastMs: nowMs,
      seen: { ...before?.seen, [region]: count },
    });
  }
  const keptMs = Math.max(windowMs, settings.allowList?.removeNoticeMs ?? 0);
  const part: Pool = {
    sinceMs: pool.sinceMs,
    perAnswer: Math.max(1, summary.perAnswer),
    addresses: [],
    counts: withCount(pool.counts, answers, windowMs, nowMs),
  };
  const live = liveness(settings, { ...memory, pool: { ...part, addresses: [...known.values()] } }, nowMs);
  part.addresses = [...known.values()]
    .filter((seen) => nowMs - seen.lastMs <= keptMs || live(seen).length > 0)
    .toSorted((a, b) => b.lastMs - a.lastMs)
    .slice(0, ADDRESSES_MAX);
  return { part, isNews };
}

/** Answers that have come since then. */
export function answersSince({ counts }: Pool, sinceMs: number): number {
  return counts.reduce((sum, { fromMs, answers }) => sum + (fromMs >= sinceMs ? answers : 0), 0);
}

/** Tells in which regions an address still is: there have not been enough answers without it. */
export function liveness(
  settings: DnsSettings,
  { pool, regions }: DnsMemory,
  nowMs: number,
): (seen: SeenAddress) => string[] {
  const size = Math.max(settings.rotation?.addresses ?? 0, pool.addresses.length);
  const enough = answersToSeeOne(size, pool.perAnswer, GONE_P);
  return ({ seen }) =>
    Object.entries(seen).flatMap(([id, at]) => {
      const region = regions[id];
      return region && isFresh(region, nowMs) && region.answers - at < enough ? [id] : [];
    });
}

function withCount(counts: Pool['counts'], answers: number, windowMs: number, nowMs: number): Pool['counts'] {
  const last = counts.at(-1);
  if (last && nowMs - last.fromMs < windowMs / COUNTS_PER_WINDOW)
    return [...counts.slice(0, -1), { fromMs: last.fromMs, answers: last.answers + answers }];
  return [...counts.filter(({ fromMs }) => nowMs - fromMs <= windowMs), { fromMs: nowMs, answers }];
}
