import type { DnsSettings } from '../../checks/dns.ts';
import { formatMs } from '../../units.ts';
import { coverageBy, type Coverage } from '../contract/allow-list.ts';
import { canonicalAddress, parseAddress } from '../contract/ip.ts';
import type { DnsSummary } from '../evidence.ts';
import type { Finding } from '../finding.ts';
import { listText } from '../telling.ts';
import { isFresh, type DnsMemory, type SeenAddress } from './memory.ts';
import { liveness } from './pool.ts';
import { utcMinutes } from './moment.ts';

/** Regions that must be given an address before the runs of all count it: one may be lied to. */
const REGIONS_MIN = 2;

/**
 * C3 and C4 of addresses and the published file as it was really seen. What counts: the addresses of this run, and those that
 * at least two regions still get (of answers that are meant to differ: one region, at two times), so that the other regions
 * need not wait for a rotation to show them the same.
 */
export function allowFindings(
  settings: DnsSettings,
  memory: DnsMemory,
  { region, nowMs, summary }: { region: string; nowMs: number; summary: DnsSummary },
): Finding[] {
  const { allowList } = settings;
  const set = memory.file?.set;
  if (!allowList || !set) return [];
  const coverage = coverageBy(set, allowList, nowMs);
  const live = liveness(settings, memory, nowMs);
  const own = new Set(summary.addresses.map(({ address }) => canonicalAddress(address)));
  const fresh = Object.values(memory.regions).filter((known) => isFresh(known, nowMs)).length;
  const regionsMin = settings.differsByRegion ? 1 : Math.min(REGIONS_MIN, fresh);
  return memory.pool.addresses.flatMap((seen): Finding[] => {
    const address = parseAddress(seen.address);
    if (!address) return [];
    const stands = coverage(address);
    if (stands.state === 'COVERED') return [];
    const where = live(seen);
    const isEstablished = where.length >= regionsMin && (regionsMin > 1 || seen.firstMs < seen.lastMs);
    if (own.has(seen.address) || isEstablished) {
      const whose = own.has(seen.address) ? region : listText(where);
      return [{ ...c3(stands, whose, allowList.noticeMs, nowMs), subject: seen.address }];
    }
    return removedInUse(seen, stands, where, allowList.removeNoticeMs, nowMs);
  });
}

function c3(
  stands: Exclude<Coverage, { state: 'COVERED' }>,
  where: string,
  noticeMs: number,
  nowMs: number,
): Omit<Finding, 'subject'> {
  switch (stands.state) {
    case 'UNLISTED':
      return {
        id: 'C3',
        severity: 'critical',
        message: `The address is given in ${where} and is in no range of the published file: customers’ firewalls drop it.`,
      };
    case 'RETIRED':
      return {
        id: 'C3',
        severity: 'critical',
        message: `The address is still given in ${where}; its range ${stands.prefix} has been gone from the published file since ${utcMinutes(stands.removedAtMs)}.`,
        figures: { removedAtMs: stands.removedAtMs },
      };
    case 'TOO_NEW':
      return {
        id: 'C3',
        severity: 'fail',
        message: `The address is given in ${where}; its range ${stands.prefix} has been in the published file for ${formatMs(Math.max(0, nowMs - stands.sinceMs))} only, ${formatMs(noticeMs)} were promised: covered from ${utcMinutes(stands.coveredAtMs)}.`,
        figures: { coveredAtMs: stands.coveredAtMs, sinceMs: stands.sinceMs },
      };
  }
}

/** C4: a range left the file sooner after its last use than was promised; told until that time would have been over. */
function removedInUse(
  { address, lastMs }: SeenAddress,
  stands: Coverage,
  where: readonly string[],
  removeNoticeMs: number,
  nowMs: number,
): Finding[] {
  if (stands.state !== 'RETIRED' || where.length > 0) return [];
  const { prefix, removedAtMs } = stands;
  if (removedAtMs - lastMs >= removeNoticeMs || nowMs - removedAtMs >= removeNoticeMs) return [];
  return [
    {
      id: 'C4',
      severity: 'fail',
      subject: prefix,
      message: `The range left the published file at ${utcMinutes(removedAtMs)}; ${address} in it was given until ${utcMinutes(lastMs)}, and ${formatMs(removeNoticeMs)} were promised.`,
      figures: { removedAtMs, lastUsedMs: lastMs },
    },
  ];
}
