import type { DnsSettings } from '../../checks/dns.ts';
import { formatMs } from '../../units.ts';
import { coverageBy, type Coverage } from '../contract/allow-list.ts';
import { canonicalAddress, parseAddress } from '../contract/ip.ts';
import type { DnsSummary } from '../findings/evidence.ts';
import type { Finding } from '../findings/finding.ts';
import { grouped, listText } from '../findings/telling.ts';
import { isFresh, type DnsMemory, type SeenAddress } from './memory.ts';
import { utcMinutes } from './moment.ts';
import { liveness } from './pool.ts';

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
  const given: Given[] = [];
  const removed: Finding[] = [];
  for (const seen of memory.pool.addresses) {
    const address = parseAddress(seen.address);
    const stands = address && coverage(address);
    if (!stands || stands.state === 'COVERED') continue;
    const where = live(seen);
    const isOwn = own.has(seen.address);
    const isEstablished = where.length >= regionsMin && (regionsMin > 1 || seen.firstMs < seen.lastMs);
    if (isOwn || isEstablished)
      given.push({ address: seen.address, stands, where: isOwn ? [region] : where });
    else removed.push(...removedInUse(seen, stands, where, allowList.removeNoticeMs, nowMs));
  }
  const alike = grouped(given, ({ stands }) => `${stands.state} ${'prefix' in stands ? stands.prefix : ''}`);
  return [...alike.map(({ items }) => c3(settings.name, items, allowList.noticeMs, nowMs)), ...removed];
}

type Given = { address: string; stands: Exclude<Coverage, { state: 'COVERED' }>; where: string[] };

/** Of addresses that stand alike, in one range or in none. */
function c3(name: string, given: readonly Given[], noticeMs: number, nowMs: number): Finding {
  const addresses = given.map(({ address }) => address).toSorted();
  const where = listText([...new Set(given.flatMap((one) => one.where))].toSorted());
  const [one] = addresses.length === 1 ? addresses : [];
  const are = one === undefined ? 'are' : 'is';
  const what = `${listText(addresses)} ${are}`;
  const figures = { addresses: addresses.length };
  const stands = given[0]?.stands ?? { state: 'UNLISTED' };
  switch (stands.state) {
    case 'UNLISTED':
      return {
        id: 'C3',
        severity: 'critical',
        subject: one ?? name,
        message: `${what} given in ${where} and ${are} in no range of the published file: customers’ firewalls drop ${one === undefined ? 'them' : 'it'}.`,
        figures,
      };
    case 'RETIRED':
      return {
        id: 'C3',
        severity: 'critical',
        subject: one ?? stands.prefix,
        message: `${what} still given in ${where}; the range ${stands.prefix} has been gone from the published file since ${utcMinutes(stands.removedAtMs)}.`,
        figures: { ...figures, removedAtMs: stands.removedAtMs },
      };
    case 'TOO_NEW':
      return {
        id: 'C3',
        severity: 'fail',
        subject: one ?? stands.prefix,
        message: `${what} given in ${where}; the range ${stands.prefix} has been in the published file for ${formatMs(Math.max(0, nowMs - stands.sinceMs))} only, ${formatMs(noticeMs)} were promised: covered from ${utcMinutes(stands.coveredAtMs)}.`,
        figures: { ...figures, coveredAtMs: stands.coveredAtMs, sinceMs: stands.sinceMs },
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
