import type { DnsSettings } from '../../checks/dns.ts';
import { formatMs, MS_PER_SECOND } from '../../units.ts';
import { answersToSeeAll } from '../contract/rotation.ts';
import type { Finding } from '../findings/finding.ts';
import { listText } from '../findings/telling.ts';
import { isFresh, type DnsMemory, type Noted } from './memory.ts';
import { liveness } from './pool.ts';

/** How sure it must be that a region would have been given an address by now. */
const SURE_P = 0.99;

type Difference = { address: string; given: string[]; lacking: string[] };

/** Since when regions have been given different addresses; `undefined` when they are not, or are meant to be. */
export function withSplit(
  settings: DnsSettings,
  memory: DnsMemory,
  nowMs: number,
): Noted<DnsMemory['split']> {
  const { split } = memory;
  const differ = !settings.differsByRegion && differences(settings, memory, nowMs).length > 0;
  if (!differ) return { part: undefined, isNews: split !== undefined };
  return split ? { part: split, isNews: false } : { part: { sinceMs: nowMs }, isNews: true };
}

/**
 * C8: regions are given different addresses, for longer than a change takes to get round: past the grace, and each of these
 * regions has run twice since.
 */
export function splitFindings(settings: DnsSettings, memory: DnsMemory, nowMs: number): Finding[] {
  const { split } = memory;
  if (!split || nowMs - split.sinceMs <= settings.limits.graceS * MS_PER_SECOND) return [];
  const hasRunTwice = (id: string): boolean => (memory.regions[id]?.previousMs ?? 0) > split.sinceMs;
  const found = differences(settings, memory, nowMs).filter(({ given, lacking }) =>
    [...given, ...lacking].every(hasRunTwice),
  );
  const [first] = found;
  if (!first) return [];
  return [
    {
      id: 'C8',
      severity: 'warn',
      subject: settings.name,
      message: `Regions are given different addresses for ${formatMs(nowMs - split.sinceMs)}: ${first.address} in ${listText(first.given)}, not in ${listText(first.lacking)}${found.length > 1 ? `; ${found.length - 1} more differ` : ''}. If that is meant, set differsByRegion.`,
      figures: { addresses: found.length, sinceMs: split.sinceMs },
    },
  ];
}

/** Addresses that some regions are given and others are not, among those with answers enough to tell. */
function differences(settings: DnsSettings, memory: DnsMemory, nowMs: number): Difference[] {
  const { pool, regions } = memory;
  const live = liveness(settings, memory, nowMs);
  const given = pool.addresses.map((seen) => ({ address: seen.address, given: live(seen) }));
  const size = Math.max(
    settings.rotation?.addresses ?? 0,
    given.filter((one) => one.given.length > 0).length,
  );
  const enough = answersToSeeAll(size, pool.perAnswer, SURE_P);
  const telling = Object.entries(regions).flatMap(([id, region]) =>
    isFresh(region, nowMs) && region.answers >= enough ? [id] : [],
  );
  return given.flatMap((one) => {
    const having = telling.filter((id) => one.given.includes(id));
    const lacking = telling.filter((id) => !one.given.includes(id));
    return having.length > 0 && lacking.length > 0 ? [{ address: one.address, given: having, lacking }] : [];
  });
}
